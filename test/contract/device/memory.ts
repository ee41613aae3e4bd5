import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as (options?: { type: 'minor' }) => void;

/** Bytes. When garbage is collected is up to the engine, so above this growth it is collected before what is in use is read. */
const GARBAGE = 8 * 1024 * 1024;

/** Bytes. */
export interface Spent {
  /** The most that the heap and the buffers outside of it grew at any turn; garbage counts up to `GARBAGE`. */
  readonly peak: number;
  /** What the process takes of the machine grew by so much. */
  readonly resident: number;
}

/** Runs `work` and reads the memory at every turn of the event loop until it has ended. */
export async function spending<T>(work: () => Promise<T>): Promise<{ readonly value: T; readonly spent: Spent }> {
  // So that what is collected meanwhile is what has come meanwhile.
  collect({ type: 'minor' });
  const before = inUse();
  const residentBefore = process.memoryUsage.rss();
  let peak = before;
  const read = () => (inUse() - before > GARBAGE ? held() : inUse());
  let next: NodeJS.Immediate | undefined;
  const look = () => {
    peak = Math.max(peak, read());
    next = setImmediate(look);
  };
  look();
  try {
    const value = await work();
    peak = Math.max(peak, read());
    return { value, spent: { peak: peak - before, resident: Math.max(0, process.memoryUsage.rss() - residentBefore) } };
  } finally {
    clearImmediate(next);
  }
}

/** Bytes that are in use when everything that can be let go of is gone. */
export function held(): number {
  collect();
  return inUse();
}

function inUse(): number {
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

/** The worst of many cases, by what was measured. */
export class Worst<K extends string> {
  readonly #worst = new Map<K, { readonly bytes: number; readonly where: string }>();

  take(measure: K, bytes: number, where: string): void {
    const before = this.#worst.get(measure);
    if (before === undefined || bytes > before.bytes) this.#worst.set(measure, { bytes, where });
  }

  /** For `console.table`. */
  table(): Record<string, { KiB: number; where: string }> {
    return Object.fromEntries([...this.#worst].map(([measure, { bytes, where }]) => [measure, { KiB: Math.round(bytes / 1024), where }]));
  }
}
