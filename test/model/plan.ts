import { DoorstepError, failure, type Outcome } from '../../src/contract/errors.ts';

/** What the model says of an act before it happens, and what it makes of the answer. */
export interface Plan {
  run(): Promise<unknown>;
  /** `alone`: nothing else happened at the same moment, so that what the model promises must come. */
  settle(outcome: Outcome<unknown>, alone: boolean): void;
  /** Where it happened, the wrong spare codes of the same moment may count on another sheet, or not any more. */
  readonly movesSheet?: boolean;
  /** Whether a code was typed, so that the sources of codes have counted it. */
  readonly typesCode?: boolean;
}

export const BROWSER = { source: '10.0.0.1' };
export const DESK = { source: '10.0.0.2' };

export const pick = <T>(all: readonly T[], index: number): T | null => all[index % Math.max(1, all.length)] ?? null;
/** 0 is the last one: the interesting request is mostly the one that was made last. */
export const pickLast = <T>(all: readonly T[], index: number): T | null => all[all.length - 1 - (index % Math.max(1, all.length))] ?? null;

export async function attempt(run: () => Promise<unknown>): Promise<Outcome<unknown>> {
  try {
    return { ok: true, value: await run() };
  } catch (error) {
    if (error instanceof DoorstepError) return failure(error);
    throw error;
  }
}
