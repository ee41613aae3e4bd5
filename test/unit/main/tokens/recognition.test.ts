import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { DoorstepError } from '../../../../src/contract/errors.ts';
import type { Authenticator } from '../../../../src/contract/http/shapes.ts';
import type { AppState } from '../../../../src/contract/ipc.ts';
import type { TokenSummary } from '../../../../src/contract/tokens.ts';
import { createLog } from '../../../../src/main/app/log.ts';
import { createStateStore, firstState, type StateStore } from '../../../../src/main/app/state-store.ts';
import { watchRecognition } from '../../../../src/main/tokens/recognition.ts';
import type { TokenSupervisor } from '../../../../src/main/tokens/supervisor.ts';

interface Asked {
  readonly tokenId: string;
  readonly rpId: string;
  readonly credentialIds: readonly string[];
}

const PAIRED: AppState['pairing'] = {
  state: 'paired',
  deviceId: 'd'.repeat(22),
  person: { id: 'p'.repeat(22), username: 'amina', displayName: 'Amina' },
  organization: { name: 'Northmoor', origin: 'https://id.example', rpId: 'id.example' },
};
const key = (id: string, more: Partial<Authenticator> = {}) =>
  ({ id, kind: 'security-key', state: 'active', name: id, credentialId: `credential-${id}`, ...more }) as Authenticator;
const token = (id: string, more: Partial<TokenSummary> = {}) =>
  ({ id, state: { kind: 'ready' }, passkeysLeft: null, ...more }) as TokenSummary;

let store: StateStore;
let asked: Asked[];
let signals: AbortSignal[];
let answer: (request: Asked) => Promise<string | null>;
let pushed: Readonly<Record<string, string>>[];
let stop: () => void;

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  store = createStateStore(firstState('1.0.0', 'https://id.example', false));
  asked = [];
  signals = [];
  pushed = [];
  answer = async () => null;
  const tokens = {
    call: async (call: string, request: Asked, { signal }: { signal: AbortSignal }) => {
      expect(call).toBe('recognize');
      asked.push(request);
      signals.push(signal);
      return { credentialId: await answer(request) };
    },
  } as unknown as TokenSupervisor;
  stop = watchRecognition({ store, tokens, log: createLog(() => undefined) });
  store.subscribe(({ recognized }) => pushed.push(recognized));
});
afterEach(() => {
  stop();
  vi.useRealTimers();
});

/** Lets everybody hear of the change and of what follows from it. */
const tell = async (change: Partial<AppState>) => {
  store.change(change);
  for (let turn = 0; turn < 4; turn++) await new Promise((resolve) => setImmediate(resolve));
};

test('asks each ready token once which of the enrolled keys it holds', async () => {
  answer = async ({ tokenId }) => (tokenId === 'usb-1' ? 'credential-blue' : null);
  await tell({ tokens: [token('usb-1'), token('usb-2'), token('usb-3', { state: { kind: 'opening' } })] });
  expect(asked).toEqual([]);
  const removed = key('old', { state: 'removed' });
  await tell({
    pairing: PAIRED,
    authenticators: [key('blue'), key('pc', { kind: 'desktop' }), removed, key('none', { credentialId: null })],
  });
  const request = { rpId: 'id.example', credentialIds: ['credential-blue'] };
  expect(asked).toEqual([
    { tokenId: 'usb-1', ...request },
    { tokenId: 'usb-2', ...request },
  ]);
  expect(store.get().recognized).toEqual({ 'usb-1': 'blue' });
  await tell({ authenticators: [key('blue', { name: 'Renamed', preferred: true })], clockSkew: 3 });
  expect(asked).toHaveLength(2);
});

test('nothing is asked where nobody is paired or no key is enrolled', async () => {
  await tell({ tokens: [token('usb-1')], authenticators: [key('blue')] });
  await tell({ authenticators: [], pairing: PAIRED });
  expect(asked).toEqual([]);
});

test('a token that goes takes its name along in the same telling', async () => {
  answer = async () => 'credential-blue';
  await tell({ tokens: [token('usb-1')], pairing: PAIRED, authenticators: [key('blue')] });
  expect(store.get().recognized).toEqual({ 'usb-1': 'blue' });
  pushed.length = 0;
  await tell({ tokens: [] });
  expect(pushed[0]).toEqual({});
  expect(pushed.every((recognized) => Object.keys(recognized).length === 0)).toBe(true);
});

test('a key that is added, removed, or deleted from its token is looked for again', async () => {
  await tell({ tokens: [token('usb-1', { passkeysLeft: 24 })], pairing: PAIRED, authenticators: [key('spare')] });
  expect(store.get().recognized).toEqual({});
  answer = async () => 'credential-blue';
  await tell({ authenticators: [key('spare'), key('blue')] });
  expect(asked).toHaveLength(2);
  expect(store.get().recognized).toEqual({ 'usb-1': 'blue' });
  answer = async () => null;
  await tell({ tokens: [token('usb-1', { passkeysLeft: 25 })] });
  expect(store.get().recognized).toEqual({});
  answer = async () => 'credential-blue';
  await tell({ tokens: [token('usb-1', { passkeysLeft: 24 })] });
  await tell({ authenticators: [key('spare')] });
  expect(store.get().recognized).toEqual({});
  await tell({ authenticators: [key('blue')], pairing: { state: 'none' } });
  expect(store.get().recognized).toEqual({});
});

test('an answer that comes after its question is over is not used', async () => {
  let late: (credentialId: string) => void = () => undefined;
  answer = () => new Promise((resolve) => (late = resolve));
  await tell({ tokens: [token('usb-1')], pairing: PAIRED, authenticators: [key('blue')] });
  await tell({ tokens: [] });
  expect(signals[0]?.aborted).toBe(true);
  late('credential-blue');
  await tell({});
  expect(store.get().recognized).toEqual({});
});

test('a busy token is asked again later, and not for ever', async () => {
  answer = async () => {
    throw new DoorstepError('token.busy');
  };
  await tell({ tokens: [token('usb-1')], pairing: PAIRED, authenticators: [key('blue')] });
  expect(asked).toHaveLength(1);
  await vi.advanceTimersByTimeAsync(500);
  expect(asked).toHaveLength(2);
  await vi.advanceTimersByTimeAsync(3_600_000);
  expect(asked).toHaveLength(40);
  expect(vi.getTimerCount()).toBe(0);
});

test('a token that was busy is known once it is free', async () => {
  answer = async () => {
    if (asked.length < 3) throw new DoorstepError('token.busy');
    return 'credential-blue';
  };
  await tell({ tokens: [token('usb-1')], pairing: PAIRED, authenticators: [key('blue')] });
  await vi.advanceTimersByTimeAsync(1_500);
  expect(store.get().recognized).toEqual({ 'usb-1': 'blue' });
});

test('what goes wrong otherwise is not tried again before something changes, and nothing runs after the end', async () => {
  answer = async () => {
    throw new DoorstepError('token.timeout');
  };
  await tell({ tokens: [token('usb-1')], pairing: PAIRED, authenticators: [key('blue')] });
  await vi.advanceTimersByTimeAsync(3_600_000);
  expect(asked).toHaveLength(1);
  answer = async () => {
    throw new DoorstepError('token.busy');
  };
  await tell({ authenticators: [key('blue'), key('spare')] });
  expect(asked).toHaveLength(2);
  stop();
  await vi.advanceTimersByTimeAsync(3_600_000);
  await tell({ tokens: [token('usb-2')] });
  expect(asked).toHaveLength(2);
});
