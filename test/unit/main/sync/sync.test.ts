import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { KeychainState } from '../../../../src/contract/ipc.ts';
import { createLog } from '../../../../src/main/app/log.ts';
import { createStateStore, firstState, type StateStore } from '../../../../src/main/app/state-store.ts';
import { createSync, pagesOf, type Sync } from '../../../../src/main/sync/sync.ts';
import type { Keychain } from '../../../../src/main/vault/keychain.ts';
import { createVault, type Vault } from '../../../../src/main/vault/vault.ts';
import { DEVICE_ID, type DeviceApi, PERSON, startDeviceApi } from './device-api.ts';

const CHALLENGE = {
  id: 'C'.repeat(22),
  serviceName: 'VPN',
  place: null,
  asked: null,
  number: null,
  byKey: true,
  createdAt: '2026-11-24T12:00:00.000Z',
  expiresAt: '2026-11-24T12:10:00.000Z',
};

let api: DeviceApi;
let store: StateStore;
let vault: Vault;
let sync: Sync;
let entries: Map<string, string>;
let brokenAt: string | null;
const servers: string[] = [];
const running: Sync[] = [];

const keychain: Keychain = {
  get: async (account) => entries.get(account) ?? null,
  set: async (account, secret) => {
    if (brokenAt !== null && account.endsWith(brokenAt)) throw new Error('broken');
    entries.set(account, secret);
  },
  remove: async (account) => void entries.delete(account),
  list: async (beginning) =>
    [...entries].filter(([account]) => account.startsWith(beginning)).map(([account, secret]) => ({ account, secret })),
};

/** A start of the app with what the keychain holds. */
function start(skew = 0, only: string | null = null): Sync {
  store = createStateStore(firstState('1.0.0', api.server, false));
  const log = createLog(() => undefined);
  const onState = (state: KeychainState) => store.change({ keychain: state });
  vault = createVault({ keychain, installation: 'one', log, onState, onLateUnlock: () => undefined });
  const made = createSync({
    store,
    vault,
    log,
    fetch: (url, init) => fetch(url, init),
    computer: { name: 'lab-pc-7', platform: 'linux' },
    only,
    onServer: (server) => servers.push(server),
    onChallenges: (challenges) => store.change({ challenges }),
    now: () => Date.now() + skew,
    random: () => 0,
  });
  running.push(made);
  return made;
}

const until = (check: () => void) => vi.waitFor(check, { timeout: 5_000, interval: 10 });

beforeEach(async () => {
  api = await startDeviceApi();
  entries = new Map();
  brokenAt = null;
  servers.length = 0;
  sync = start();
});
afterEach(async () => {
  for (const each of running.splice(0)) each.stop();
  await api.stop();
  // Every signature held, whatever the test was about.
  expect(api.faults).toEqual([]);
});

test('a code pairs; the secret is in the keychain, in an entry of its own, and the app is online', async () => {
  await sync.start();
  expect(store.get().pairing).toEqual({ state: 'none' });
  await sync.pair(' KTRW-4N7X ', undefined);
  await until(() => expect(store.get().connection).toBe('online'));
  expect(store.get().pairing).toMatchObject({ state: 'paired', deviceId: DEVICE_ID, person: PERSON });
  expect([...entries.keys()]).toEqual(['one/device']);
  expect(servers).toEqual([api.server]);
  expect(store.get().clockSkew).toBe(0);
});

test('after a restart the app is paired without a code, also while the backend is away', async () => {
  await sync.pair('KTRW-4N7X', undefined);
  sync.stop();
  api.fail.set('*', { status: 503, code: 'store.unavailable' });
  const again = start();
  await again.start();
  expect(store.get().pairing).toMatchObject({ state: 'paired', person: PERSON });
  api.fail.clear();
  await until(() => expect(store.get().connection).toBe('online'));
});

test('a run for another backend does not count the pairing, and does not forget it', async () => {
  await sync.pair('KTRW-4N7X', undefined);
  const other = start(0, 'https://id.example');
  await other.start();
  expect(store.get().pairing).toEqual({ state: 'none' });
  expect(entries.size).toBe(1);
});

test('a request that ends by itself goes away without an event', async () => {
  await sync.pair('KTRW-4N7X', undefined);
  await until(() => expect(api.streams()).toBe(1));
  api.change({ challenges: [{ ...CHALLENGE, expiresAt: new Date(Date.now() + 300).toISOString() }] });
  await until(() => expect(store.get().challenges).toHaveLength(1));
  api.snapshot = { ...api.snapshot, version: api.snapshot.version + 1, challenges: [] };
  await until(() => expect(store.get().challenges).toHaveLength(0));
});

test('an event brings the change, and two readings that overtake each other leave the newer one', async () => {
  await sync.pair('KTRW-4N7X', undefined);
  await until(() => expect(api.streams()).toBe(1));
  api.change({ challenges: [CHALLENGE] });
  await until(() => expect(store.get().challenges).toEqual([CHALLENGE]));
  api.snapshot = { ...api.snapshot, version: 0, challenges: [] };
  await sync.refresh();
  expect(store.get().challenges).toEqual([CHALLENGE]);
});

test('a cut stream is opened again, and what was missed meanwhile is read', async () => {
  await sync.pair('KTRW-4N7X', undefined);
  await until(() => expect(api.streams()).toBe(1));
  api.cutStreams();
  api.change({ challenges: [CHALLENGE] });
  await until(() => expect(store.get().challenges).toEqual([CHALLENGE]));
  await until(() => expect(api.streams()).toBe(1));
});

test('the backend goes away and comes back: offline, then online without anybody doing anything', async () => {
  await sync.pair('KTRW-4N7X', undefined);
  await until(() => expect(api.streams()).toBe(1));
  api.fail.set('*', { status: 502, code: 'not ours' });
  api.cutStreams();
  await until(() => expect(store.get().connection).toBe('offline'));
  api.fail.clear();
  await until(() => expect(store.get().connection).toBe('online'));
});

test('waking up connects at once, whatever the back-off', async () => {
  await sync.pair('KTRW-4N7X', undefined);
  await until(() => expect(api.streams()).toBe(1));
  sync.wake();
  await until(() => expect(api.calls.filter((call) => call === 'GET /v1/device/events')).toHaveLength(2));
});

test('a clock that is four minutes wrong is measured, corrected and said', async () => {
  sync = start(240_000);
  await sync.pair('KTRW-4N7X', undefined);
  await until(() => expect(store.get().connection).toBe('online'));
  expect(Math.abs((store.get().clockSkew ?? 0) - 240)).toBeLessThanOrEqual(2);
});

test('a backend that blames the clock all the same is believed', async () => {
  await sync.pair('KTRW-4N7X', undefined);
  await until(() => expect(api.streams()).toBe(1));
  api.fail.set('*', { status: 401, code: 'clock.wrong' });
  api.cutStreams();
  await until(() => expect(store.get().connection).toBe('clock-wrong'));
});

test('removed: every secret is wiped, and the state says so', async () => {
  await sync.pair('KTRW-4N7X', undefined);
  await until(() => expect(api.streams()).toBe(1));
  api.fail.set('*', { status: 401, code: 'device.unknown' });
  api.cutStreams();
  await until(() => expect(store.get().connection).toBe('removed'));
  await until(() => expect(entries.size).toBe(0));
  expect(store.get()).toMatchObject({ pairing: { state: 'paired', person: PERSON }, authenticators: [], challenges: [] });
  await expect(sync.refresh()).rejects.toMatchObject({ code: 'not-paired' });
  await sync.disconnect();
  expect(store.get().pairing).toEqual({ state: 'none' });
});

test('a wrong code pairs nothing and keeps nothing', async () => {
  api.fail.set('/v1/devices', { status: 403, code: 'pairing.code-wrong' });
  await expect(sync.pair('XXXX-XXXX', undefined)).rejects.toMatchObject({ code: 'pairing.code-wrong' });
  expect(entries.size).toBe(0);
  expect(servers).toEqual([]);
});

test('a keychain that is away costs nobody a code', async () => {
  brokenAt = 'probe';
  await expect(sync.pair('KTRW-4N7X', undefined)).rejects.toMatchObject({ code: 'keychain.failed' });
  expect(api.calls).toEqual([]);
});

test('a keychain that breaks after the backend said yes: the backend is told, nothing stays paired', async () => {
  brokenAt = 'device';
  await expect(sync.pair('KTRW-4N7X', undefined)).rejects.toMatchObject({ code: 'keychain.failed' });
  expect(api.calls).toEqual(['POST /v1/devices', 'DELETE /v1/device']);
  expect(store.get().pairing).toEqual({ state: 'unknown' });
  expect(entries.size).toBe(0);
});

test('pairing again takes the place of the first pairing, and the backend is told', async () => {
  await sync.pair('KTRW-4N7X', undefined);
  const first = entries.get('one/device');
  brokenAt = 'device';
  await expect(sync.pair('KTRW-4N7X', undefined)).rejects.toMatchObject({ code: 'keychain.failed' });
  expect(entries.get('one/device')).toBe(first);
});

test('disconnecting tells the backend and wipes; where it is out of reach, it wipes all the same', async () => {
  await sync.pair('KTRW-4N7X', undefined);
  await sync.disconnect();
  expect(api.calls).toContain('DELETE /v1/device');
  expect(entries.size).toBe(0);
  await sync.pair('KTRW-4N7X', undefined);
  api.fail.set('*', { status: 502, code: 'not ours' });
  await sync.disconnect();
  expect(entries.size).toBe(0);
  expect(store.get().pairing).toEqual({ state: 'none' });
});

test('the backend refuses to let the last way go: nothing is wiped', async () => {
  await sync.pair('KTRW-4N7X', undefined);
  await until(() => expect(api.streams()).toBe(1));
  api.fail.set('/v1/device', { status: 409, code: 'authenticator.last-way' });
  await expect(sync.disconnect()).rejects.toMatchObject({ code: 'authenticator.last-way' });
  expect(entries.size).toBe(1);
});

test.each(['redirect', 'rubbish'] as const)('an answer that is a %s is no answer', async (kind) => {
  api.fail.set('*', kind);
  await expect(sync.pair('KTRW-4N7X', undefined)).rejects.toMatchObject({ code: 'backend.unreachable' });
});

test('plain HTTP is for this computer alone', async () => {
  await expect(sync.pair('KTRW-4N7X', 'http://id.example')).rejects.toMatchObject({ code: 'backend.not-trusted' });
});

test.each(['{}', 'null', 'x', '{"server":"http://id.example","device":{},"key":"AAAA"}'])(
  'a keychain entry that makes no sense is no pairing: %s',
  async (text) => {
    entries.set('one/pairing', text);
    entries.set('one/device-key', 'AAAA');
    await sync.start();
    expect(store.get().pairing).toEqual({ state: 'none' });
  },
);

test('the pages that may be opened outside are three, and none of a backend that is not safe', () => {
  expect(pagesOf('https://id.example')).toEqual([
    'https://id.example/security',
    'https://id.example/help',
    'https://id.example/accessibility',
  ]);
  for (const server of ['http://id.example', 'ftp://localhost', 'nonsense', '']) expect(pagesOf(server)).toEqual([]);
});
