/** The one AppState: replaced whole at each change, never mutated, handed to every listener. */
import type { AppState } from '../../contract/ipc.ts';

export interface StateStore {
  get(): AppState;
  /** Replaces the state by one with these members changed; listeners hear of it once a turn of the event loop. */
  change(members: Partial<AppState>): void;
  /** Tells listeners now of what they have not heard yet. */
  flush(): void;
  /** Returns the unsubscribe. */
  subscribe(listener: (state: AppState) => void): () => void;
}

/** The state before anything is known. */
export function firstState(version: string, server: string, practiceAvailable: boolean): AppState {
  return {
    version,
    server,
    keychain: 'checking',
    pairing: { state: 'unknown' },
    connection: 'connecting',
    clockSkew: null,
    tokens: [],
    recognized: {},
    authenticators: [],
    checkedAt: null,
    challenges: [],
    review: null,
    policy: null,
    waitingChanges: 0,
    removal: null,
    codes: [],
    removedCode: null,
    exportGuard: 'none',
    settings: { startAtLogin: null },
    notices: [],
    prompt: null,
    practiceKey: { available: practiceAvailable, pluggedIn: false, wantsTouch: false },
    fault: null,
  };
}

/** A store that begins with `initial`. Changes of one turn are told together, so that a burst costs one push. */
export function createStateStore(initial: AppState): StateStore {
  let state = initial;
  let telling = false;
  const listeners = new Set<(state: AppState) => void>();
  const tell = () => {
    if (!telling) return;
    telling = false;
    for (const listener of [...listeners]) listener(state);
  };
  return {
    get: () => state,
    change(members) {
      state = { ...state, ...members };
      if (telling) return;
      telling = true;
      setImmediate(tell);
    },
    flush: tell,
    subscribe(listener) {
      listeners.add(listener);
      return () => {
        listeners.delete(listener);
      };
    },
  };
}
