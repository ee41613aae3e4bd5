/** A computer with the sync of the app: a keychain in memory, a real folder, and a double of the backend, which all survive "a restart". */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, vi } from 'vitest';
import type { AppState, KeychainState } from '../../../../src/contract/ipc.ts';
import { createLog } from '../../../../src/main/app/log.ts';
import { createStateStore, firstState, type StateStore } from '../../../../src/main/app/state-store.ts';
import { openChangeQueue } from '../../../../src/main/sync/changes.ts';
import { createServerClock } from '../../../../src/main/sync/clock.ts';
import { openLastKnown } from '../../../../src/main/sync/last-known.ts';
import { createSync, type Sync, type SyncOptions } from '../../../../src/main/sync/sync.ts';
import type { Keychain } from '../../../../src/main/vault/keychain.ts';
import { createVault } from '../../../../src/main/vault/vault.ts';
import { authenticator } from '../../../support/shapes.ts';
import type { DeviceApi } from './device-api.ts';

export const KEY = authenticator({ preferred: true });
export const SPARE = authenticator({ id: 'S'.repeat(22), name: 'Spare key' });

export const until = (check: () => void) => vi.waitFor(check, { timeout: 10_000, interval: 10 });

type Given = Omit<SyncOptions, 'queue' | 'lastKnown' | 'fetch' | 'computer' | 'random'>;

/** The sync over the files of a folder. */
export function syncIn(folder: string, onError: (error: unknown) => void, given: Given): Sync {
  return createSync({
    queue: openChangeQueue(join(folder, 'changes.json'), () => given.clock.milliseconds()),
    lastKnown: openLastKnown(join(folder, 'last-known.json'), onError),
    fetch: (url, init) => fetch(url, init),
    computer: { name: 'lab-pc-7', platform: 'linux', version: '1.0.0' },
    random: () => 0,
    ...given,
  });
}

export class Computer {
  readonly api: DeviceApi;
  readonly folder = mkdtempSync(join(tmpdir(), 'doorstep-sync-'));
  readonly entries = new Map<string, string>();
  /** Entries of the keychain whose account ends so cannot be written. */
  brokenAt: string | null = null;
  /** What the app was told: origins that it is paired with, what it is to forget, how requests ended. */
  readonly servers: string[] = [];
  readonly forgotten: string[] = [];
  readonly ended: string[] = [];
  store: StateStore;
  sync: Sync;
  readonly #running: Sync[] = [];

  constructor(api: DeviceApi) {
    this.api = api;
    this.store = this.#freshStore();
    this.sync = this.start();
  }

  get state(): AppState {
    return this.store.get();
  }

  /** A start of the app with what the keychain and the folder hold, its clock wrong by `skew` milliseconds. */
  start({ skew = 0, only = null, silence = 50_000 }: { skew?: number; only?: string | null; silence?: number } = {}): Sync {
    const store = this.#freshStore();
    const log = createLog(() => undefined);
    const onState = (state: KeychainState) => store.change({ keychain: state });
    const vault = createVault({ keychain: this.#keychain(), installation: 'one', log, onState, onLateUnlock: () => undefined });
    const now = () => Date.now() + skew;
    const onError = (error: unknown) => {
      throw error;
    };
    this.store = store;
    this.sync = syncIn(this.folder, onError, {
      store,
      vault,
      log,
      clock: createServerClock(now, (seconds) => store.change({ clockSkew: seconds })),
      only,
      onServer: (server) => this.servers.push(server),
      onChallenges: (challenges) => store.change({ challenges }),
      onEnded: (list) => this.ended.push(...list.map(({ state }) => state)),
      onForget: async (wipe) => {
        this.forgotten.push(wipe);
        if (wipe === 'everything') await vault.wipe('codes');
      },
      now,
      silence,
      again: 50,
    });
    this.#running.push(this.sync);
    return this.sync;
  }

  /** Pairs, and waits until the backend can tell it of changes. */
  async pair(): Promise<void> {
    await this.sync.pair('KTRW-4N7X', undefined);
    await this.isListening();
  }

  isListening(): Promise<void> {
    return until(() => expect(this.api.streams()).toBe(1));
  }

  /** The pairing as the keychain has it. */
  keptPairing(): { readonly key: string; readonly generation: string; readonly device: object } {
    return JSON.parse(this.entries.get('one/device') ?? '');
  }

  /** From now on the backend answers so, and whoever listens has to ask it. */
  refuse(status: number, code: string, facts?: Record<string, string>): void {
    this.api.fail.set('*', { status, code, ...(facts === undefined ? {} : { facts }) });
    this.api.cutStreams();
  }

  async close(): Promise<void> {
    for (const each of this.#running) each.stop();
    await this.api.stop();
    rmSync(this.folder, { recursive: true, force: true });
    // Every signature held, whatever the test was about.
    expect(this.api.faults).toEqual([]);
  }

  #freshStore(): StateStore {
    return createStateStore(firstState('1.0.0', this.api.server, false));
  }

  #keychain(): Keychain {
    const { entries } = this;
    return {
      get: async (account) => entries.get(account) ?? null,
      set: async (account, secret) => {
        if (this.brokenAt !== null && account.endsWith(this.brokenAt)) throw new Error('broken');
        entries.set(account, secret);
      },
      remove: async (account) => void entries.delete(account),
      list: async (beginning) =>
        [...entries].filter(([account]) => account.startsWith(beginning)).map(([account, secret]) => ({ account, secret })),
    };
  }
}
