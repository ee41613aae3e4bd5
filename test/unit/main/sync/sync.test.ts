/** The app in step with its backend: what changes there, what it is asked, and how it comes back after it was away. */
import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { CHALLENGE } from '../../../support/shapes.ts';
import { Computer, KEY, until } from './computer.ts';
import { DEVICE_ID, PERSON, startDeviceApi } from './device-api.ts';

let computer: Computer;

beforeEach(async () => {
  computer = new Computer(await startDeviceApi());
});
afterEach(() => computer.close());

test('a request that ends by itself goes away without an event', async () => {
  await computer.pair();
  computer.api.change({ challenges: [{ ...CHALLENGE, expiresAt: new Date(Date.now() + 300).toISOString() }] });
  await until(() => expect(computer.state.challenges).toHaveLength(1));
  computer.api.snapshot = { ...computer.api.snapshot, version: computer.api.snapshot.version + 1, challenges: [] };
  await until(() => expect(computer.state.challenges).toHaveLength(0));
});

test('an event brings the change, and two readings that overtake each other leave the newer one', async () => {
  await computer.pair();
  computer.api.change({ challenges: [CHALLENGE] });
  await until(() => expect(computer.state.challenges).toEqual([CHALLENGE]));
  computer.api.snapshot = { ...computer.api.snapshot, version: 0, challenges: [] };
  await computer.sync.refresh();
  expect(computer.state.challenges).toEqual([CHALLENGE]);
});

test('how a request ended is told', async () => {
  await computer.pair();
  computer.api.change({ challenges: [], ended: [{ id: CHALLENGE.id, state: 'canceled', authenticatorId: null }] });
  await until(() => expect(computer.ended).toEqual(['canceled']));
});

test('a cut stream is opened again, and what was missed meanwhile is read', async () => {
  await computer.pair();
  computer.api.cutStreams();
  computer.api.change({ challenges: [CHALLENGE] });
  await until(() => expect(computer.state.challenges).toEqual([CHALLENGE]));
  await computer.isListening();
});

test('the backend goes away and comes back: offline, then online without anybody doing anything', async () => {
  await computer.pair();
  computer.refuse(502, 'not ours');
  await until(() => expect(computer.state.connection).toBe('offline'));
  computer.api.fail.clear();
  await until(() => expect(computer.state.connection).toBe('online'));
});

test('a call that fails beside live events is followed by a new greeting, which says how it is', async () => {
  await computer.pair();
  computer.api.fail.set(`/v1/device/challenges/${CHALLENGE.id}/decision`, 'cut');
  await expect(computer.sync.decide(CHALLENGE, 'approve', null)).rejects.toMatchObject({ code: 'backend.unreachable' });
  await until(() => expect(computer.state.connection).toBe('online'));
  expect(computer.api.calls.filter((call) => call === 'POST /v1/device/hello')).toHaveLength(2);
  await computer.isListening();
});

test('waking up connects at once, whatever the back-off', async () => {
  await computer.pair();
  computer.sync.wake();
  await until(() => expect(computer.api.calls.filter((call) => call === 'GET /v1/device/events')).toHaveLength(2));
});

test('a clock that is four minutes wrong is measured, corrected and said', async () => {
  computer.start({ skew: 240_000 });
  await computer.sync.pair('KTRW-4N7X', undefined);
  await until(() => expect(computer.state.connection).toBe('online'));
  expect(Math.abs((computer.state.clockSkew ?? 0) - 240)).toBeLessThanOrEqual(2);
});

test('a backend that blames the clock all the same is believed', async () => {
  await computer.pair();
  computer.refuse(401, 'clock.wrong');
  await until(() => expect(computer.state.connection).toBe('clock-wrong'));
});

test('with no connection the last known list is shown, from a private file that holds no secret', async () => {
  computer.api.snapshot = { ...computer.api.snapshot, authenticators: [KEY], challenges: [CHALLENGE] };
  await computer.sync.pair('KTRW-4N7X', undefined);
  await until(() => expect(computer.state.authenticators).toHaveLength(1));
  computer.sync.stop();
  const file = join(computer.folder, 'last-known.json');
  expect(statSync(file).mode & 0o777).toBe(0o600);
  const { key } = computer.keptPairing();
  expect(readFileSync(file, 'utf8')).not.toContain(key.slice(40, 80));
  computer.api.fail.set('*', 'cut');
  const again = computer.start();
  await again.start();
  // What waited then has ended by now, as far as anybody here can tell.
  expect(computer.state).toMatchObject({ authenticators: [KEY], challenges: [], pairing: { person: PERSON } });
  await until(() => expect(computer.state.connection).toBe('offline'));
  computer.api.fail.clear();
});

test('each connection brings a new generation, which is kept before it is shown', async () => {
  await computer.pair();
  const kept = () => computer.keptPairing().generation;
  const first = kept();
  expect(first).toMatch(/^[A-Za-z0-9_-]{22}$/);
  expect(computer.api.generations.current).toBe(first);
  computer.sync.wake();
  await until(() => expect(computer.api.generations.current).not.toBe(first));
  await until(() => expect(kept()).toBe(computer.api.generations.current));
  computer.sync.stop();
  const again = computer.start();
  await again.start();
  await until(() => expect(computer.state.connection).toBe('online'));
});

test('a keychain that keeps no new generation costs nothing: the one before is shown', async () => {
  // A greeting that is broken off before it is heard would not be counted.
  await computer.pair();
  const shown = computer.api.generations.current;
  expect(shown).not.toBeNull();
  computer.brokenAt = 'device';
  computer.sync.wake();
  await until(() => expect(computer.api.generations.offered).toHaveLength(1));
  computer.sync.wake();
  await until(() => expect(computer.api.calls.filter((call) => call === 'POST /v1/device/hello')).toHaveLength(3));
  await computer.isListening();
  expect(computer.api.generations.current).toBe(shown);
  expect(computer.state.connection).toBe('online');
});

test('a request that crossed a change of generation is signed again', async () => {
  await computer.pair();
  computer.api.fail.set('/v1/device', { status: 401, code: 'device.request-replayed' });
  setTimeout(() => computer.api.fail.clear(), 5);
  await computer.sync.refresh().catch(() => undefined);
  expect(computer.api.calls.filter((call) => call === 'GET /v1/device').length).toBeGreaterThanOrEqual(2);
  expect(computer.state.connection).toBe('online');
});

test('a stream that says nothing for too long is dead, whatever TCP thinks of it', async () => {
  computer.start({ silence: 400 });
  await computer.pair();
  const streams = () => computer.api.calls.filter((call) => call === 'GET /v1/device/events').length;
  expect(streams()).toBe(1);
  await until(() => expect(streams()).toBe(2));
});

test('a decision is signed with all that the window showed', async () => {
  await computer.pair();
  await computer.sync.decide(CHALLENGE, 'approve', '482913');
  await computer.sync.decide(CHALLENGE, 'not-me', null);
  expect(computer.api.statements[0]).toEqual({
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
  expect(computer.api.statements[1]?.payload).toMatchObject({ decision: 'not-me', number: null });
});
