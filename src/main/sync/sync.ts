/**
 * Keeps the app in step with its backend: which one this computer is paired with, what the person asks of it, and that
 * everything is forgotten when the backend says that this computer was removed.
 */
import { assertNever, DoorstepError, type ErrorCode } from '../../contract/errors.ts';
import type { ApprovalStatement, Decision } from '../../contract/http/approvals.ts';
import { PairedDevice, type WaitingChallenge } from '../../contract/http/shapes.ts';
import type { RemovalWipe } from '../../contract/http/sync.ts';
import type { AppState, KeychainState } from '../../contract/ipc.ts';
import type { Parsed, Schema } from '../../contract/parse.ts';
import { saysEnd, saysHeld } from './backend-word.ts';
import type { WhatChanged } from './changes.ts';
import { type Call, createBackendClient, type Fetch } from './client.ts';
import { type Connection, type Equipment, openConnection } from './connection.ts';
import { createDeviceKey } from './device-key.ts';
import type { Removal, Snapshot } from './last-known.ts';
import { exportPairing, importPairing, type Pairing } from './pairing.ts';
import { parseServer } from './server-address.ts';
import { createShown, type ShownOptions } from './shown.ts';
import { signStatement } from './signature.ts';

export interface Sync {
  /** Reads the pairing from the keychain and connects. Safe to call again, after a keychain came back. */
  start(): Promise<void>;
  /** Pairs with a code. Rejects with the backend's code, backend.not-trusted, or keychain.*: then nothing is kept. */
  pair(code: string, server: string | undefined): Promise<void>;
  /** Tells the backend, as far as it is in reach, and wipes the secrets. Rejects where the backend refuses. After a removal it only says that the person has read of it. */
  disconnect(): Promise<void>;
  /** A signed call of the paired device. Rejects with not-paired where there is none. */
  call<T extends Schema>(call: Call<T>): Promise<Parsed<T>>;
  /**
   * Changes one of the person's ways: on the disk when this resolves, done at the backend when that can be. Rejects with
   * the backend's refusal where the backend is in reach, and with disk.full, file.unwritable or changes.too-many.
   */
  change(authenticatorId: string, change: WhatChanged): Promise<void>;
  /** The person has read that this change was refused. */
  dismissRefusal(key: string): void;
  /** Signs what the person decided on a request, and sends it. Rejects like `call`. */
  decide(challenge: WaitingChallenge, decision: Decision, number: string | null): Promise<void>;
  /** Origin of the backend that this computer is paired with; the origin of every key ceremony. */
  origin(): string;
  /** Reads the snapshot now and waits for it. */
  refresh(): Promise<void>;
  /** The computer woke up or the network changed: connect again without waiting. */
  wake(): void;
  stop(): void;
}

export interface SyncOptions extends Equipment, ShownOptions {
  readonly fetch: Fetch;
  /** The backend that this run is for, or null for the one that is paired. A pairing with another one does not count. */
  readonly only: string | null;
  /** Remembers the server in the settings. */
  readonly onServer: (server: string) => void;
  /** This computer forgets: 'doorstep' what belongs to the pairing, 'everything' the codes of all sites too. May reject. */
  readonly onForget: (wipe: RemovalWipe) => Promise<void>;
  /** Milliseconds without a byte after which an event stream is taken for dead. */
  readonly silence?: number;
}

export function createSync(options: SyncOptions): Sync {
  const { store, vault, fetch, log, clock, queue, lastKnown, computer, now, silence } = options;
  const shown = createShown(options);
  let connection: Connection | null = null;

  const clientOf = (server: string) =>
    createBackendClient({ server, fetch, clock, ...(now === undefined ? {} : { now }), ...(silence === undefined ? {} : { silence }) });

  const needConnection = (): Connection => {
    if (connection === null) throw new DoorstepError('not-paired');
    return connection;
  };

  const connect = (pairing: Pairing) => {
    const { server, device } = pairing;
    connection?.stop();
    queue.belongTo(device.deviceId);
    const known = lastKnown.get();
    const ours = known !== null && known.server === server && known.snapshot.deviceId === device.deviceId;
    shown.begin(pairing, ours ? known.snapshot : null);
    connection = openConnection({ ...options, client: clientOf(server), pairing, shown, onRemoved: removed });
  };

  /** Ends the connection and forgets what came over it. `more`: what the windows say from now on. */
  const letGo = (more: Partial<AppState>) => {
    connection?.stop();
    connection = null;
    try {
      queue.forget();
    } catch (error) {
      // The wipe that follows goes through it again, and says so.
      log.warn('sync.changes-not-forgotten', { code: codeOf(error) });
    }
    shown.clear(more);
  };

  /** Why it is, is on the disk before: a start that finds the key of this computer still there goes through it again. */
  const wipe = async ({ wiped }: Removal) => {
    queue.forget();
    await options.onForget(wiped);
    await vault.wipe('pairing');
  };

  /** The key of this computer goes last (see `Vault.wipe`): where it is gone, all of it is, and what came since stays. */
  const wipeWhatIsLeft = async (removal: Removal) => {
    if ((await vault.read('device')) !== null) await wipe(removal);
  };

  /** Nothing of it may stay here. The window goes on saying whose computer it was, and why, until the person has read it. */
  const removed = async (removal: Removal) => {
    log.warn('sync.removed', { because: removal.because, wiped: removal.wiped });
    lastKnown.removed(removal);
    letGo({ connection: 'removed', removal });
    await wipe(removal).catch((failed: unknown) => log.error('sync.wipe-failed', { code: codeOf(failed) }));
  };

  const shownRemoval = (removal: Removal, { deviceId, person, organization }: Snapshot) =>
    store.change({ connection: 'removed', removal, pairing: { state: 'paired', deviceId, person, organization } });

  return {
    async start() {
      if (connection !== null) return;
      const kept = await vault.read('device');
      const pairing = kept === null ? null : importPairing(kept);
      if (pairing !== null && options.only !== null && pairing.server !== options.only) {
        store.change({ pairing: { state: 'none' } });
        return;
      }
      const known = lastKnown.get();
      const ours = known !== null && (options.only === null || known.server === options.only) ? known : null;
      if (ours?.removal) {
        shownRemoval(ours.removal, ours.snapshot);
        // What could not be wiped then.
        if (kept !== null) await wipe(ours.removal);
      } else if (pairing !== null) connect(pairing);
      else if (ours !== null) {
        // The keychain lost it: what is left here belongs to no pairing.
        await removed({ because: 'unknown', wiped: 'doorstep' });
        shownRemoval({ because: 'unknown', wiped: 'doorstep' }, ours.snapshot);
      } else store.change({ pairing: { state: 'none' } });
    },
    async pair(code, typedServer) {
      const server = parseServer(typedServer ?? store.get().server);
      const key = createDeviceKey();
      const client = clientOf(server);
      // A keychain that is away is found before the code is used up.
      if ((await vault.open()) !== 'ready') throw new DoorstepError(keychainCode(vault.state()));
      const device = await client.call(
        { key, deviceId: '', generation: () => null },
        {
          route: 'pairDevice',
          body: { code: code.trim(), name: computer.name, platform: computer.platform, publicKey: key.publicJwk },
          answer: PairedDevice,
        },
      );
      const pairing: Pairing = { server, device, key, generation: null };
      try {
        await vault.write('device', exportPairing(pairing));
      } catch (error) {
        const signer = { key, deviceId: device.deviceId, generation: () => null };
        await client.call(signer, { route: 'unpairDevice', answer: null }).catch(() => undefined);
        throw error;
      }
      options.onServer(server);
      lastKnown.forget();
      const before = connection;
      connect(pairing);
      await before?.unpair().catch(() => undefined);
    },
    async disconnect() {
      const gone = { connection: 'connecting', pairing: { state: 'none' }, removal: null } as const;
      if (connection === null && store.get().connection === 'removed') {
        // What could not be wiped then comes first: afterwards nobody knows any more how much it was.
        await wipeWhatIsLeft(store.get().removal ?? { because: 'unknown', wiped: 'doorstep' });
        lastKnown.forget();
        letGo(gone);
        return;
      }
      const leaving = needConnection();
      try {
        await leaving.unpair();
      } catch (error) {
        const code = codeOf(error);
        if (code !== 'backend.unreachable' && !saysHeld(code) && !saysEnd(code)) throw error;
      }
      lastKnown.forget();
      letGo(gone);
      await wipe({ because: 'removed', wiped: 'doorstep' });
    },
    async call(what) {
      return needConnection().call(what);
    },
    async change(authenticatorId, what) {
      const to = needConnection();
      const about = store.get().authenticators.find((each) => each.id === authenticatorId)?.name ?? '';
      const seen = Date.parse(shown.latest()?.serverTime ?? '') || 0;
      const { key } = queue.add({ deviceId: to.pairing.device.deviceId, authenticatorId, about, change: what, seen });
      shown.showChanges();
      // The next greeting sends it.
      if (store.get().connection !== 'online') return;
      const refused = await to.send(key);
      if (refused !== null) throw new DoorstepError(refused);
    },
    dismissRefusal(key) {
      queue.dismiss(key);
      shown.showChanges();
    },
    async decide({ id, serviceName }, decision, number) {
      const to = needConnection();
      const { key, device } = to.pairing;
      const statement: ApprovalStatement = {
        decision,
        number,
        challengeId: id,
        service: serviceName,
        person: device.person.id,
        device: device.deviceId,
        iat: clock.seconds(),
      };
      await to.call({ route: 'deviceDecision', id, body: { statement: signStatement(key, statement) }, answer: null });
    },
    origin: () => needConnection().pairing.server,
    async refresh() {
      await needConnection().refresh();
    },
    wake: () => connection?.hurry(),
    stop() {
      connection?.stop();
      lastKnown.flush();
    },
  };
}

function codeOf(error: unknown): ErrorCode {
  return error instanceof DoorstepError ? error.code : 'internal';
}

function keychainCode(state: KeychainState): ErrorCode {
  switch (state) {
    case 'absent':
    case 'locked':
    case 'dismissed':
      return `keychain.${state}`;
    case 'checking':
    case 'ready':
    case 'failed':
      return 'keychain.failed';
    default:
      return assertNever(state);
  }
}
