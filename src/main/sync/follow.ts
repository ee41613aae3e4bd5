/** Keeps one connection going: round after round, with growing waits between, at once where there is reason to hope. */

export interface Follower {
  /**
   * Does not wait any longer, and does not trust the connection that stands. The waits begin small again: a network that
   * has just come back may need a moment until it carries anything.
   */
  hurry(): void;
  stop(): void;
}

export interface FollowOptions {
  /** One connection, from the greeting to its end. `standing` is to be called once it works. */
  readonly round: (signal: AbortSignal, standing: () => void) => Promise<void>;
  /** Judges a round that failed; false ends it all. `wait` is what comes next, milliseconds. */
  readonly onFailed: (error: unknown, wait: number) => Promise<boolean>;
  readonly random: () => number;
}

const FIRST_WAIT = 500;
const LONGEST_WAIT = 30_000;

export function follow({ round, onFailed, random }: FollowOptions): Follower {
  const all = new AbortController();
  let wait = FIRST_WAIT;
  let interrupt: () => void = () => undefined;

  const pause = (milliseconds: number) =>
    new Promise<void>((resolve) => {
      const timer = setTimeout(end, milliseconds);
      function end() {
        clearTimeout(timer);
        resolve();
      }
      interrupt = end;
    });

  const run = async () => {
    while (!all.signal.aborted) {
      const own = new AbortController();
      let hurried = false;
      interrupt = () => {
        hurried = true;
        own.abort();
      };
      try {
        await round(own.signal, () => {
          wait = FIRST_WAIT;
        });
      } catch (error) {
        if (!own.signal.aborted && !(await onFailed(error, wait))) return;
      } finally {
        own.abort();
      }
      if (all.signal.aborted) return;
      if (hurried) continue;
      const now = wait;
      wait = Math.min(wait * 2, LONGEST_WAIT);
      // Half of the wait is chance: a fleet must not come back in one stroke after a restart of the backend.
      await pause(now / 2 + (random() * now) / 2);
    }
  };
  void run();

  return {
    hurry() {
      wait = FIRST_WAIT;
      interrupt();
    },
    stop() {
      all.abort();
      interrupt();
    },
  };
}
