/** Looks for a history that breaks a promise, and shrinks it. */
import fc from 'fast-check';
import type { Moment } from './acts.ts';
import type { Fault } from './faults.ts';
import { histories } from './histories.ts';
import { runHistory } from './history.ts';
import { skipTo } from './verdict.ts';
import { openWorld } from './world.ts';

/** Histories in one world: it stays small, however many there are. */
const MOST_IN_WORLD = 2_000;

export interface Exploration {
  readonly histories: number;
  readonly acts: number;
  readonly seed: number;
  /** Null: every history kept its promises. */
  readonly violation: { readonly what: string; readonly history: readonly Moment[] } | null;
}

export async function explore(options: {
  readonly histories: number;
  readonly seed?: number;
  readonly fault?: Fault;
  /** Whether the history that breaks a promise is made as short as it goes. */
  readonly shrink?: boolean;
  readonly onProgress?: (done: number) => void;
}): Promise<Exploration> {
  let world = await openWorld(options.fault ?? null);
  const seed = options.seed ?? (Math.random() * 0x7fffffff) | 0;
  let [row, done, acts] = [1, 0, 0];
  try {
    const property = fc.asyncProperty(histories, async (moments) => {
      try {
        row = await runHistory(world, moments, row);
      } catch (error) {
        // The next one begins behind what this one has left.
        row = await skipTo(world, row);
        throw error;
      }
      done += 1;
      if (done % MOST_IN_WORLD === 0) {
        await world.close();
        world = await openWorld(options.fault ?? null);
        row = 1;
      }
      acts += moments.reduce((sum, moment) => sum + moment.length, 0);
      if (done % 500 === 0) options.onProgress?.(done);
    });
    const result = await fc.check(property, { numRuns: options.histories, seed, endOnFailure: options.shrink === false });
    const [history = []] = result.counterexample ?? [];
    const error = result.errorInstance;
    const what = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
    return { histories: done, acts, seed, violation: result.failed ? { what, history } : null };
  } finally {
    await world.close();
  }
}
