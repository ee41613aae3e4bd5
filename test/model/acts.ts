/** What can happen in a history, as plain data: `histories.ts` makes it, `fast-check` shrinks and prints it. */

/** Members that choose somebody or something count from 0 and wrap around whatever is there. */
export type Act =
  | { readonly act: 'service-asks'; readonly wantsKey: boolean }
  | { readonly act: 'service-cancels'; readonly challenge: number }
  | { readonly act: 'sign-in' }
  | { readonly act: 'sign-out'; readonly session: number }
  | { readonly act: 'begin'; readonly session: number; readonly forService: boolean }
  | { readonly act: 'cancel'; readonly session: number; readonly challenge: number }
  | { readonly act: 'finish'; readonly session: number; readonly challenge: number }
  | {
      readonly act: 'decide';
      readonly desktop: number;
      readonly holder: number;
      readonly challenge: number;
      readonly decision: 'approve' | 'deny' | 'not-me';
      /** Which number is typed: the one that is shown now, one that was shown before, or none that ever was. */
      readonly number: 'shown' | 'old' | 'wrong';
      /** What in the statement does not fit. */
      readonly twist: 'none' | 'service' | 'person' | 'device' | 'challenge' | 'late';
    }
  | {
      readonly act: 'type-code';
      /** At the sign-in page, for a service's request there, or straight to the service. */
      readonly where: 'page' | 'page-for-service' | 'service';
      readonly session: number;
      readonly source: number;
      /** Which code: so many positions beyond the one that is due; null: none that ever was. */
      readonly ahead: number | null;
    }
  | { readonly act: 'replay'; readonly request: number }
  | { readonly act: 'greet'; readonly desktop: number; readonly holder: number; readonly keeps: boolean }
  | { readonly act: 'copy-key'; readonly desktop: number }
  | { readonly act: 'remove'; readonly what: 'desktop' | 'source' | 'sheet'; readonly index: number }
  | { readonly act: 'make-sheet' }
  | {
      readonly act: 'type-spare-code';
      readonly session: number;
      readonly forService: boolean;
      /** 0 is the last one that was made. */
      readonly sheet: number;
      /** Null: none that ever was. */
      readonly code: number | null;
    }
  /** 0 is the browser. */
  | { readonly act: 'begin-enrollment'; readonly place: number; readonly kind: 'totp' | 'hotp' }
  | { readonly act: 'prove'; readonly enrollment: number; readonly elsewhere: boolean; readonly ahead: number | null }
  | { readonly act: 'send-changes'; readonly desktop: number; readonly holder: number; readonly changes: readonly Change[] }
  | { readonly act: 'resume' }
  | { readonly act: 'close-account' }
  | { readonly act: 'wait'; readonly milliseconds: number }
  | { readonly act: 'keep-house' };

export interface Change {
  /** The one that was sent so many before, again; null: a new one. */
  readonly again: number | null;
  readonly what: 'rename' | 'prefer' | 'remove';
  readonly target: number;
  /** So long ago it was made; below zero by a clock that is ahead. */
  readonly age: number;
}

/** One act, or some at the same moment. */
export type Moment = readonly Act[];
