/** Who ends the connection of a computer but its person, and what it forgets then: on a proven word of its backend alone. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { Computer, KEY, until } from './computer.ts';
import { type DeviceApi, PERSON, startDeviceApi } from './device-api.ts';

let computer: Computer;

beforeEach(async () => {
  computer = new Computer(await startDeviceApi());
});
afterEach(() => computer.close());

test('removed: every secret is wiped, and the state says so', async () => {
  await computer.pair();
  computer.refuse(401, 'device.unknown');
  await until(() => expect(computer.state.connection).toBe('removed'));
  await until(() => expect(computer.entries.size).toBe(0));
  expect(computer.state).toMatchObject({ pairing: { state: 'paired', person: PERSON }, authenticators: [], challenges: [] });
  await expect(computer.sync.refresh()).rejects.toMatchObject({ code: 'not-paired' });
  await computer.sync.disconnect();
  expect(computer.state.pairing).toEqual({ state: 'none' });
});

test.each([
  ['person.disabled', 403],
  ['authenticator.suspended', 403],
] as const)('%s: everything stays, the window says why, and it goes on when it may', async (code, status) => {
  computer.api.snapshot = { ...computer.api.snapshot, authenticators: [KEY] };
  await computer.pair();
  const kept = new Map(computer.entries);
  computer.refuse(status, code);
  await until(() => expect(computer.state.fault?.code).toBe(code));
  expect(computer.state).toMatchObject({
    connection: 'offline',
    removal: null,
    pairing: { state: 'paired' },
    authenticators: [{ id: KEY.id }],
  });
  expect([...computer.entries.keys()]).toEqual([...kept.keys()]);
  expect(computer.forgotten).toEqual([]);
  computer.api.fail.clear();
  await until(() => expect(computer.state).toMatchObject({ connection: 'online', fault: null }));
});

test.each<[string, DeviceApi['welcome']]>([
  ['is not signed', () => null],
  ['is for another computer', (said) => ({ ...said, sub: 'O'.repeat(22) })],
  ['names another generation', (said) => ({ ...said, generation: 'G'.repeat(22) })],
  ['is an earlier one, said again', (said) => ({ ...said, after: null })],
])('a greeting whose answer %s changes nothing here, and the one that is proven does', async (_name, welcome) => {
  await computer.pair();
  const kept = computer.entries.get('one/device');
  computer.api.welcome = welcome;
  computer.api.change({ authenticators: [] });
  computer.api.snapshot = { ...computer.api.snapshot, authenticators: [KEY] };
  computer.api.cutStreams();
  await until(() => expect(computer.state).toMatchObject({ connection: 'offline', fault: { code: 'backend.not-proven' } }));
  expect(computer.state.authenticators).toEqual([]);
  expect(computer.entries.get('one/device')).toBe(kept);
  computer.api.welcome = (said) => said;
  computer.sync.wake();
  await until(() => expect(computer.state).toMatchObject({ connection: 'online', fault: null, authenticators: [{ id: KEY.id }] }));
  expect(computer.entries.get('one/device')).not.toBe(kept);
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
    computer.entries.set('one/seed/AAAA', 'a secret of another site');
    computer.api.snapshot = { ...computer.api.snapshot, authenticators: [KEY] };
    await computer.pair();
    computer.api.proof = proof;
    for (const code of ['device.removed', 'device.copied', 'device.unknown']) {
      computer.store.change({ fault: null });
      computer.refuse(401, code, { wipe: 'everything' });
      await expect(computer.sync.refresh()).rejects.toMatchObject({ code });
      await until(() => expect(computer.state.fault?.code).toBe('backend.not-proven'));
    }
    expect(computer.state).toMatchObject({ connection: 'offline', removal: null, authenticators: [{ id: KEY.id }] });
    expect([...computer.entries.keys()].sort()).toEqual(['one/device', 'one/seed/AAAA']);
    expect(computer.forgotten).toEqual([]);
    // The one whom it belongs to is back.
    computer.api.fail.clear();
    computer.sync.wake();
    await until(() => expect(computer.state).toMatchObject({ connection: 'online', fault: null }));
  });

  test('forgets no more than is proven', async () => {
    await computer.pair();
    computer.api.proof = (said) => ({ ...said, wipe: 'doorstep' });
    computer.refuse(401, 'device.removed', { wipe: 'everything' });
    await until(() => expect(computer.forgotten).toEqual(['doorstep']));
  });

  test('may be taken for true by the person, who disconnects the computer', async () => {
    await computer.pair();
    computer.api.proof = null;
    computer.api.fail.set('*', { status: 401, code: 'device.removed' });
    await computer.sync.disconnect();
    expect(computer.state).toMatchObject({ pairing: { state: 'none' }, fault: null });
    expect(computer.entries.size).toBe(0);
  });

  test('is believed with the key of the first greeting where the pairing brought none, and that one stays', async () => {
    computer.api.tellsKey = false;
    await computer.pair();
    computer.refuse(401, 'device.removed');
    await until(() => expect(computer.state.fault?.code).toBe('backend.not-proven'));
    computer.api.fail.clear();
    computer.api.tellsKey = true;
    computer.sync.wake();
    await until(() => expect(computer.state.connection).toBe('online'));
    await until(() => expect(computer.keptPairing()).toMatchObject({ device: { backendKey: expect.any(String) } }));
    computer.sync.stop();
    computer.start();
    await computer.sync.start();
    await computer.isListening();
    computer.refuse(401, 'device.removed');
    await until(() => expect(computer.state.connection).toBe('removed'));
  });
});

test.each([
  ['device.removed', { wipe: 'everything' }, { because: 'removed', wiped: 'everything' }],
  ['device.removed', { wipe: 'doorstep' }, { because: 'removed', wiped: 'doorstep' }],
  ['device.copied', {}, { because: 'copied', wiped: 'doorstep' }],
] as const)('%s %j: wiped as asked, and why is said until it was read, also after a restart', async (code, facts, removal) => {
  computer.entries.set('one/seed/AAAA', 'a secret of another site');
  computer.entries.set('two/seed/BBBB', 'of another data folder');
  computer.api.snapshot = { ...computer.api.snapshot, authenticators: [KEY] };
  await computer.pair();
  computer.refuse(401, code, { ...facts });
  await until(() => expect(computer.state.removal).toEqual(removal));
  await until(() => expect(computer.entries.has('one/device')).toBe(false));
  expect(computer.forgotten).toEqual([removal.wiped]);
  expect(computer.entries.has('one/seed/AAAA')).toBe(removal.wiped === 'doorstep');
  expect(computer.entries.has('two/seed/BBBB')).toBe(true);
  expect(readFileSync(join(computer.folder, 'last-known.json'), 'utf8')).not.toContain(KEY.name);

  const again = computer.start();
  await again.start();
  expect(computer.state).toMatchObject({
    connection: 'removed',
    removal,
    pairing: { state: 'paired', person: PERSON },
    authenticators: [],
  });
  await again.disconnect();
  expect(computer.state).toMatchObject({ pairing: { state: 'none' }, removal: null });
  expect(existsSync(join(computer.folder, 'last-known.json'))).toBe(false);
});

test('removed while the keychain is away: what could not be wiped is wiped at the next start', async () => {
  await computer.pair();
  computer.brokenAt = 'probe';
  computer.refuse(401, 'device.removed', { wipe: 'doorstep' });
  await until(() => expect(computer.state.connection).toBe('removed'));
  expect(computer.entries.has('one/device')).toBe(true);
  computer.brokenAt = null;
  const again = computer.start();
  await again.start();
  expect(computer.state.connection).toBe('removed');
  expect(computer.entries.has('one/device')).toBe(false);
});

test('a lost computer whose keychain was away: nobody connects it again before all of it is wiped', async () => {
  computer.entries.set('one/seed/AAAA', 'a secret of another site');
  await computer.pair();
  computer.brokenAt = 'probe';
  computer.refuse(401, 'device.removed', { wipe: 'everything' });
  await until(() => expect(computer.state.connection).toBe('removed'));
  await expect(computer.sync.disconnect()).rejects.toMatchObject({ code: 'keychain.failed' });
  expect(computer.state).toMatchObject({ connection: 'removed', removal: { wiped: 'everything' } });
  computer.brokenAt = null;
  await computer.sync.disconnect();
  expect([...computer.entries.keys()]).toEqual([]);
  expect(computer.state).toMatchObject({ pairing: { state: 'none' }, removal: null });
});

test('what came after a removal stays when the person has read of it', async () => {
  await computer.pair();
  computer.refuse(401, 'device.removed', { wipe: 'everything' });
  await until(() => expect(computer.entries.has('one/device')).toBe(false));
  computer.entries.set('one/seed/BBBB', 'added since');
  const again = computer.start();
  await again.start();
  await again.disconnect();
  expect([...computer.entries.keys()]).toEqual(['one/seed/BBBB']);
});

test('the keychain has lost the key: the app says that it is not connected any more', async () => {
  await computer.sync.pair('KTRW-4N7X', undefined);
  await until(() => expect(computer.state.connection).toBe('online'));
  computer.sync.stop();
  computer.entries.clear();
  const again = computer.start();
  await again.start();
  expect(computer.state).toMatchObject({ connection: 'removed', removal: { because: 'unknown' }, pairing: { person: PERSON } });
});

test('a copy of the key that comes back is told so, and so is whoever is left', async () => {
  await computer.pair();
  const copied = computer.entries.get('one/device') ?? '';
  computer.sync.wake();
  await until(() => expect(computer.api.generations.current).not.toBe((JSON.parse(copied) as { generation: string }).generation));
  computer.sync.stop();
  computer.entries.set('one/device', copied);
  const restored = computer.start();
  await restored.start();
  await until(() => expect(computer.state.removal).toMatchObject({ because: 'copied' }));
  await until(() => expect(computer.entries.size).toBe(0));
});
