/**
 * One pairing's connection with its backend: greets, follows the snapshots, sends what was changed here, and judges what
 * failed. Once it was stopped, nothing that still comes over it counts.
 */
import { DoorstepError, type ErrorCode } from '../../contract/errors.ts';
import { DeviceSnapshot } from '../../contract/http/shapes.ts';
import { ChangeResults, DeviceWelcome } from '../../contract/http/sync.ts';
import type { Parsed, Schema } from '../../contract/parse.ts';
import type { Log } from '../app/log.ts';
import type { StateStore } from '../app/state-store.ts';
import type { Vault } from '../vault/vault.ts';
import { provenRemoval, requireProven, saysEnd, saysHeld } from './backend-word.ts';
import type { ChangeQueue } from './changes.ts';
import type { BackendClient, Call, Signer } from './client.ts';
import type { ServerClock } from './clock.ts';
import { follow } from './follow.ts';
import { type LastKnown, parseSnapshot, type Removal, type Snapshot } from './last-known.ts';
import { createOutbox } from './outbox.ts';
import { exportPairing, type Pairing } from './pairing.ts';
import type { Shown } from './shown.ts';

export interface Connection {
  readonly pairing: Pairing;
  /** A signed call. What its failure means for the connection is seen to. */
  call<T extends Schema>(call: Call<T>): Promise<Parsed<T>>;
  /** Tells the backend that this computer goes. The failure says nothing of the connection: its end is on its way. */
  unpair(): Promise<void>;
  /** Reads the snapshot now. */
  refresh(): Promise<void>;
  /**
   * Sends what waits, this change (by its key) too; the code of its refusal, or null. Null also where that could not be:
   * it waits.
   */
  send(key: string): Promise<ErrorCode | null>;
  /** Does not trust what stands, and connects again without waiting. */
  hurry(): void;
  stop(): void;
}

/** What a connection works with. */
export interface Equipment {
  readonly store: StateStore;
  readonly vault: Vault;
  readonly log: Log;
  readonly clock: ServerClock;
  readonly queue: ChangeQueue;
  readonly lastKnown: LastKnown;
  /** Name and platform under which this computer is paired, and the version of this app. */
  readonly computer: { readonly name: string; readonly platform: string; readonly version: string };
  readonly now?: () => number;
  readonly random?: () => number;
  /** Milliseconds after which changes that could not be sent are tried again. */
  readonly again?: number;
}

export interface ConnectionOptions extends Equipment {
  readonly client: BackendClient;
  /** As the keychain has it. */
  readonly pairing: Pairing;
  readonly shown: Shown;
  /** The backend said, and proved, that this computer was removed. */
  readonly onRemoved: (removal: Removal) => Promise<void>;
}

/** A moment after the end of a request, so that the backend's clock has passed it too. */
const AFTER_END = 500;

export function openConnection(options: ConnectionOptions): Connection {
  const { client, shown, store, vault, log, clock, queue, lastKnown, computer, now = Date.now, random = Math.random } = options;
  let { pairing } = options;
  let stopped = false;
  /** Live events are heard at this moment. */
  let listening = false;
  let nextEnd: NodeJS.Timeout | undefined;
  const signer: Signer = { key: pairing.key, deviceId: pairing.device.deviceId, generation: () => pairing.generation };

  /** A request that ends by itself may send no event: the list is read again when the next one is over. */
  const watchEnds = (snapshot: Snapshot) => {
    clearTimeout(nextEnd);
    const ends = snapshot.challenges.map((challenge) => Date.parse(challenge.expiresAt)).filter((end) => !Number.isNaN(end));
    if (ends.length === 0) return;
    const left = Math.min(...ends) - Date.parse(snapshot.serverTime);
    nextEnd = setTimeout(() => void refresh().catch(note), Math.max(left, 0) + AFTER_END);
  };

  /** Two snapshots may overtake each other: the older one must not win, but for a greeting's. */
  const take = (snapshot: Snapshot, greeting = false) => {
    if (stopped) return;
    if (!greeting && snapshot.version < (shown.latest()?.version ?? -1)) return;
    shown.show(snapshot);
    shown.connection('online');
    lastKnown.remember(pairing.server, snapshot);
    watchEnds(snapshot);
  };

  const refresh = async () => {
    const sent = now();
    const snapshot = await client.call(signer, { route: 'deviceSnapshot', answer: DeviceSnapshot });
    clock.measure(Date.parse(snapshot.serverTime), sent, now());
    take(snapshot);
  };

  /** What a failed exchange means for the whole connection. */
  const note = async (error: unknown): Promise<ErrorCode> => {
    const code = codeOf(error);
    if (stopped) return code;
    if (saysEnd(code)) {
      const removal = provenRemoval(error, pairing.device);
      if (removal === null) shown.held('backend.not-proven');
      else await options.onRemoved(removal);
    } else if (code === 'clock.wrong') shown.connection('clock-wrong');
    else if (saysHeld(code)) shown.held(code);
    else if (code === 'backend.unreachable') shown.connection('offline');
    // Live events that are still heard say nothing of the next call: a new greeting does, and sends what waits.
    if (listening && store.get().connection !== 'online') follower.hurry();
    return code;
  };

  /** Greets, and keeps the generation that comes back; until the keychain has it, the one before is shown. */
  const greet = async (signal: AbortSignal) => {
    const sent = now();
    const after = pairing.generation;
    const { generation, snapshot, backendKey, statement } = await client.call(signer, {
      route: 'deviceHello',
      body: { appVersion: computer.version, platform: computer.platform },
      answer: DeviceWelcome,
      signal,
    });
    requireProven(pairing.device, { statement, generation, after });
    clock.measure(Date.parse(snapshot.serverTime), sent, now());
    if (stopped) return;
    shown.goOn();
    take(snapshot, true);
    // A keychain that is known to be away would hold up the events until its deadline.
    if (vault.state() !== 'ready') return;
    // A pairing from before there was such a key learns it here, and keeps the first one.
    const device = { ...(backendKey === undefined ? {} : { backendKey }), ...pairing.device };
    const next = { ...pairing, device, generation };
    try {
      await vault.write('device', exportPairing(next));
      pairing = next;
    } catch (error) {
      log.warn('sync.generation-not-kept', { code: codeOf(error) });
    }
  };

  const outbox = createOutbox({
    queue,
    async exchange(changes) {
      if (stopped) return null;
      const { results, snapshot } = await client.call(signer, { route: 'deviceChanges', body: { changes }, answer: ChangeResults });
      return stopped ? null : { results, done: () => take(snapshot) };
    },
    onSettled: shown.showChanges,
    ...(options.again === undefined ? {} : { again: options.again }),
  });

  const round = async (signal: AbortSignal, standing: () => void) => {
    await greet(signal);
    await outbox.send().catch((error: unknown) => log.warn('sync.changes-wait', { code: codeOf(error) }));
    const since = shown.latest()?.version.toString();
    const onOpen = () => {
      listening = true;
      standing();
    };
    try {
      await client.events(signer, { signal, since, onOpen }, (data) => {
        const snapshot = parseSnapshot(data);
        if (snapshot === null) throw new DoorstepError('backend.unreachable', { reason: 'answer' });
        take(snapshot);
      });
    } finally {
      listening = false;
    }
    log.info('sync.stream-ended');
  };

  const follower = follow({
    random,
    round,
    async onFailed(error, wait) {
      if (stopped) return false;
      log.warn('sync.failed', { code: await note(error), wait });
      return !stopped;
    },
  });

  return {
    get pairing() {
      return pairing;
    },
    async call(what) {
      try {
        return await client.call(signer, what);
      } catch (error) {
        await note(error);
        throw error;
      }
    },
    async unpair() {
      await client.call(signer, { route: 'unpairDevice', answer: null });
    },
    refresh,
    async send(key) {
      try {
        return await outbox.sendAndHear(key);
      } catch (error) {
        // It is made, and waits. What the failure means for the connection is another matter.
        await note(error);
        return null;
      }
    },
    hurry: () => follower.hurry(),
    stop() {
      stopped = true;
      clearTimeout(nextEnd);
      follower.stop();
      outbox.stop();
    },
  };
}

function codeOf(error: unknown): ErrorCode {
  return error instanceof DoorstepError ? error.code : 'internal';
}
