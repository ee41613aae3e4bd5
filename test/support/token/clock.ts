/** Time as the token sees it, injected so that a test may own it. */
export interface Clock {
  /** Milliseconds, monotonic. */
  now(): number;
  /** Runs `action` once after `ms` milliseconds; returns the way to stop it. */
  after(ms: number, action: () => void): () => void;
}

export const realClock: Clock = {
  now: () => performance.now(),
  after(ms, action) {
    const timer = setTimeout(action, ms);
    return () => clearTimeout(timer);
  },
};
