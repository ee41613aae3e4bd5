import type { Clock } from '../../../../src/device/clock.ts';

interface Timer {
  readonly at: number;
  readonly run: () => void;
}

/** Time that passes only when the test says so. */
export class ManualClock implements Clock {
  #now = 0;
  readonly #timers = new Set<Timer>();

  now(): number {
    return this.#now;
  }

  after(ms: number, run: () => void): () => void {
    const timer = { at: this.#now + ms, run };
    this.#timers.add(timer);
    return () => void this.#timers.delete(timer);
  }

  get pending(): number {
    return this.#timers.size;
  }

  /** Lets `ms` pass, timer by timer, and what they set off between them. */
  async advance(ms: number): Promise<void> {
    const end = this.#now + ms;
    await settle();
    while (await this.#next(end)) await settle();
    this.#now = end;
    await settle();
  }

  /** Lets time pass from timer to timer until `promise` settles; fails when that takes more than `mostMs`. */
  async run<T>(promise: Promise<T>, mostMs: number): Promise<T> {
    let settled = false;
    const done = () => {
      settled = true;
    };
    promise.then(done, done);
    const end = this.#now + mostMs;
    // Where no timer is set, something may still be under way outside of this clock: a socket, a hash.
    for (let idle = 0; idle < 50; idle++) {
      await settle();
      if (settled) return promise;
      if (await this.#next(end)) idle = 0;
    }
    throw new Error(`not settled after ${mostMs} ms of its own time`);
  }

  async #next(end: number): Promise<boolean> {
    let next: Timer | null = null;
    for (const timer of this.#timers) if (timer.at <= end && (next === null || timer.at < next.at)) next = timer;
    if (next === null) return false;
    this.#timers.delete(next);
    this.#now = Math.max(this.#now, next.at);
    next.run();
    return true;
  }
}

/** Lets everything that is ready run: promises and immediates, a few turns of them. */
export async function settle(): Promise<void> {
  for (let turn = 0; turn < 4; turn++) await new Promise((resolve) => setImmediate(resolve));
}
