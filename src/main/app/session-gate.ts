/** Holds requests back while the screen is locked: then nothing of them is in the state, so nothing can show it. */
import type { WaitingChallenge } from '../../contract/http/shapes.ts';

export interface SessionGate {
  set(challenges: readonly WaitingChallenge[]): void;
  lock(locked: boolean): void;
}

/** `show` hears what may be seen; `onHold` comes before a lock takes it away. */
export function createSessionGate(show: (challenges: readonly WaitingChallenge[]) => void, onHold: () => void): SessionGate {
  let waiting: readonly WaitingChallenge[] = [];
  // Nobody has been asked yet.
  let locked = true;
  return {
    set(challenges) {
      waiting = challenges;
      if (!locked) show(waiting);
    },
    lock(isLocked) {
      if (locked === isLocked) return;
      locked = isLocked;
      if (locked) onHold();
      show(locked ? [] : waiting);
    },
  };
}
