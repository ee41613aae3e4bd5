/**
 * Keeps the app in step with its backend: pairs, reads the snapshot, follows the live events, and forgets
 * everything when the backend says that this computer was removed.
 */
import { assertNever, DoorstepError, type ErrorCode } from '../../contract/errors.ts';
import type { ApprovalStatement, Decision } from '../../contract/http/approvals.ts';
import { DeviceSnapshot, PairedDevice, type WaitingChallenge } from '../../contract/http/shapes.ts';
import type { AppState, KeychainState } from '../../contract/ipc.ts';
import { type Parsed, parseTolerant, type Schema } from '../../contract/parse.ts';
import type { Log } from '../app/log.ts';
import type { StateStore } from '../app/state-store.ts';
import type { Vault } from '../vault/vault.ts';
import { type BackendClient, type Call, createBackendClient, type Fetch, type Signer } from './client.ts';
import { createServerClock } from './clock.ts';
import { createDeviceKey, type DeviceKey, exportDeviceKey, importDeviceKey } from './device-key.ts';
import { isLoopback, parseServer } from './server-address.ts';
import { signStatement } from './signature.ts';

/**
 * What is kept of a pairing, as JSON in the keychain's entry `device`: the secret is the key, and what it is
 * good for stands beside it, so that no crash between two writes can leave a key with another's pairing.
 */
interface Pairing {
  readonly server: string;
  readonly device: Parsed<typeof PairedDevice>;
  readonly key: DeviceKey;
}

interface Connected {
  readonly client: BackendClient;
  readonly signer: Signer;
  readonly server: string;
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
  /** Signs what the person decided on a request, and sends it. Rejects like `call`. */
  decide(challenge: WaitingChallenge, decision: Decision, number: string | null): Promise<void>;
  /** Origin of the backend that this computer is paired with; the origin of every key ceremony. */
  origin(): string;
  /** Reads the snapshot now and waits for it. */
  refresh(): Promise<void>;
  /** The computer woke up or the network came back: connect again without waiting for the back-off. */
  wake(): void;
  stop(): void;
}

export interface SyncOptions {
  readonly store: StateStore;
  readonly vault: Vault;
  readonly fetch: Fetch;
  readonly log: Log;
  /** Name and platform under which this computer is paired. */
  readonly computer: { readonly name: string; readonly platform: string };
  /** The backend that this run is for, or null for the one that is paired. A pairing with another one does not count. */
  readonly only: string | null;
  /** Hears what waits: whether it may be shown is not for this room to say. */
  readonly onChallenges: (challenges: readonly WaitingChallenge[]) => void;
  /** Remembers the server in the settings. */
  readonly onServer: (server: string) => void;
  readonly now?: () => number;
  readonly random?: () => number;
}

const FIRST_WAIT = 500;
const LONGEST_WAIT = 30_000;
/** The events say when to read; this reading is for a change of clock or an event that was lost. */
const READ_AGAIN = 5 * 60_000;
/** A moment after the end of a request, so that the backend's clock has passed it too. */
const AFTER_END = 500;

export function createSync(options: SyncOptions): Sync {
  const { store, vault, log, computer, onServer, now = Date.now, random = Math.random } = options;
  const clock = createServerClock(now, (seconds) => store.change({ clockSkew: seconds }));
  let connected: Connected | null = null;
  let following: AbortController | null = null;
  let hurry: (() => void) | null = null;
  let lastVersion = -1;
  let nextEnd: NodeJS.Timeout | undefined;

  const clientOf = (server: string) => createBackendClient({ server, fetch: options.fetch, clock, now });

  const needConnected = (): Connected => {
    if (connected === null) throw new DoorstepError('not-paired');
    return connected;
  };

  /** A request that ends by itself sends no event: the list is read again when the next one is over. */
  const watchEnds = (snapshot: Parsed<typeof DeviceSnapshot>) => {
    clearTimeout(nextEnd);
    const ends = snapshot.challenges.map((challenge) => Date.parse(challenge.expiresAt)).filter((end) => !Number.isNaN(end));
    if (ends.length === 0) return;
    const left = Math.min(...ends) - Date.parse(snapshot.serverTime);
    nextEnd = setTimeout(() => void refreshQuietly(), Math.max(left, 0) + AFTER_END);
  };

  const show = (snapshot: Parsed<typeof DeviceSnapshot>) => {
    // Two readings may overtake each other; the older one must not win.
    if (snapshot.version < lastVersion) return;
    lastVersion = snapshot.version;
    store.change({
      pairing: { state: 'paired', deviceId: snapshot.deviceId, person: snapshot.person, organization: snapshot.organization },
      connection: 'online',
      authenticators: snapshot.authenticators,
      checkedAt: snapshot.serverTime,
      policy: snapshot.policy,
    });
    options.onChallenges(snapshot.challenges);
    watchEnds(snapshot);
  };

  const readSnapshot = async ({ client, signer }: Connected, signal?: AbortSignal) => {
    const sent = now();
    const snapshot = await client.call(signer, { route: 'deviceSnapshot', answer: DeviceSnapshot, signal });
    clock.measure(Date.parse(snapshot.serverTime), sent, now());
    if (connected?.client === client) show(snapshot);
  };

  const forget = async (change: Pick<AppState, 'connection'> & Partial<AppState>) => {
    following?.abort();
    clearTimeout(nextEnd);
    following = null;
    connected = null;
    lastVersion = -1;
    store.change({ authenticators: [], checkedAt: null, policy: null, ...change });
    options.onChallenges([]);
    await vault.wipe();
  };

  const refreshQuietly = async () => {
    if (connected !== null) await readSnapshot(connected).catch((error: unknown) => void note(error));
  };

  /** What a failed exchange means for the whole connection. */
  const note = async (error: unknown) => {
    const code = error instanceof DoorstepError ? error.code : 'internal';
    if (code === 'device.unknown' && connected !== null) {
      log.warn('sync.removed');
      // Nothing of it may stay here. The window goes on saying whose computer it was until the person has read it.
      await forget({ connection: 'removed' }).catch((failed: unknown) => {
        log.error('sync.wipe-failed', { code: failed instanceof DoorstepError ? failed.code : 'internal' });
      });
    } else if (code === 'clock.wrong') store.change({ connection: 'clock-wrong' });
    else if (code === 'backend.unreachable') store.change({ connection: 'offline' });
    return code;
  };

  const pause = (milliseconds: number, signal: AbortSignal) =>
    new Promise<void>((resolve) => {
      const end = () => {
        clearTimeout(timer);
        signal.removeEventListener('abort', end);
        hurry = null;
        resolve();
      };
      const timer = setTimeout(end, milliseconds);
      signal.addEventListener('abort', end, { once: true });
      hurry = end;
    });

  const follow = async (to: Connected) => {
    following?.abort();
    const own = new AbortController();
    following = own;
    let wait = FIRST_WAIT;
    while (!own.signal.aborted) {
      const round = new AbortController();
      const stopRound = () => round.abort();
      own.signal.addEventListener('abort', stopRound);
      const again = setInterval(() => void readSnapshot(to, round.signal).catch(() => undefined), READ_AGAIN);
      hurry = stopRound;
      try {
        await readSnapshot(to, round.signal);
        await to.client.events(
          to.signer,
          round.signal,
          // What changed between the reading and the standing of the stream has sent its event to nobody.
          () => {
            wait = FIRST_WAIT;
            void readSnapshot(to, round.signal).catch((error: unknown) => void note(error));
          },
          () => void readSnapshot(to, round.signal).catch((error: unknown) => void note(error)),
        );
        log.info('sync.stream-ended');
      } catch (error) {
        if (own.signal.aborted) break;
        if (!round.signal.aborted) {
          const code = await note(error);
          log.warn('sync.failed', { code, wait });
        }
      } finally {
        clearInterval(again);
        own.signal.removeEventListener('abort', stopRound);
        round.abort();
      }
      if (own.signal.aborted) break;
      // Half of the wait is chance: a fleet must not come back in one stroke after a restart of the backend.
      await pause(wait / 2 + (random() * wait) / 2, own.signal);
      wait = Math.min(wait * 2, LONGEST_WAIT);
    }
  };

  const call = async <T extends Schema>(what: Call<T>): Promise<Parsed<T>> => {
    const { client, signer } = needConnected();
    try {
      return await client.call(signer, what);
    } catch (error) {
      await note(error);
      throw error;
    }
  };

  const connect = (to: Connected, device: Parsed<typeof PairedDevice>) => {
    connected = to;
    lastVersion = -1;
    store.change({
      server: to.server,
      connection: 'connecting',
      pairing: { state: 'paired', deviceId: device.deviceId, person: device.person, organization: device.organization },
    });
    void follow(to);
  };

  return {
    async start() {
      if (connected !== null) return;
      const kept = await vault.read('device');
      const pairing = kept === null ? null : importPairing(kept);
      if (pairing === null || (options.only !== null && pairing.server !== options.only)) {
        store.change({ pairing: { state: 'none' } });
        return;
      }
      const { server, device, key } = pairing;
      connect({ client: clientOf(server), signer: { key, deviceId: device.deviceId, generation: () => null }, server }, device);
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
      const signer = { key, deviceId: device.deviceId, generation: () => null };
      const before = connected;
      try {
        await vault.write('device', exportPairing({ server, device, key }));
      } catch (error) {
        await client.call(signer, { route: 'unpairDevice', answer: null }).catch(() => undefined);
        throw error;
      }
      onServer(server);
      connect({ client, signer, server }, device);
      await before?.client.call(before.signer, { route: 'unpairDevice', answer: null }).catch(() => undefined);
    },
    async disconnect() {
      const gone = { connection: 'connecting', pairing: { state: 'none' } } as const;
      if (connected === null && store.get().connection === 'removed') return forget(gone);
      const { client, signer } = needConnected();
      try {
        await client.call(signer, { route: 'unpairDevice', answer: null });
      } catch (error) {
        const outOfReach = error instanceof DoorstepError && (error.code === 'backend.unreachable' || error.code === 'device.unknown');
        if (!outOfReach) throw error;
      }
      await forget(gone);
    },
    call,
    async decide({ id, serviceName }, decision, number) {
      const { signer } = needConnected();
      const { pairing } = store.get();
      if (pairing.state !== 'paired') throw new DoorstepError('not-paired');
      const statement: ApprovalStatement = {
        decision,
        number,
        challengeId: id,
        service: serviceName,
        person: pairing.person.id,
        device: signer.deviceId,
        iat: clock.seconds(),
      };
      await call({ route: 'deviceDecision', id, body: { statement: signStatement(signer.key, statement) }, answer: null });
    },
    origin: () => needConnected().server,
    async refresh() {
      await readSnapshot(needConnected());
    },
    wake: () => hurry?.(),
    stop() {
      clearTimeout(nextEnd);
      following?.abort();
    },
  };
}

function exportPairing({ server, device, key }: Pairing): string {
  return JSON.stringify({ server, device, key: exportDeviceKey(key) });
}

/** The pairing from its keychain entry, or null where the text is none. */
function importPairing(text: string): Pairing | null {
  try {
    const kept: unknown = JSON.parse(text);
    if (typeof kept !== 'object' || kept === null || !('server' in kept) || !('device' in kept) || !('key' in kept)) return null;
    if (typeof kept.server !== 'string' || typeof kept.key !== 'string') return null;
    const device = parseTolerant(PairedDevice, kept.device);
    const key = importDeviceKey(kept.key);
    return device === null || key === null ? null : { server: parseServer(kept.server), device, key };
  } catch {
    return null;
  }
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

/** The page where a pairing code is made, and nothing else of the backend, may be opened in the person's browser. */
export function pagesOf(server: string): readonly string[] {
  if (!URL.canParse(server)) return [];
  const { protocol, hostname } = new URL(server);
  if (protocol !== 'https:' && !(protocol === 'http:' && isLoopback(hostname))) return [];
  return ['/security', '/help', '/accessibility'].map((path) => `${server}${path}`);
}
