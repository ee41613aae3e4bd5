import type { Clock } from './clock.ts';

/** How the human at the token behaves. */
export type TouchScript =
  | { readonly kind: 'automatic' }
  | { readonly kind: 'after'; readonly ms: number }
  | { readonly kind: 'never' }
  | { readonly kind: 'by-hand' };

/** How a wait for the human ended. */
export type TouchOutcome = 'touched' | 'timeout' | 'canceled';

/** CTAP1 keeps a touch for this long (FIDO U2F: the human touches between two polls). */
const U2F_TOUCH_KEPT_MS = 10_000;

/** The button of the token. */
export class Presence {
  script: TouchScript;
  readonly #clock: Clock;
  readonly #listeners = new Set<() => void>();
  #waiting: ((outcome: TouchOutcome) => void) | null = null;
  #u2f: { until: number; touched: boolean } | null = null;
  #stopU2f: () => void = () => {};

  constructor(clock: Clock, script: TouchScript) {
    this.#clock = clock;
    this.script = script;
  }

  /** Whether the light blinks. */
  get wanted(): boolean {
    return this.#waiting !== null || (this.#u2f !== null && !this.#u2f.touched);
  }

  /** Waits for one touch. `timeoutMs` is in milliseconds. */
  wait(signal: AbortSignal, timeoutMs: number): Promise<TouchOutcome> {
    if (signal.aborted) return Promise.resolve('canceled');
    if (this.script.kind === 'automatic') return Promise.resolve('touched');
    return new Promise((resolve) => {
      const stops: (() => void)[] = [];
      const end = (outcome: TouchOutcome): void => {
        for (const stop of stops) stop();
        this.#waiting = null;
        this.#changed();
        resolve(outcome);
      };
      const onAbort = (): void => end('canceled');
      signal.addEventListener('abort', onAbort, { once: true });
      stops.push(() => signal.removeEventListener('abort', onAbort));
      stops.push(this.#clock.after(timeoutMs, () => end('timeout')));
      if (this.script.kind === 'after') stops.push(this.#clock.after(this.script.ms, () => end('touched')));
      this.#waiting = end;
      this.#changed();
    });
  }

  /** Touches the token. False where nothing asked for it. */
  touch(): boolean {
    if (this.#waiting !== null) {
      this.#waiting('touched');
      return true;
    }
    if (this.#u2f !== null && !this.#u2f.touched) {
      this.#u2f.touched = true;
      this.#u2f.until = this.#clock.now() + U2F_TOUCH_KEPT_MS;
      this.#changed();
      return true;
    }
    return false;
  }

  /** One CTAP1 poll: takes a touch that has happened, or starts to blink and says no. */
  pollU2f(): boolean {
    if (this.script.kind === 'automatic') return true;
    const now = this.#clock.now();
    if (this.#u2f?.touched === true && now <= this.#u2f.until) {
      this.forget();
      return true;
    }
    const fresh = this.#u2f === null || this.#u2f.touched;
    this.#u2f = { until: now + U2F_TOUCH_KEPT_MS, touched: false };
    if (fresh) {
      const stops: (() => void)[] = [];
      if (this.script.kind === 'after') stops.push(this.#clock.after(this.script.ms, () => this.touch()));
      this.#stopU2f = () => {
        for (const stop of stops) stop();
      };
      this.#changed();
    }
    return false;
  }

  /** Ends any wait, as a loss of power does. */
  forget(): void {
    this.#stopU2f();
    this.#stopU2f = () => {};
    const had = this.#u2f !== null;
    this.#u2f = null;
    if (had) this.#changed();
  }

  /** Called at each change of `wanted`; returns the unsubscribe. */
  subscribe(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => {
      this.#listeners.delete(listener);
    };
  }

  #changed(): void {
    for (const listener of this.#listeners) listener();
  }
}
