import fc from 'fast-check';
import { beforeEach, expect, test, vi } from 'vitest';
import { DoorstepError } from '../../../../src/contract/errors.ts';
import { IPC_REQUESTS, type IpcChannel } from '../../../../src/contract/ipc.ts';
import { createLog } from '../../../../src/main/app/log.ts';
import { type Commands, type DoorEvent, type DoorOptions, passThrough } from '../../../../src/main/ipc/door.ts';

vi.mock('electron', () => ({ ipcMain: {} }));

const ORIGIN = 'app://doorstep';
const channels = Object.keys(IPC_REQUESTS) as IpcChannel[];
const lines: string[] = [];
const called = vi.fn(async (..._request: unknown[]): Promise<unknown> => null);

/** A window's event as Electron makes it; each test breaks one thing of it. */
function event(url = `${ORIGIN}/index.html`) {
  const frame = { url, parent: null };
  return { sender: { mainFrame: frame }, senderFrame: frame };
}

const options = (isOurs: boolean | 'approval' = true): DoorOptions => ({
  commands: Object.fromEntries(channels.map((channel) => [channel, called])) as unknown as Commands,
  log: createLog((line) => lines.push(line)),
  origin: ORIGIN,
  channels: () => (isOurs === 'approval' ? ['approval.deny'] : isOurs ? 'all' : null),
  tellState: told,
});
const told = vi.fn();
const pass = (from: object, channel: unknown, request: unknown, isOurs: boolean | 'approval' = true) =>
  passThrough(options(isOurs), from as unknown as DoorEvent, channel, request);
const REFUSED = { ok: false, code: 'ipc.refused', detail: {} };

beforeEach(() => {
  called.mockReset();
  called.mockResolvedValue(null);
  lines.length = 0;
});

test('a request that fits passes, and is answered as data', async () => {
  called.mockResolvedValue([]);
  expect(await pass(event(), 'key.passkeys', { tokenId: 't' })).toEqual({ ok: true, value: [] });
  expect(called).toHaveBeenCalledExactlyOnceWith({ tokenId: 't' });
});

test('the window has seen what came of its request before it gets the answer, also of a failed one', async () => {
  told.mockReset();
  await pass(event(), 'state.get', {});
  called.mockRejectedValueOnce(new DoorstepError('pin.wrong'));
  await pass(event(), 'state.get', {});
  expect(told).toHaveBeenCalledTimes(2);
});

test('a window that is there for one thing may ask for nothing else', async () => {
  expect(await pass(event(), 'approval.deny', { id: 'C'.repeat(22) }, 'approval')).toEqual({ ok: true, value: null });
  expect(await pass(event(), 'pairing.disconnect', {}, 'approval')).toEqual(REFUSED);
  expect(called).toHaveBeenCalledTimes(1);
});

test.each([
  ['a window that is not ours', () => ({ from: event(), isOurs: false })],
  ['a frame that is gone', () => ({ from: { ...event(), senderFrame: null }, isOurs: true })],
  ['a frame inside a frame', () => ({ from: { ...event(), senderFrame: { url: `${ORIGIN}/index.html`, parent: {} } }, isOurs: true })],
  [
    'a frame that is not the top one',
    () => ({ from: { ...event(), senderFrame: { url: `${ORIGIN}/index.html`, parent: null } }, isOurs: true }),
  ],
  ['another origin', () => ({ from: event('https://evil.example/index.html'), isOurs: true })],
  ['another host of our scheme', () => ({ from: event('app://evil/index.html'), isOurs: true })],
  ['a host that begins with ours', () => ({ from: event('app://doorstep.evil/index.html'), isOurs: true })],
  ['an address that is none', () => ({ from: event('about:blank'), isOurs: true })],
])('%s is refused and logged', async (_name, make) => {
  const { from, isOurs } = make();
  expect(await pass(from, 'state.get', {}, isOurs)).toEqual(REFUSED);
  expect(called).not.toHaveBeenCalled();
  expect(lines.join('')).toContain('door.refused');
});

test.each(['', 'state', 'state.get ', '__proto__', 'constructor', 'toString', null, 7, {}, ['state.get']])(
  'the channel %j is not known',
  async (channel) => {
    expect(await pass(event(), channel, {})).toEqual(REFUSED);
    expect(called).not.toHaveBeenCalled();
  },
);

test('whatever a window sends as a payload is refused or fits; nothing throws', async () => {
  await fc.assert(
    fc.asyncProperty(fc.constantFrom(...channels), fc.anything(), async (channel, request) => {
      const outcome = await pass(event(), channel, request);
      expect(outcome.ok || outcome.code === 'ipc.refused').toBe(true);
    }),
    { numRuns: 500 },
  );
});

test('a member too many, or a text too long, does not fit', async () => {
  expect(await pass(event(), 'state.get', { more: 1 })).toEqual(REFUSED);
  expect(await pass(event(), 'key.enroll', { tokenId: 't', name: 'x'.repeat(65) })).toEqual(REFUSED);
  expect(await pass(event(), 'authenticator.rename', { id: '../../device', name: 'x' })).toEqual(REFUSED);
});

test.each([
  ['', false],
  ['A+/=', false],
  ['A'.repeat(129), false],
  ['QQ', true],
])('renaming a passkey of the user handle %j passes: %j', async (userId, fits) => {
  const request = { tokenId: 't', credentialId: 'AAAA', userId, userName: 'amina', userDisplayName: 'Amina' };
  expect((await pass(event(), 'key.rename-passkey', request)).ok).toBe(fits);
  expect(called).toHaveBeenCalledTimes(fits ? 1 : 0);
});

test('a failure travels as its code; one that is not ours as internal, without its text', async () => {
  called.mockRejectedValueOnce(new DoorstepError('pin.wrong', { retries: 5 }));
  expect(await pass(event(), 'key.try', { tokenId: 't' })).toEqual({ ok: false, code: 'pin.wrong', detail: { retries: 5 } });
  called.mockRejectedValueOnce(new Error('the PIN was 1234'));
  expect(await pass(event(), 'key.try', { tokenId: 't' })).toEqual({ ok: false, code: 'internal', detail: {} });
  expect(lines.join('')).not.toContain('1234');
});

test('a PIN that passes the door is not logged, nor is a pairing code', async () => {
  await pass(event(), 'prompt.answer', { promptId: 1, answer: { kind: 'pin', pin: '83719264' } });
  await pass(event(), 'prompt.answer', { promptId: 'x', answer: { kind: 'pin', pin: '83719264' } });
  await pass(event(), 'pairing.connect', { code: 'KTRW-4N7X', server: 7 });
  expect(lines.join('')).not.toMatch(/83719264|KTRW/);
});
