import { existsSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { Authenticator } from '../../../../src/contract/http/shapes.ts';
import type { KeychainState } from '../../../../src/contract/ipc.ts';
import { createLog } from '../../../../src/main/app/log.ts';
import { createStateStore, firstState, type StateStore } from '../../../../src/main/app/state-store.ts';
import { openChangeQueue } from '../../../../src/main/sync/changes.ts';
import { createServerClock } from '../../../../src/main/sync/clock.ts';
import { openLastKnown } from '../../../../src/main/sync/last-known.ts';
import { pagesOf } from '../../../../src/main/sync/server-address.ts';
import { createSync, type Sync } from '../../../../src/main/sync/sync.ts';
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

const KEY: Authenticator = {
  id: 'K'.repeat(22),
  kind: 'security-key',
  name: 'Blue key',
  state: 'active',
  suspendedBecause: null,
  code: null,
  spareCodesLeft: null,
  preferred: true,
  model: null,
  aaguid: null,
  attestation: null,
  credentialId: null,
  addedAt: '2026-11-24T12:00:00.000Z',
  lastUsedAt: null,
  lastUsedFrom: null,
};
const SPARE: Authenticator = { ...KEY, id: 'S'.repeat(22), name: 'Spare key', preferred: false };

let api: DeviceApi;
let store: StateStore;
let vault: Vault;
let sync: Sync;
let entries: Map<string, string>;
let brokenAt: string | null;
let silence = 50_000;
const servers: string[] = [];
const forgotten: string[] = [];
const ended: string[] = [];
let folder: string;
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
  const clock = createServerClock(
    () => Date.now() + skew,
    (seconds) => store.change({ clockSkew: seconds }),
  );
  const onError = (error: unknown) => {
    throw error;
  };
  const made = createSync({
    store,
    vault,
    log,
    clock,
    queue: openChangeQueue(join(folder, 'changes.json'), () => clock.milliseconds()),
    lastKnown: openLastKnown(join(folder, 'last-known.json'), onError),
    fetch: (url, init) => fetch(url, init),
    computer: { name: 'lab-pc-7', platform: 'linux', version: '1.0.0' },
    only,
    onServer: (server) => servers.push(server),
    onChallenges: (challenges) => store.change({ challenges }),
    onEnded: (list) => ended.push(...list.map(({ state }) => state)),
    async onForget(wipe) {
      forgotten.push(wipe);
      if (wipe === 'everything') await vault.wipe('codes');
    },
    now: () => Date.now() + skew,
    random: () => 0,
    silence,
    again: 50,
  });
  running.push(made);
  return made;
}

const until = (check: () => void) => vi.waitFor(check, { timeout: 5_000, interval: 10 });

beforeEach(async () => {
  api = await startDeviceApi();
  entries = new Map();
  brokenAt = null;
  silence = 50_000;
  servers.length = 0;
  forgotten.length = 0;
  ended.length = 0;
  folder = mkdtempSync(join(tmpdir(), 'doorstep-sync-'));
  sync = start();
});
afterEach(async () => {
  for (const each of running.splice(0)) each.stop();
  await api.stop();
  rmSync(folder, { recursive: true, force: true });
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

test('how a request ended is told', async () => {
  await sync.pair('KTRW-4N7X', undefined);
  await until(() => expect(api.streams()).toBe(1));
  api.change({ challenges: [], ended: [{ id: CHALLENGE.id, state: 'canceled', authenticatorId: null }] });
  await until(() => expect(ended).toEqual(['canceled']));
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

test.each([
  ['person.disabled', 403],
  ['authenticator.suspended', 403],
] as const)('%s: everything stays, the window says why, and it goes on when it may', async (code, status) => {
  api.snapshot = { ...api.snapshot, authenticators: [KEY] };
  await sync.pair('KTRW-4N7X', undefined);
  await until(() => expect(api.streams()).toBe(1));
  const kept = new Map(entries);
  api.fail.set('*', { status, code });
  api.cutStreams();
  await until(() => expect(store.get().fault?.code).toBe(code));
  expect(store.get()).toMatchObject({
    connection: 'offline',
    removal: null,
    pairing: { state: 'paired' },
    authenticators: [{ id: KEY.id }],
  });
  expect([...entries.keys()]).toEqual([...kept.keys()]);
  expect(forgotten).toEqual([]);
  api.fail.clear();
  await until(() => expect(store.get()).toMatchObject({ connection: 'online', fault: null }));
});

test.each<[string, DeviceApi['welcome']]>([
  ['is not signed', () => null],
  ['is for another computer', (said) => ({ ...said, sub: 'O'.repeat(22) })],
  ['names another generation', (said) => ({ ...said, generation: 'G'.repeat(22) })],
  ['is an earlier one, said again', (said) => ({ ...said, after: null })],
])('a greeting whose answer %s changes nothing here, and the one that is proven does', async (_name, welcome) => {
  await sync.pair('KTRW-4N7X', undefined);
  await until(() => expect(api.streams()).toBe(1));
  const kept = entries.get('one/device');
  api.welcome = welcome;
  api.change({ authenticators: [] });
  api.snapshot = { ...api.snapshot, authenticators: [KEY] };
  api.cutStreams();
  await until(() => expect(store.get()).toMatchObject({ connection: 'offline', fault: { code: 'backend.not-proven' } }));
  expect(store.get().authenticators).toEqual([]);
  expect(entries.get('one/device')).toBe(kept);
  api.welcome = (said) => said;
  sync.wake();
  await until(() => expect(store.get()).toMatchObject({ connection: 'online', fault: null, authenticators: [{ id: KEY.id }] }));
  expect(entries.get('one/device')).not.toBe(kept);
});

describe('an end that is not proven', () => {
  const OTHER = 'O'.repeat(22);
  test.each<[string, DeviceApi['proof']]>([
    ['is not signed', null],
    ['is signed with another key', 'foreign'],
    ['is about another computer', (said) => ({ ...said, sub: OTHER })],
    ['is about another end', (said) => ({ ...said, code: said.code === 'device.removed' ? 'device.copied' : 'device.removed' })],
    ['is of another form', () => ({ removed: true })],
  ])('that %s makes this computer forget nothing, whatever it says', async (_name, proof) => {
    entries.set('one/seed/AAAA', 'a secret of another site');
    api.snapshot = { ...api.snapshot, authenticators: [KEY] };
    await sync.pair('KTRW-4N7X', undefined);
    await until(() => expect(api.streams()).toBe(1));
    api.proof = proof;
    for (const code of ['device.removed', 'device.copied', 'device.unknown']) {
      store.change({ fault: null });
      api.fail.set('*', { status: 401, code, facts: { wipe: 'everything' } });
      api.cutStreams();
      await expect(sync.refresh()).rejects.toMatchObject({ code });
      await until(() => expect(store.get().fault?.code).toBe('backend.not-proven'));
    }
    expect(store.get()).toMatchObject({ connection: 'offline', removal: null, authenticators: [{ id: KEY.id }] });
    expect([...entries.keys()].sort()).toEqual(['one/device', 'one/seed/AAAA']);
    expect(forgotten).toEqual([]);
    // The one whom it belongs to is back.
    api.fail.clear();
    sync.wake();
    await until(() => expect(store.get()).toMatchObject({ connection: 'online', fault: null }));
  });

  test('forgets no more than is proven', async () => {
    await sync.pair('KTRW-4N7X', undefined);
    await until(() => expect(api.streams()).toBe(1));
    api.proof = (said) => ({ ...said, wipe: 'doorstep' });
    api.fail.set('*', { status: 401, code: 'device.removed', facts: { wipe: 'everything' } });
    api.cutStreams();
    await until(() => expect(forgotten).toEqual(['doorstep']));
  });

  test('may be taken for true by the person, who disconnects the computer', async () => {
    await sync.pair('KTRW-4N7X', undefined);
    await until(() => expect(api.streams()).toBe(1));
    api.proof = null;
    api.fail.set('*', { status: 401, code: 'device.removed' });
    await sync.disconnect();
    expect(store.get()).toMatchObject({ pairing: { state: 'none' }, fault: null });
    expect(entries.size).toBe(0);
  });

  test('is believed with the key of the first greeting where the pairing brought none, and that one stays', async () => {
    api.tellsKey = false;
    await sync.pair('KTRW-4N7X', undefined);
    await until(() => expect(api.streams()).toBe(1));
    api.fail.set('*', { status: 401, code: 'device.removed' });
    api.cutStreams();
    await until(() => expect(store.get().fault?.code).toBe('backend.not-proven'));
    api.fail.clear();
    api.tellsKey = true;
    sync.wake();
    await until(() => expect(store.get().connection).toBe('online'));
    await until(() => expect(JSON.parse(entries.get('one/device') ?? '{}')).toMatchObject({ device: { backendKey: expect.any(String) } }));
    sync.stop();
    sync = start();
    await sync.start();
    await until(() => expect(api.streams()).toBe(1));
    api.fail.set('*', { status: 401, code: 'device.removed' });
    api.cutStreams();
    await until(() => expect(store.get().connection).toBe('removed'));
  });
});

test('a person whose account is closed may disconnect the computer all the same', async () => {
  await sync.pair('KTRW-4N7X', undefined);
  await until(() => expect(api.streams()).toBe(1));
  api.fail.set('*', { status: 403, code: 'person.disabled' });
  api.cutStreams();
  await until(() => expect(store.get().fault?.code).toBe('person.disabled'));
  await sync.disconnect();
  expect(store.get()).toMatchObject({ pairing: { state: 'none' }, removal: null, fault: null });
  expect(entries.size).toBe(0);
});

test.each([
  ['device.removed', { wipe: 'everything' }, { because: 'removed', wiped: 'everything' }],
  ['device.removed', { wipe: 'doorstep' }, { because: 'removed', wiped: 'doorstep' }],
  ['device.copied', {}, { because: 'copied', wiped: 'doorstep' }],
] as const)('%s %j: wiped as asked, and why is said until it was read, also after a restart', async (code, facts, removal) => {
  entries.set('one/seed/AAAA', 'a secret of another site');
  entries.set('two/seed/BBBB', 'of another data folder');
  api.snapshot = { ...api.snapshot, authenticators: [KEY] };
  await sync.pair('KTRW-4N7X', undefined);
  await until(() => expect(api.streams()).toBe(1));
  api.fail.set('*', { status: 401, code, facts: { ...facts } });
  api.cutStreams();
  await until(() => expect(store.get().removal).toEqual(removal));
  await until(() => expect(entries.has('one/device')).toBe(false));
  expect(forgotten).toEqual([removal.wiped]);
  expect(entries.has('one/seed/AAAA')).toBe(removal.wiped === 'doorstep');
  expect(entries.has('two/seed/BBBB')).toBe(true);
  expect(readFileSync(join(folder, 'last-known.json'), 'utf8')).not.toContain(KEY.name);

  const again = start();
  await again.start();
  expect(store.get()).toMatchObject({ connection: 'removed', removal, pairing: { state: 'paired', person: PERSON }, authenticators: [] });
  await again.disconnect();
  expect(store.get()).toMatchObject({ pairing: { state: 'none' }, removal: null });
  expect(existsSync(join(folder, 'last-known.json'))).toBe(false);
});

test('removed while the keychain is away: what could not be wiped is wiped at the next start', async () => {
  await sync.pair('KTRW-4N7X', undefined);
  await until(() => expect(api.streams()).toBe(1));
  brokenAt = 'probe';
  api.fail.set('*', { status: 401, code: 'device.removed', facts: { wipe: 'doorstep' } });
  api.cutStreams();
  await until(() => expect(store.get().connection).toBe('removed'));
  expect(entries.has('one/device')).toBe(true);
  brokenAt = null;
  const again = start();
  await again.start();
  expect(store.get().connection).toBe('removed');
  expect(entries.has('one/device')).toBe(false);
});

test('a lost computer whose keychain was away: nobody connects it again before all of it is wiped', async () => {
  entries.set('one/seed/AAAA', 'a secret of another site');
  await sync.pair('KTRW-4N7X', undefined);
  await until(() => expect(api.streams()).toBe(1));
  brokenAt = 'probe';
  api.fail.set('*', { status: 401, code: 'device.removed', facts: { wipe: 'everything' } });
  api.cutStreams();
  await until(() => expect(store.get().connection).toBe('removed'));
  await expect(sync.disconnect()).rejects.toMatchObject({ code: 'keychain.failed' });
  expect(store.get()).toMatchObject({ connection: 'removed', removal: { wiped: 'everything' } });
  brokenAt = null;
  await sync.disconnect();
  expect([...entries.keys()]).toEqual([]);
  expect(store.get()).toMatchObject({ pairing: { state: 'none' }, removal: null });
});

test('what came after a removal stays when the person has read of it', async () => {
  await sync.pair('KTRW-4N7X', undefined);
  await until(() => expect(api.streams()).toBe(1));
  api.fail.set('*', { status: 401, code: 'device.removed', facts: { wipe: 'everything' } });
  api.cutStreams();
  await until(() => expect(entries.has('one/device')).toBe(false));
  entries.set('one/seed/BBBB', 'added since');
  const again = start();
  await again.start();
  await again.disconnect();
  expect([...entries.keys()]).toEqual(['one/seed/BBBB']);
});

test('the keychain has lost the key: the app says that it is not connected any more', async () => {
  await sync.pair('KTRW-4N7X', undefined);
  await until(() => expect(store.get().connection).toBe('online'));
  sync.stop();
  entries.clear();
  const again = start();
  await again.start();
  expect(store.get()).toMatchObject({ connection: 'removed', removal: { because: 'unknown' }, pairing: { person: PERSON } });
});

test('with no connection the last known list is shown, from a private file that holds no secret', async () => {
  api.snapshot = { ...api.snapshot, authenticators: [KEY], challenges: [CHALLENGE] };
  await sync.pair('KTRW-4N7X', undefined);
  await until(() => expect(store.get().authenticators).toHaveLength(1));
  sync.stop();
  const file = join(folder, 'last-known.json');
  expect(statSync(file).mode & 0o777).toBe(0o600);
  const { key } = JSON.parse(entries.get('one/device') ?? '') as { key: string };
  expect(readFileSync(file, 'utf8')).not.toContain(key.slice(40, 80));
  api.fail.set('*', 'cut');
  const again = start();
  await again.start();
  // What waited then has ended by now, as far as anybody here can tell.
  expect(store.get()).toMatchObject({ authenticators: [KEY], challenges: [], pairing: { person: PERSON } });
  await until(() => expect(store.get().connection).toBe('offline'));
  api.fail.clear();
});

test('each connection brings a new generation, which is kept before it is shown', async () => {
  await sync.pair('KTRW-4N7X', undefined);
  await until(() => expect(api.streams()).toBe(1));
  const kept = () => (JSON.parse(entries.get('one/device') ?? '') as { generation: string }).generation;
  const first = kept();
  expect(first).toMatch(/^[A-Za-z0-9_-]{22}$/);
  expect(api.generations.current).toBe(first);
  sync.wake();
  await until(() => expect(api.generations.current).not.toBe(first));
  await until(() => expect(kept()).toBe(api.generations.current));
  sync.stop();
  const again = start();
  await again.start();
  await until(() => expect(store.get().connection).toBe('online'));
});

test('a keychain that keeps no new generation costs nothing: the one before is shown', async () => {
  await sync.pair('KTRW-4N7X', undefined);
  // A greeting that is broken off before it is heard would not be counted.
  await until(() => expect(api.streams()).toBe(1));
  const shown = api.generations.current;
  expect(shown).not.toBeNull();
  brokenAt = 'device';
  sync.wake();
  await until(() => expect(api.generations.offered).toHaveLength(1));
  sync.wake();
  await until(() => expect(api.calls.filter((call) => call === 'POST /v1/device/hello')).toHaveLength(3));
  await until(() => expect(api.streams()).toBe(1));
  expect(api.generations.current).toBe(shown);
  expect(store.get().connection).toBe('online');
});

test('a copy of the key that comes back is told so, and so is whoever is left', async () => {
  await sync.pair('KTRW-4N7X', undefined);
  await until(() => expect(api.streams()).toBe(1));
  const copied = entries.get('one/device') ?? '';
  sync.wake();
  await until(() => expect(api.generations.current).not.toBe((JSON.parse(copied) as { generation: string }).generation));
  sync.stop();
  entries.set('one/device', copied);
  const restored = start();
  await restored.start();
  await until(() => expect(store.get().removal).toMatchObject({ because: 'copied' }));
  await until(() => expect(entries.size).toBe(0));
});

test('a request that crossed a change of generation is signed again', async () => {
  await sync.pair('KTRW-4N7X', undefined);
  await until(() => expect(api.streams()).toBe(1));
  api.fail.set('/v1/device', { status: 401, code: 'device.request-replayed' });
  setTimeout(() => api.fail.clear(), 5);
  await sync.refresh().catch(() => undefined);
  expect(api.calls.filter((call) => call === 'GET /v1/device').length).toBeGreaterThanOrEqual(2);
  expect(store.get().connection).toBe('online');
});

test('a stream that says nothing for too long is dead, whatever TCP thinks of it', async () => {
  silence = 400;
  sync = start();
  await sync.pair('KTRW-4N7X', undefined);
  await until(() => expect(api.streams()).toBe(1));
  const streams = () => api.calls.filter((call) => call === 'GET /v1/device/events').length;
  expect(streams()).toBe(1);
  await until(() => expect(streams()).toBe(2));
});

test('a decision is signed with all that the window showed', async () => {
  await sync.pair('KTRW-4N7X', undefined);
  await until(() => expect(api.streams()).toBe(1));
  await sync.decide(CHALLENGE, 'approve', '482913');
  await sync.decide(CHALLENGE, 'not-me', null);
  expect(api.statements[0]).toEqual({
    header: { alg: 'ES256', typ: 'doorstep-approval+jwt' },
    payload: {
      decision: 'approve',
      number: '482913',
      challengeId: CHALLENGE.id,
      service: 'VPN',
      person: PERSON.id,
      device: DEVICE_ID,
      iat: expect.any(Number),
    },
  });
  expect(api.statements[1]?.payload).toMatchObject({ decision: 'not-me', number: null });
});

describe('changes', () => {
  const names = () => store.get().authenticators.map((each) => each.name);
  const away = async () => {
    api.fail.set('*', 'cut');
    api.cutStreams();
    await until(() => expect(store.get().connection).toBe('offline'));
  };
  const back = async () => {
    api.fail.clear();
    await until(() => expect(store.get().connection).toBe('online'));
  };
  beforeEach(async () => {
    api.snapshot = { ...api.snapshot, authenticators: [KEY, SPARE] };
    await sync.pair('KTRW-4N7X', undefined);
    await until(() => expect(api.streams()).toBe(1));
  });

  test('made while the backend is in reach, they are done at once', async () => {
    await sync.change(KEY.id, { kind: 'rename', name: 'Desk key' });
    expect(api.changes).toMatchObject([{ authenticatorId: KEY.id, change: { kind: 'rename', name: 'Desk key' } }]);
    expect(store.get().waitingChanges).toBe(0);
  });

  test('refused while the person waits: they are told at once, nothing is left', async () => {
    api.outcomes.get = () => ({ outcome: 'refused', code: 'authenticator.last-way' });
    await expect(sync.change(KEY.id, { kind: 'remove' })).rejects.toMatchObject({ code: 'authenticator.last-way' });
    expect(names()).toEqual(['Blue key', 'Spare key']);
    expect(store.get()).toMatchObject({ waitingChanges: 0, notices: [] });
    api.outcomes.get = () => ({ outcome: 'gone', code: null });
    await expect(sync.change(KEY.id, { kind: 'prefer' })).rejects.toMatchObject({ code: 'authenticator.not-found' });
  });

  test('made offline they show at once, survive a crash of the app, and are sent once with the key they were made with', async () => {
    await away();
    await sync.change(KEY.id, { kind: 'rename', name: 'Desk key' });
    await sync.change(SPARE.id, { kind: 'prefer' });
    await sync.change(KEY.id, { kind: 'remove' });
    expect(names()).toEqual(['Spare key']);
    expect(store.get().authenticators[0]?.preferred).toBe(true);
    expect(store.get().waitingChanges).toBe(3);
    expect(statSync(join(folder, 'changes.json')).mode & 0o777).toBe(0o600);
    sync.stop();

    const again = start();
    await again.start();
    expect(names()).toEqual(['Spare key']);
    expect(store.get().waitingChanges).toBe(3);
    await back();
    await until(() => expect(store.get().waitingChanges).toBe(0));
    expect(api.changes.map(({ change }) => change.kind)).toEqual(['rename', 'prefer', 'remove']);
    const times = api.changes.map(({ madeAt }) => Date.parse(madeAt));
    expect([...times].sort((a, b) => a - b)).toEqual(times);
    expect(new Set(api.changes.map(({ key }) => key)).size).toBe(3);
  });

  test('an answer that got lost: sent again with the same key', async () => {
    api.fail.set('/v1/device/changes', 'cut');
    await sync.change(KEY.id, { kind: 'rename', name: 'Desk key' });
    expect(names()).toEqual(['Desk key', 'Spare key']);
    expect(store.get().waitingChanges).toBe(1);
    api.fail.clear();
    api.cutStreams();
    await until(() => expect(store.get().waitingChanges).toBe(0));
    expect(new Set(api.changes.map(({ key }) => key)).size).toBe(1);
  });

  test('a backend that is busy is asked again, with the connection as it stands', async () => {
    api.fail.set('/v1/device/changes', { status: 429, code: 'request.rate-limited' });
    await sync.change(KEY.id, { kind: 'rename', name: 'Desk key' });
    expect(store.get()).toMatchObject({ waitingChanges: 1, connection: 'online' });
    api.fail.clear();
    await until(() => expect(store.get().waitingChanges).toBe(0));
  });

  test('refused later: a notice says what and why, until it was read', async () => {
    await away();
    await sync.change(KEY.id, { kind: 'remove' });
    api.outcomes.get = () => ({ outcome: 'refused', code: 'authenticator.last-way' });
    await back();
    await until(() =>
      expect(store.get().notices).toMatchObject([{ kind: 'change-refused', code: 'authenticator.last-way', about: 'Blue key' }]),
    );
    expect(names()).toEqual(['Blue key', 'Spare key']);
    sync.stop();
    const again = start();
    await again.start();
    await until(() => expect(store.get().notices).toHaveLength(1));
    again.dismissRefusal(store.get().notices[0]?.id ?? '');
    expect(store.get().notices).toEqual([]);
  });

  test('what the backend cannot read holds up nothing behind it', async () => {
    await away();
    await sync.change(KEY.id, { kind: 'rename', name: 'Desk key' });
    api.fail.clear();
    api.fail.set('/v1/device/changes', { status: 400, code: 'request.malformed' });
    await until(() => expect(store.get().notices).toMatchObject([{ code: 'request.malformed' }]));
    expect(store.get().waitingChanges).toBe(0);
    expect(names()).toEqual(['Blue key', 'Spare key']);
  });

  test('they belong to this pairing, and go with it', async () => {
    await away();
    await sync.change(KEY.id, { kind: 'remove' });
    api.fail.clear();
    api.fail.set('*', { status: 401, code: 'device.removed', facts: { wipe: 'doorstep' } });
    await until(() => expect(store.get().connection).toBe('removed'));
    expect(existsSync(join(folder, 'changes.json'))).toBe(false);
    expect(api.changes).toEqual([]);
  });
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
