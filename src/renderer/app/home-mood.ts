import type { Authenticator } from '../../contract/http/shapes.ts';
import type { AppState } from '../../contract/ipc.ts';

/** 'waiting': a request wants an answer. 'care': something wants the person's care. 'well': nothing does. */
export type HomeMood = 'waiting' | 'care' | 'well';

/** What Home says in its heading. "All is well" only when nothing waits. */
export function homeMood(state: AppState, keys: readonly Authenticator[]): HomeMood {
  if (state.challenges.length > 0) return 'waiting';
  const connected = state.connection === 'online';
  const keyHurt = state.tokens.some((token) => token.pin.state === 'blocked' || token.pin.state === 'must-change');
  const stopped = keys.some((key) => key.state === 'suspended');
  const well = state.keychain === 'ready' && connected && state.fault === null && keys.length > 0 && !keyHurt && !stopped;
  return well ? 'well' : 'care';
}
