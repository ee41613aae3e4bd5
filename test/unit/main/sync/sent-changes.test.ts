/** What the person changes here: shown at once, kept until the backend has it, and told when it refused. */
import { existsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { CHALLENGE } from '../../../support/shapes.ts';
import { Computer, KEY, SPARE, until } from './computer.ts';
import { startDeviceApi } from './device-api.ts';

let computer: Computer;

beforeEach(async () => {
  computer = new Computer(await startDeviceApi());
  computer.api.snapshot = { ...computer.api.snapshot, authenticators: [KEY, SPARE] };
  await computer.pair();
});
afterEach(() => computer.close());

const names = () => computer.state.authenticators.map((each) => each.name);
const away = async () => {
  computer.api.fail.set('*', 'cut');
  computer.api.cutStreams();
  await until(() => expect(computer.state.connection).toBe('offline'));
};
const back = async () => {
  computer.api.fail.clear();
  await until(() => expect(computer.state.connection).toBe('online'));
};

test('made while the backend is in reach, they are done at once', async () => {
  await computer.sync.change(KEY.id, { kind: 'rename', name: 'Desk key' });
  expect(computer.api.changes).toMatchObject([{ authenticatorId: KEY.id, change: { kind: 'rename', name: 'Desk key' } }]);
  expect(computer.state.waitingChanges).toBe(0);
});

test('refused while the person waits: they are told at once, nothing is left', async () => {
  computer.api.outcomes.get = () => ({ outcome: 'refused', code: 'authenticator.last-way' });
  await expect(computer.sync.change(KEY.id, { kind: 'remove' })).rejects.toMatchObject({ code: 'authenticator.last-way' });
  expect(names()).toEqual(['Blue key', 'Spare key']);
  expect(computer.state).toMatchObject({ waitingChanges: 0, notices: [] });
  computer.api.outcomes.get = () => ({ outcome: 'gone', code: null });
  await expect(computer.sync.change(KEY.id, { kind: 'prefer' })).rejects.toMatchObject({ code: 'authenticator.not-found' });
});

test('made offline they show at once, survive a crash of the app, and are sent once with the key they were made with', async () => {
  await away();
  await computer.sync.change(KEY.id, { kind: 'rename', name: 'Desk key' });
  await computer.sync.change(SPARE.id, { kind: 'prefer' });
  await computer.sync.change(KEY.id, { kind: 'remove' });
  expect(names()).toEqual(['Spare key']);
  expect(computer.state.authenticators[0]?.preferred).toBe(true);
  expect(computer.state.waitingChanges).toBe(3);
  expect(statSync(join(computer.folder, 'changes.json')).mode & 0o777).toBe(0o600);
  computer.sync.stop();

  const again = computer.start();
  await again.start();
  expect(names()).toEqual(['Spare key']);
  expect(computer.state.waitingChanges).toBe(3);
  await back();
  await until(() => expect(computer.state.waitingChanges).toBe(0));
  expect(computer.api.changes.map(({ change }) => change.kind)).toEqual(['rename', 'prefer', 'remove']);
  const times = computer.api.changes.map(({ madeAt }) => Date.parse(madeAt));
  expect([...times].sort((a, b) => a - b)).toEqual(times);
  expect(new Set(computer.api.changes.map(({ key }) => key)).size).toBe(3);
});

test('an answer that got lost: sent again with the same key', async () => {
  computer.api.fail.set('/v1/device/changes', 'cut');
  await computer.sync.change(KEY.id, { kind: 'rename', name: 'Desk key' });
  expect(names()).toEqual(['Desk key', 'Spare key']);
  expect(computer.state.waitingChanges).toBe(1);
  computer.api.fail.clear();
  computer.api.cutStreams();
  await until(() => expect(computer.state.waitingChanges).toBe(0));
  expect(new Set(computer.api.changes.map(({ key }) => key)).size).toBe(1);
});

test('a backend that is busy is asked again, with the connection as it stands', async () => {
  computer.api.fail.set('/v1/device/changes', { status: 429, code: 'request.rate-limited' });
  await computer.sync.change(KEY.id, { kind: 'rename', name: 'Desk key' });
  expect(computer.state).toMatchObject({ waitingChanges: 1, connection: 'online' });
  computer.api.fail.clear();
  await until(() => expect(computer.state.waitingChanges).toBe(0));
});

test('refused later: a notice says what and why, until it was read', async () => {
  await away();
  await computer.sync.change(KEY.id, { kind: 'remove' });
  computer.api.outcomes.get = () => ({ outcome: 'refused', code: 'authenticator.last-way' });
  await back();
  await until(() =>
    expect(computer.state.notices).toMatchObject([{ kind: 'change-refused', code: 'authenticator.last-way', about: 'Blue key' }]),
  );
  expect(names()).toEqual(['Blue key', 'Spare key']);
  computer.sync.stop();
  const again = computer.start();
  await again.start();
  await until(() => expect(computer.state.notices).toHaveLength(1));
  again.dismissRefusal(computer.state.notices[0]?.id ?? '');
  expect(computer.state.notices).toEqual([]);
});

test('what the backend cannot read holds up nothing behind it', async () => {
  await away();
  await computer.sync.change(KEY.id, { kind: 'rename', name: 'Desk key' });
  computer.api.fail.clear();
  computer.api.fail.set('/v1/device/changes', { status: 400, code: 'request.malformed' });
  await until(() => expect(computer.state.notices).toMatchObject([{ code: 'request.malformed' }]));
  expect(computer.state.waitingChanges).toBe(0);
  expect(names()).toEqual(['Blue key', 'Spare key']);
});

test('they belong to this pairing, and go with it', async () => {
  await away();
  await computer.sync.change(KEY.id, { kind: 'remove' });
  computer.api.fail.clear();
  computer.api.fail.set('*', { status: 401, code: 'device.removed', facts: { wipe: 'doorstep' } });
  await until(() => expect(computer.state.connection).toBe('removed'));
  expect(existsSync(join(computer.folder, 'changes.json'))).toBe(false);
  expect(computer.api.changes).toEqual([]);
});

test('made after a call that failed beside a connection that stands: sent with the greeting that follows the failure', async () => {
  computer.api.fail.set(`/v1/device/challenges/${CHALLENGE.id}/decision`, 'cut');
  await expect(computer.sync.decide(CHALLENGE, 'approve', null)).rejects.toMatchObject({ code: 'backend.unreachable' });
  await computer.sync.change(KEY.id, { kind: 'rename', name: 'Desk key' });
  await until(() => expect(computer.state).toMatchObject({ waitingChanges: 0, connection: 'online' }));
  expect(computer.api.changes).toHaveLength(1);
});

test('of what was changed elsewhere and seen here, a change that is made here is the later one', async () => {
  computer.sync.stop();
  // Less than what is taken for a wrong clock.
  await computer.start({ skew: -1_900 }).start();
  await until(() => expect(computer.state.connection).toBe('online'));
  await computer.isListening();
  computer.api.change({ authenticators: [{ ...KEY, name: 'Named elsewhere' }, SPARE] });
  await until(() => expect(names()).toContain('Named elsewhere'));
  const seen = Date.parse(computer.state.checkedAt ?? '');
  await computer.sync.change(KEY.id, { kind: 'rename', name: 'Desk key' });
  expect(Date.parse(computer.api.changes[0]?.madeAt ?? '')).toBeGreaterThanOrEqual(seen);
});
