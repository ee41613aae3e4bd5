/** How a computer is connected with a backend, stays so, and is disconnected by its person. */
import { afterEach, beforeEach, expect, test } from 'vitest';
import { Computer, until } from './computer.ts';
import { DEVICE_ID, PERSON, startDeviceApi } from './device-api.ts';

let computer: Computer;

beforeEach(async () => {
  computer = new Computer(await startDeviceApi());
});
afterEach(() => computer.close());

test('a code pairs; the secret is in the keychain, in an entry of its own, and the app is online', async () => {
  await computer.sync.start();
  expect(computer.state.pairing).toEqual({ state: 'none' });
  await computer.sync.pair(' KTRW-4N7X ', undefined);
  await until(() => expect(computer.state.connection).toBe('online'));
  expect(computer.state.pairing).toMatchObject({ state: 'paired', deviceId: DEVICE_ID, person: PERSON });
  expect([...computer.entries.keys()]).toEqual(['one/device']);
  expect(computer.servers).toEqual([computer.api.server]);
  expect(computer.state.clockSkew).toBe(0);
});

test('after a restart the app is paired without a code, also while the backend is away', async () => {
  await computer.sync.pair('KTRW-4N7X', undefined);
  computer.sync.stop();
  computer.api.fail.set('*', { status: 503, code: 'store.unavailable' });
  const again = computer.start();
  await again.start();
  expect(computer.state.pairing).toMatchObject({ state: 'paired', person: PERSON });
  computer.api.fail.clear();
  await until(() => expect(computer.state.connection).toBe('online'));
});

test('a run for another backend does not count the pairing, and does not forget it', async () => {
  await computer.sync.pair('KTRW-4N7X', undefined);
  const other = computer.start({ only: 'https://id.example' });
  await other.start();
  expect(computer.state.pairing).toEqual({ state: 'none' });
  expect(computer.entries.size).toBe(1);
});

test('a wrong code pairs nothing and keeps nothing', async () => {
  computer.api.fail.set('/v1/devices', { status: 403, code: 'pairing.code-wrong' });
  await expect(computer.sync.pair('XXXX-XXXX', undefined)).rejects.toMatchObject({ code: 'pairing.code-wrong' });
  expect(computer.entries.size).toBe(0);
  expect(computer.servers).toEqual([]);
});

test('a keychain that is away costs nobody a code', async () => {
  computer.brokenAt = 'probe';
  await expect(computer.sync.pair('KTRW-4N7X', undefined)).rejects.toMatchObject({ code: 'keychain.failed' });
  expect(computer.api.calls).toEqual([]);
});

test('a keychain that breaks after the backend said yes: the backend is told, nothing stays paired', async () => {
  computer.brokenAt = 'device';
  await expect(computer.sync.pair('KTRW-4N7X', undefined)).rejects.toMatchObject({ code: 'keychain.failed' });
  expect(computer.api.calls).toEqual(['POST /v1/devices', 'DELETE /v1/device']);
  expect(computer.state.pairing).toEqual({ state: 'unknown' });
  expect(computer.entries.size).toBe(0);
});

test('pairing again takes the place of the first pairing, whose backend is told and is heard no more', async () => {
  await computer.pair();
  const first = computer.keptPairing().key;
  await computer.pair();
  expect(computer.keptPairing().key).not.toBe(first);
  await until(() => expect(computer.api.streams()).toBe(1));
  expect(computer.api.calls.filter((call) => call === 'DELETE /v1/device')).toHaveLength(1);
});

test('pairing again with a keychain that breaks leaves the first pairing', async () => {
  await computer.sync.pair('KTRW-4N7X', undefined);
  const first = computer.entries.get('one/device');
  computer.brokenAt = 'device';
  await expect(computer.sync.pair('KTRW-4N7X', undefined)).rejects.toMatchObject({ code: 'keychain.failed' });
  expect(computer.entries.get('one/device')).toBe(first);
});

test('disconnecting tells the backend and wipes; where it is out of reach, it wipes all the same', async () => {
  await computer.sync.pair('KTRW-4N7X', undefined);
  await computer.sync.disconnect();
  expect(computer.api.calls).toContain('DELETE /v1/device');
  expect(computer.entries.size).toBe(0);
  await computer.sync.pair('KTRW-4N7X', undefined);
  computer.api.fail.set('*', { status: 502, code: 'not ours' });
  await computer.sync.disconnect();
  expect(computer.entries.size).toBe(0);
  expect(computer.state.pairing).toEqual({ state: 'none' });
});

test('the backend refuses to let the last way go: nothing is wiped', async () => {
  await computer.pair();
  computer.api.fail.set('/v1/device', { status: 409, code: 'authenticator.last-way' });
  await expect(computer.sync.disconnect()).rejects.toMatchObject({ code: 'authenticator.last-way' });
  expect(computer.entries.size).toBe(1);
});

test('a person whose account is closed may disconnect the computer all the same', async () => {
  await computer.pair();
  computer.refuse(403, 'person.disabled');
  await until(() => expect(computer.state.fault?.code).toBe('person.disabled'));
  await computer.sync.disconnect();
  expect(computer.state).toMatchObject({ pairing: { state: 'none' }, removal: null, fault: null });
  expect(computer.entries.size).toBe(0);
});

test.each(['redirect', 'rubbish'] as const)('an answer that is a %s is no answer', async (kind) => {
  computer.api.fail.set('*', kind);
  await expect(computer.sync.pair('KTRW-4N7X', undefined)).rejects.toMatchObject({ code: 'backend.unreachable' });
});

test('plain HTTP is for this computer alone', async () => {
  await expect(computer.sync.pair('KTRW-4N7X', 'http://id.example')).rejects.toMatchObject({ code: 'backend.not-trusted' });
});

test.each(['{}', 'null', 'x', '{"server":"http://id.example","device":{},"key":"AAAA"}'])(
  'a keychain entry that makes no sense is no pairing: %s',
  async (text) => {
    computer.entries.set('one/pairing', text);
    computer.entries.set('one/device-key', 'AAAA');
    await computer.sync.start();
    expect(computer.state.pairing).toEqual({ state: 'none' });
  },
);
