import { beforeEach, expect, test, vi } from 'vitest';
import { DoorstepError } from '../../../../src/contract/errors.ts';
import type { WaitingChallenge } from '../../../../src/contract/http/shapes.ts';
import { createKeyFlows, type KeyFlows } from '../../../../src/main/app/key-flows.ts';
import type { Sync } from '../../../../src/main/sync/sync.ts';
import { createPrompts, type Prompts } from '../../../../src/main/tokens/prompts.ts';
import type { TokenSupervisor } from '../../../../src/main/tokens/supervisor.ts';

const CHALLENGE: WaitingChallenge = {
  id: 'c'.repeat(22),
  serviceName: 'VPN',
  place: null,
  asked: null,
  number: null,
  byKey: true,
  createdAt: '',
  expiresAt: '',
};
const CEREMONY = { ceremonyId: 'y'.repeat(22), expiresAt: '', options: { challenge: 'AAAA' } };
const CREDENTIAL = { id: 'credential' };

/** What was asked of the backend and of the token process, in order. */
const said: unknown[] = [];
let challenges: WaitingChallenge[];
let token: () => Promise<unknown>;
let backend: (route: string) => unknown;
let prompts: Prompts;
let keys: KeyFlows;

beforeEach(() => {
  said.length = 0;
  challenges = [CHALLENGE];
  token = async () => ({ tokenId: 't', credential: CREDENTIAL });
  backend = (route) => (route.endsWith('Options') ? CEREMONY : { authenticator: { id: 'new', name: 'Blue key' } });
  prompts = createPrompts(() => undefined);
  const sync = {
    origin: () => 'https://id.example',
    refresh: async () => void said.push('refresh'),
    call: async ({ route, body }: { route: string; body?: unknown }) => {
      said.push(body === undefined ? route : [route, body]);
      return backend(route);
    },
  } as unknown as Sync;
  const tokens = {
    call: (call: string, request: unknown, { signal }: { signal: AbortSignal }) => {
      said.push([call, request]);
      const stopped = new Promise((_resolve, reject) => {
        signal.addEventListener('abort', () => reject(new DoorstepError('token.canceled')));
      });
      return Promise.race([token(), stopped]);
    },
  } as unknown as TokenSupervisor;
  keys = createKeyFlows({ sync, tokens, prompts, challenges: () => challenges });
});

test('enrolling: the options of the backend, the key at its origin, and the answer back', async () => {
  expect(await keys.enroll('t', 'Blue key')).toEqual({ authenticatorId: 'new' });
  expect(said).toEqual([
    'deviceRegistrationOptions',
    ['register', { tokenId: 't', origin: 'https://id.example', options: CEREMONY.options }],
    ['deviceRegistration', { ceremonyId: CEREMONY.ceremonyId, name: 'Blue key', credential: CREDENTIAL }],
    'refresh',
  ]);
});

test('a key that fails tells the backend nothing', async () => {
  token = async () => {
    throw new DoorstepError('token.not-touched');
  };
  await expect(keys.enroll('t', 'Blue key')).rejects.toMatchObject({ code: 'token.not-touched' });
  expect(said).toHaveLength(2);
});

test('answering a challenge: any key, at the origin of the backend and no other', async () => {
  await keys.answerChallenge(CHALLENGE.id);
  expect(said).toEqual([
    'deviceChallengeOptions',
    ['assert', { origin: 'https://id.example', options: CEREMONY.options }],
    ['deviceChallengeAnswer', { ceremonyId: CEREMONY.ceremonyId, credential: CREDENTIAL }],
    'refresh',
  ]);
});

test('a challenge that nobody knows of is over before a key is asked', async () => {
  challenges = [];
  await expect(keys.answerChallenge(CHALLENGE.id)).rejects.toMatchObject({ code: 'challenge.ended' });
  expect(said).toEqual([]);
});

test.each([
  ['ended elsewhere', [], 'challenge.ended'],
  ['stopped here', [CHALLENGE], 'token.canceled'],
])('a challenge that is %s while the key waits says which', async (_name, left, code) => {
  token = () => new Promise(() => undefined);
  const answered = expect(keys.answerChallenge(CHALLENGE.id)).rejects.toMatchObject({ code });
  await vi.waitFor(() => expect(said).toHaveLength(2));
  challenges = left;
  prompts.cancelChallenge(CHALLENGE.id);
  await answered;
});

test('showing a key: whichever one the person touches, as the backend sees it', async () => {
  await keys.showKey({ kind: 'export' });
  expect(said).toEqual([
    'deviceTryOptions',
    ['assert', { origin: 'https://id.example', options: CEREMONY.options }],
    ['deviceTry', { ceremonyId: CEREMONY.ceremonyId, credential: CREDENTIAL }],
  ]);
  backend = (route) => {
    if (route === 'deviceTry') throw new DoorstepError('webauthn.failed');
    return CEREMONY;
  };
  await expect(keys.showKey({ kind: 'export' })).rejects.toMatchObject({ code: 'webauthn.failed' });
});
