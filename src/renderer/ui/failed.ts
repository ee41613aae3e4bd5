import type { ErrorCode, ErrorDetail } from '../../contract/errors.ts';

/** The bad half of an `Outcome`, as the screens keep it. */
export interface Failed {
  readonly code: ErrorCode;
  readonly detail: ErrorDetail;
}
