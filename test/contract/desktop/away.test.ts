/** The app's own side of the sync with the real backend, after ninety days in a drawer. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, test, vi } from 'vitest';
import type { PairingCode } from '../../../src/contract/http/shapes.ts';
import { createLog } from '../../../src/main/app/log.ts';
import { createStateStore, firstState } from '../../../src/main/app/state-store.ts';
import { openChangeQueue } from '../../../src/main/sync/changes.ts';
import { createServerClock } from '../../../src/main/sync/clock.ts';
import { openLastKnown } from '../../../src/main/sync/last-known.ts';
import { createSync } from '../../../src/main/sync/sync.ts';
import type { Keychain } from '../../../src/main/vault/keychain.ts';
import { createVault } from '../../../src/main/vault/vault.ts';
import { type BackendHere, startBackendHere } from '../../support/backend-here.ts';
import { Household } from '../../support/household.ts';
import { SoftwareKey } from '../../support/webauthn/software-key.ts';

const DAYS = 86_400_000;

const folder = mkdtempSync(join(tmpdir(), 'doorstep-away-'));
const entries = new Map<string, string>();
const stops: (() => void)[] = [];
let backend: BackendHere;
let reachable = true;

const keychain: Keychain = {
  get: async (account) => entries.get(account) ?? null,
  set: async (account, secret) => void entries.set(account, secret),
  remove: async (account) => void entries.delete(account),
  list: async () => [],
};

/** A start of the app with what the keychain and the folder hold. */
function start() {
  const now = () => backend.clock.now();
  const store = createStateStore(firstState('1.0.0', backend.origin, false));
  const log = createLog(() => undefined);
  const clock = createServerClock(now, () => undefined);
  const onError = (error: unknown) => {
    throw error;
  };
  const sync = createSync({
    store,
    vault: createVault({ keychain, installation: 'one', log, onState: () => undefined, onLateUnlock: () => undefined }),
    log,
    clock,
    queue: openChangeQueue(join(folder, 'changes.json'), () => clock.milliseconds()),
    lastKnown: openLastKnown(join(folder, 'last-known.json'), onError),
    fetch: (url, init) => (reachable ? fetch(url, init) : Promise.reject(new TypeError('fetch failed'))),
    computer: { name: 'lab-pc-7', platform: 'linux', version: '1.0.0' },
    only: null,
    onServer: () => undefined,
    onChallenges: () => undefined,
    onEnded: () => undefined,
    onForget: async () => undefined,
    now,
    random: () => 0,
  });
  stops.push(() => sync.stop());
  return { sync, store, names: () => store.get().authenticators.map(({ name }) => name) };
}

const until = (check: () => void) => vi.waitFor(check, { timeout: 20_000, interval: 20 });

afterEach(async () => {
  for (const stop of stops) stop();
  await backend.stop();
  rmSync(folder, { recursive: true, force: true });
});

test('a change made before is done, what came meanwhile is there, a later name stands, and nobody types a code', async () => {
  backend = await startBackendHere();
  const house = await Household.open(backend, 'amina.yusuf');
  let browser = await house.signedIn();
  const spare = new SoftwareKey();
  await browser.enroll(spare, 'Spare key');
  const { code } = (await browser.call<PairingCode>('pairingCode')).body;

  const before = start();
  await before.sync.start();
  await before.sync.pair(code, undefined);
  await until(() => expect(before.store.get().connection).toBe('online'));
  await until(() => expect(before.names()).toContain('Spare key'));
  const idOf = (name: string) => before.store.get().authenticators.find((each) => each.name === name)?.id ?? '';
  const [first, second] = [idOf('First key'), idOf('Spare key')];
  reachable = false;
  before.sync.wake();
  await until(() => expect(before.store.get().connection).toBe('offline'));
  await before.sync.change(first, { kind: 'rename', name: 'Desk key' });
  await before.sync.change(second, { kind: 'rename', name: 'Drawer key' });
  before.sync.stop();

  backend.clock.advance(45 * DAYS);
  browser = await house.signedIn();
  await browser.enroll(new SoftwareKey(), 'Added meanwhile');
  await browser.call('changeAuthenticator', { params: { id: second }, body: { name: 'Named meanwhile' } });
  backend.clock.advance(45 * DAYS);

  const after = start();
  await after.sync.start();
  expect(after.names().sort()).toEqual(['Desk key', 'Drawer key', 'lab-pc-7']);
  reachable = true;
  after.sync.wake();
  await until(() => expect(after.store.get().connection).toBe('online'));
  await until(() => expect(after.store.get().waitingChanges).toBe(0));
  await until(() => expect(after.names().sort()).toEqual(['Added meanwhile', 'Desk key', 'Named meanwhile', 'lab-pc-7'].sort()));
  expect(after.store.get().notices).toEqual([]);
});
