/** The form of a code: which HMAC, how many digits. */
import type { CodeAlgorithm } from '../contract/http/shapes.ts';

export type Digits = 6 | 8;

export interface Form {
  readonly algorithm: CodeAlgorithm;
  readonly digits: Digits;
}

/** Bounds of a time step, seconds: what the contract allows. */
export const SHORTEST_PERIOD = 15;
export const LONGEST_PERIOD = 120;
