/** What the windows say of the backend: its latest snapshot, with what was changed here and waits, and how the connection is. */
import type { ErrorCode } from '../../contract/errors.ts';
import type { EndedChallenge, WaitingChallenge } from '../../contract/http/shapes.ts';
import type { AppState } from '../../contract/ipc.ts';
import type { StateStore } from '../app/state-store.ts';
import { saysHeld } from './backend-word.ts';
import { type ChangeQueue, withChanges } from './changes.ts';
import type { Snapshot } from './last-known.ts';
import type { Pairing } from './pairing.ts';

export interface Shown {
  /** The latest snapshot; null where none is known of this pairing. */
  latest(): Snapshot | null;
  show(snapshot: Snapshot): void;
  /** What waits, or what was refused, is not what it was. */
  showChanges(): void;
  /** Connecting, with this pairing; of what `known` says, where there is such a thing, and else of nothing. */
  begin(pairing: Pairing, known: Snapshot | null): void;
  connection(how: AppState['connection']): void;
  /** This computer may do nothing, until `goOn`. */
  held(code: ErrorCode): void;
  goOn(): void;
  /** Nothing of the backend is known any more. `more`: what the windows say from now on. */
  clear(more: Partial<AppState>): void;
}

export interface ShownOptions {
  readonly store: StateStore;
  readonly queue: ChangeQueue;
  /** Hears what waits: whether it may be shown is not for this room to say. */
  readonly onChallenges: (challenges: readonly WaitingChallenge[]) => void;
  /** Hears how requests ended a short while ago, before it hears that they do not wait any more. */
  readonly onEnded: (ended: readonly EndedChallenge[]) => void;
}

export function createShown({ store, queue, onChallenges, onEnded }: ShownOptions): Shown {
  let latest: Snapshot | null = null;

  const view = (): Pick<AppState, 'authenticators' | 'waitingChanges' | 'notices'> => ({
    authenticators: withChanges(latest?.authenticators ?? [], queue.waiting()),
    waitingChanges: queue.waiting().length,
    notices: [
      ...store.get().notices.filter((notice) => notice.kind !== 'change-refused'),
      ...queue.refusals().map(({ key, code, about }) => ({ id: key, kind: 'change-refused' as const, code, about })),
    ],
  });

  const show = (snapshot: Snapshot) => {
    latest = snapshot;
    const { deviceId, person, organization, policy, serverTime } = snapshot;
    store.change({ ...view(), pairing: { state: 'paired', deviceId, person, organization }, policy, checkedAt: serverTime });
    onEnded(snapshot.ended ?? []);
    onChallenges(snapshot.challenges);
  };

  const goOn = () => {
    const { fault } = store.get();
    if (fault !== null && saysHeld(fault.code)) store.change({ fault: null });
  };

  return {
    latest: () => latest,
    show,
    showChanges: () => store.change(view()),
    begin({ server, device: { deviceId, person, organization } }, known) {
      store.change({
        server,
        connection: 'connecting',
        removal: null,
        pairing: { state: 'paired', deviceId, person, organization },
      });
      if (known !== null) show(known);
      else latest = null;
    },
    connection: (connection) => store.change({ connection }),
    held: (code) => store.change({ connection: 'offline', fault: { code, detail: {} } }),
    goOn,
    clear(more) {
      latest = null;
      goOn();
      store.change({ ...view(), checkedAt: null, policy: null, ...more });
      onChallenges([]);
    },
  };
}
