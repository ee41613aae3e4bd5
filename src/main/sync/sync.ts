/**
 * Keeps the app in step with its backend: pairs, greets, follows the snapshots, sends what was changed here, and forgets
 * everything when the backend says that this computer was removed.
 */
import { assertNever, DoorstepError, type ErrorCode } from '../../contract/errors.ts';
import type { ApprovalStatement, Decision } from '../../contract/http/approvals.ts';
import { DeviceSnapshot, type EndedChallenge, PairedDevice, type WaitingChallenge } from '../../contract/http/shapes.ts';
import { ChangeResults, DeviceWelcome, type RemovalWipe } from '../../contract/http/sync.ts';
import type { AppState, KeychainState } from '../../contract/ipc.ts';
import type { Parsed, Schema } from '../../contract/parse.ts';
import type { Log } from '../app/log.ts';
import type { StateStore } from '../app/state-store.ts';
import type { Vault } from '../vault/vault.ts';
import { provenRemoval, requireProven, saysEnd } from './backend-word.ts';
import { type ChangeQueue, type WhatChanged, withChanges } from './changes.ts';
import { type BackendClient, type Call, createBackendClient, type Fetch, type Signer } from './client.ts';
import type { ServerClock } from './clock.ts';
import { createDeviceKey } from './device-key.ts';
import { type Follower, follow } from './follow.ts';
import { type LastKnown, parseSnapshot, type Removal, type Snapshot } from './last-known.ts';
import { createOutbox } from './outbox.ts';
import { exportPairing, importPairing, type Pairing } from './pairing.ts';
import { parseServer } from './server-address.ts';
import { signStatement } from './signature.ts';

interface Connected {
  readonly client: BackendClient;
  readonly signer: Signer;
  /** As the keychain has it. */
  pairing: Pairing;
}

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

export interface SyncOptions {
  readonly store: StateStore;
  readonly vault: Vault;
  readonly fetch: Fetch;
  readonly log: Log;
  readonly clock: ServerClock;
  readonly queue: ChangeQueue;
  readonly lastKnown: LastKnown;
  /** Name and platform under which this computer is paired, and the version of this app. */
  readonly computer: { readonly name: string; readonly platform: string; readonly version: string };
  /** The backend that this run is for, or null for the one that is paired. A pairing with another one does not count. */
  readonly only: string | null;
  /** Hears what waits: whether it may be shown is not for this room to say. */
  readonly onChallenges: (challenges: readonly WaitingChallenge[]) => void;
  /** Hears how requests ended a short while ago, before it hears that they do not wait any more. */
  readonly onEnded: (ended: readonly EndedChallenge[]) => void;
  /** Remembers the server in the settings. */
  readonly onServer: (server: string) => void;
  /** This computer forgets: 'doorstep' what belongs to the pairing, 'everything' the codes of all sites too. May reject. */
  readonly onForget: (wipe: RemovalWipe) => Promise<void>;
  readonly now?: () => number;
  readonly random?: () => number;
  /** Milliseconds without a byte after which an event stream is taken for dead. */
  readonly silence?: number;
  /** Milliseconds after which changes that could not be sent are tried again. */
  readonly again?: number;
}

/** This computer may do nothing, and may again: the help desk knows. Nothing is forgotten for it. */
const HELD: readonly ErrorCode[] = ['authenticator.suspended', 'person.disabled', 'backend.not-proven'];

/** A moment after the end of a request, so that the backend's clock has passed it too. */
const AFTER_END = 500;

export function createSync(options: SyncOptions): Sync {
  const { store, vault, log, clock, queue, lastKnown, computer, onServer, onChallenges, now = Date.now, random = Math.random } = options;
  const { silence } = options;
  let connected: Connected | null = null;
  let follower: Follower | null = null;
  let latest: Snapshot | null = null;
  /** Whose live events are heard at this moment. */
  let listening: Connected | null = null;
  let nextEnd: NodeJS.Timeout | undefined;

  const clientOf = (server: string) =>
    createBackendClient({ server, fetch: options.fetch, clock, now, ...(silence === undefined ? {} : { silence }) });

  const link = (pairing: Pairing): Connected => {
    const made: Connected = {
      client: clientOf(pairing.server),
      signer: { key: pairing.key, deviceId: pairing.device.deviceId, generation: () => made.pairing.generation },
      pairing,
    };
    return made;
  };

  const needConnected = (): Connected => {
    if (connected === null) throw new DoorstepError('not-paired');
    return connected;
  };

  /** A request that ends by itself may send no event: the list is read again when the next one is over. */
  const watchEnds = (snapshot: Snapshot) => {
    clearTimeout(nextEnd);
    const ends = snapshot.challenges.map((challenge) => Date.parse(challenge.expiresAt)).filter((end) => !Number.isNaN(end));
    if (ends.length === 0) return;
    const left = Math.min(...ends) - Date.parse(snapshot.serverTime);
    nextEnd = setTimeout(() => void refreshQuietly(), Math.max(left, 0) + AFTER_END);
  };

  /** What the windows show of the snapshot: with what was changed here and waits. */
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
    store.change({
      ...view(),
      pairing: { state: 'paired', deviceId: snapshot.deviceId, person: snapshot.person, organization: snapshot.organization },
      policy: snapshot.policy,
      checkedAt: snapshot.serverTime,
    });
    options.onEnded(snapshot.ended ?? []);
    onChallenges(snapshot.challenges);
  };

  /** A snapshot of the connection `from`. Two may overtake each other: the older one must not win, but for a greeting's. */
  const take = (from: Connected, snapshot: Snapshot, greeting = false) => {
    if (connected !== from) return;
    if (!greeting && snapshot.version < (latest?.version ?? -1)) return;
    show(snapshot);
    store.change({ connection: 'online' });
    lastKnown.remember(from.pairing.server, snapshot);
    watchEnds(snapshot);
  };

  const readSnapshot = async (from: Connected, signal?: AbortSignal) => {
    const sent = now();
    const snapshot = await from.client.call(from.signer, { route: 'deviceSnapshot', answer: DeviceSnapshot, signal });
    clock.measure(Date.parse(snapshot.serverTime), sent, now());
    take(from, snapshot);
  };

  const refreshQuietly = async () => {
    if (connected !== null) await readSnapshot(connected).catch((error: unknown) => void note(error));
  };

  const goOn = () => {
    if (HELD.some((code) => code === store.get().fault?.code)) store.change({ fault: null });
  };

  /** Ends the connection and forgets what came over it. `shown`: what the windows say from now on. */
  const letGo = (shown: Partial<AppState>) => {
    follower?.stop();
    outbox.stop();
    clearTimeout(nextEnd);
    follower = null;
    connected = null;
    latest = null;
    try {
      queue.forget();
    } catch (error) {
      // The wipe that follows goes through it again, and says so.
      log.warn('sync.changes-not-forgotten', { code: codeOf(error) });
    }
    goOn();
    store.change({ ...view(), checkedAt: null, policy: null, ...shown });
    onChallenges([]);
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

  /** What a failed exchange means for the whole connection. */
  const note = async (error: unknown): Promise<ErrorCode> => {
    const code = codeOf(error);
    if (saysEnd(code)) {
      const removal = connected === null ? null : provenRemoval(error, connected.pairing.device);
      if (removal !== null) await removed(removal);
      else if (connected !== null) store.change({ connection: 'offline', fault: { code: 'backend.not-proven', detail: {} } });
    } else if (code === 'clock.wrong') store.change({ connection: 'clock-wrong' });
    else if (HELD.includes(code)) store.change({ connection: 'offline', fault: { code, detail: {} } });
    else if (code === 'backend.unreachable') store.change({ connection: 'offline' });
    // Live events that are still heard say nothing of the next call: a new greeting does, and sends what waits.
    if (listening !== null && listening === connected && store.get().connection !== 'online') follower?.hurry();
    return code;
  };

  /** Greets, and keeps the generation that comes back; until the keychain has it, the one before is shown. */
  const greet = async (to: Connected, signal: AbortSignal) => {
    const sent = now();
    const after = to.pairing.generation;
    const { generation, snapshot, backendKey, statement } = await to.client.call(to.signer, {
      route: 'deviceHello',
      body: { appVersion: computer.version, platform: computer.platform },
      answer: DeviceWelcome,
      signal,
    });
    requireProven(to.pairing.device, { statement, generation, after });
    clock.measure(Date.parse(snapshot.serverTime), sent, now());
    goOn();
    take(to, snapshot, true);
    // A keychain that is known to be away would hold up the events until its deadline.
    if (vault.state() !== 'ready' || connected !== to) return;
    // A pairing from before there was such a key learns it here, and keeps the first one.
    const device = { ...(backendKey === undefined ? {} : { backendKey }), ...to.pairing.device };
    const next = { ...to.pairing, device, generation };
    try {
      await vault.write('device', exportPairing(next));
      to.pairing = next;
    } catch (error) {
      log.warn('sync.generation-not-kept', { code: codeOf(error) });
    }
  };

  const round = async (to: Connected, signal: AbortSignal, standing: () => void) => {
    await greet(to, signal);
    await sendChanges();
    const since = latest === null ? undefined : String(latest.version);
    const onOpen = () => {
      listening = to;
      standing();
    };
    try {
      await to.client.events(to.signer, { signal, since, onOpen }, (data) => {
        const snapshot = parseSnapshot(data);
        if (snapshot === null) throw new DoorstepError('backend.unreachable', { reason: 'answer' });
        take(to, snapshot);
      });
    } finally {
      if (listening === to) listening = null;
    }
    log.info('sync.stream-ended');
  };

  const outbox = createOutbox({
    queue,
    async exchange(changes) {
      const to = connected;
      if (to === null) return null;
      const { results, snapshot } = await to.client.call(to.signer, { route: 'deviceChanges', body: { changes }, answer: ChangeResults });
      return connected === to ? { results, done: () => take(to, snapshot) } : null;
    },
    onSettled: () => store.change(view()),
    ...(options.again === undefined ? {} : { again: options.again }),
  });

  const sendChanges = () => outbox.send().catch((error: unknown) => log.warn('sync.changes-wait', { code: codeOf(error) }));

  const call = async <T extends Schema>(what: Call<T>): Promise<Parsed<T>> => {
    const { client, signer } = needConnected();
    try {
      return await client.call(signer, what);
    } catch (error) {
      await note(error);
      throw error;
    }
  };

  const connect = (pairing: Pairing) => {
    const to = link(pairing);
    follower?.stop();
    connected = to;
    const { server, device } = pairing;
    queue.belongTo(device.deviceId);
    store.change({
      server,
      connection: 'connecting',
      removal: null,
      pairing: { state: 'paired', deviceId: device.deviceId, person: device.person, organization: device.organization },
    });
    const known = lastKnown.get();
    if (known !== null && known.server === server && known.snapshot.deviceId === device.deviceId) show(known.snapshot);
    else latest = null;
    follower = follow({
      random,
      round: (signal, standing) => round(to, signal, standing),
      async onFailed(error, wait) {
        if (connected !== to) return false;
        log.warn('sync.failed', { code: await note(error), wait });
        return connected === to;
      },
    });
  };

  const shownRemoval = (removal: Removal, { deviceId, person, organization }: Snapshot) =>
    store.change({ connection: 'removed', removal, pairing: { state: 'paired', deviceId, person, organization } });

  return {
    async start() {
      if (connected !== null) return;
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
      const before = connected;
      try {
        await vault.write('device', exportPairing(pairing));
      } catch (error) {
        await client.call(link(pairing).signer, { route: 'unpairDevice', answer: null }).catch(() => undefined);
        throw error;
      }
      onServer(server);
      lastKnown.forget();
      connect(pairing);
      await before?.client.call(before.signer, { route: 'unpairDevice', answer: null }).catch(() => undefined);
    },
    async disconnect() {
      const gone = { connection: 'connecting', pairing: { state: 'none' }, removal: null } as const;
      if (connected === null && store.get().connection === 'removed') {
        // What could not be wiped then comes first: afterwards nobody knows any more how much it was.
        await wipeWhatIsLeft(store.get().removal ?? { because: 'unknown', wiped: 'doorstep' });
        lastKnown.forget();
        letGo(gone);
        return;
      }
      const { client, signer } = needConnected();
      try {
        await client.call(signer, { route: 'unpairDevice', answer: null });
      } catch (error) {
        const code = codeOf(error);
        if (code !== 'backend.unreachable' && !HELD.includes(code) && !saysEnd(code)) throw error;
      }
      lastKnown.forget();
      letGo(gone);
      await wipe({ because: 'removed', wiped: 'doorstep' });
    },
    call,
    async change(authenticatorId, what) {
      const { signer } = needConnected();
      const about = store.get().authenticators.find((each) => each.id === authenticatorId)?.name ?? '';
      const seen = Date.parse(latest?.serverTime ?? '') || 0;
      const { key } = queue.add({ deviceId: signer.deviceId, authenticatorId, about, change: what, seen });
      store.change(view());
      // The next greeting sends it.
      if (store.get().connection !== 'online') return;
      let refused: ErrorCode | null = null;
      try {
        refused = await outbox.sendAndHear(key);
      } catch (error) {
        // It is made, and waits. What the failure means for the connection is another matter.
        await note(error);
      }
      if (refused !== null) throw new DoorstepError(refused);
    },
    dismissRefusal(key) {
      queue.dismiss(key);
      store.change(view());
    },
    async decide({ id, serviceName }, decision, number) {
      const { signer, pairing } = needConnected();
      const statement: ApprovalStatement = {
        decision,
        number,
        challengeId: id,
        service: serviceName,
        person: pairing.device.person.id,
        device: signer.deviceId,
        iat: clock.seconds(),
      };
      await call({ route: 'deviceDecision', id, body: { statement: signStatement(signer.key, statement) }, answer: null });
    },
    origin: () => needConnected().pairing.server,
    async refresh() {
      await readSnapshot(needConnected());
    },
    wake: () => follower?.hurry(),
    stop() {
      clearTimeout(nextEnd);
      follower?.stop();
      outbox.stop();
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
