import type { Authenticator } from '../../contract/http/shapes.ts';
import type { AppState } from '../../contract/ipc.ts';
import { isWorkingWay } from '../ui/working-ways.ts';

/** 'waiting': a request wants an answer. 'care': something wants the person's care. 'well': nothing does. */
export type HomeMood = 'waiting' | 'care' | 'well';

/** What Home says in its heading. "All is well" only when nothing waits. */
export function homeMood(state: AppState, ways: readonly Authenticator[]): HomeMood {
  if (state.challenges.length > 0) return 'waiting';
  const connected = state.connection === 'online';
  const keyHurt = state.tokens.some((token) => token.pin.state === 'blocked' || token.pin.state === 'must-change');
  const stopped = ways.some((way) => way.state === 'suspended') || state.policy?.approvalsStopped === true;
  const gone = state.codes.some((code) => code.state === 'gone');
  const quiet = state.waitingChanges === 0 && state.notices.length === 0 && state.fault === null;
  const well =
    state.keychain === 'ready' &&
    connected &&
    quiet &&
    ways.some((way) => isWorkingWay(way, state.policy?.approvals ?? false)) &&
    !keyHurt &&
    !stopped &&
    !gone;
  return well ? 'well' : 'care';
}
