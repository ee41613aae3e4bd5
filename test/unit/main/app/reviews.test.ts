import { beforeEach, expect, test, vi } from 'vitest';
import { DoorstepError } from '../../../../src/contract/errors.ts';
import type { Decision } from '../../../../src/contract/http/approvals.ts';
import type { WaitingChallenge } from '../../../../src/contract/http/shapes.ts';
import type { AppState } from '../../../../src/contract/ipc.ts';
import { createLog } from '../../../../src/main/app/log.ts';
import { createReviews, type Reviews } from '../../../../src/main/app/reviews.ts';
import { createStateStore, firstState, type StateStore } from '../../../../src/main/app/state-store.ts';

const ID = 'C'.repeat(22);
const NOW = Date.parse('2026-11-24T12:01:00.000Z');
const CHALLENGE: WaitingChallenge = {
  id: ID,
  serviceName: 'VPN',
  place: 'Leeds area',
  asked: null,
  number: { digits: 6, triesLeft: 3 },
  byKey: true,
  createdAt: '2026-11-24T12:00:00.000Z',
  expiresAt: '2026-11-24T12:10:00.000Z',
};

const PAIRED: AppState['pairing'] = {
  state: 'paired',
  deviceId: 'D'.repeat(22),
  person: { id: 'P'.repeat(22), username: 'amina.yusuf', displayName: 'Amina Yusuf' },
  organization: { name: 'Northmoor', origin: 'https://id.example', rpId: 'id.example' },
};

let store: StateStore;
let reviews: Reviews;
let decided: [Decision, string | null][];
let answer: () => Promise<void>;
const window = { show: vi.fn(), close: vi.fn() };
const stopKey = vi.fn();
let now = NOW;

beforeEach(() => {
  store = createStateStore({
    ...firstState('1.0.0', 'https://id.example', false),
    connection: 'online',
    pairing: PAIRED,
    challenges: [CHALLENGE],
  });
  decided = [];
  answer = async () => undefined;
  now = NOW;
  vi.clearAllMocks();
  reviews = createReviews({
    store,
    window,
    log: createLog(() => undefined),
    decide: async (_challenge, decision, number) => {
      decided.push([decision, number]);
      await answer();
    },
    stopKey,
    refresh: async () => undefined,
    now: () => now,
  });
  reviews.follow(store.get());
});

const fail =
  (code: ConstructorParameters<typeof DoorstepError>[0], detail = {}) =>
  async () => {
    throw new DoorstepError(code, detail);
  };
/** The next state as the whole app would see it. */
const become = (members: Parameters<StateStore['change']>[0]) => {
  store.change(members);
  reviews.follow(store.get());
};

test('approved with the number: the window shows how it ended, and goes when it was read', async () => {
  reviews.review(ID, true);
  expect(window.show).toHaveBeenCalledExactlyOnceWith(true);
  await reviews.approve(ID, '482913');
  expect(decided).toEqual([['approve', '482913']]);
  expect(store.get().review).toEqual({ challenge: CHALLENGE, ended: 'approved' });
  become({ challenges: [] });
  expect(store.get().review?.ended).toBe('approved');
  reviews.close();
  expect(window.close).toHaveBeenCalledOnce();
  expect(store.get().review).toBeNull();
});

test('a wrong number is told with the tries that are left, and the last one ends the request', async () => {
  reviews.review(ID, true);
  answer = fail('approval.number-wrong', { triesLeft: 2 });
  await expect(reviews.approve(ID, '111111')).rejects.toMatchObject({ code: 'approval.number-wrong', detail: { triesLeft: 2 } });
  become({ challenges: [{ ...CHALLENGE, number: { digits: 6, triesLeft: 2 } }] });
  expect(store.get().review).toMatchObject({ challenge: { number: { triesLeft: 2 } }, ended: null });
  answer = fail('approval.number-wrong', { triesLeft: 0 });
  await reviews.approve(ID, '222222');
  expect(store.get().review?.ended).toBe('too-many-wrong');
});

test('closing the window is a no', async () => {
  reviews.review(ID, false);
  expect(window.show).toHaveBeenCalledExactlyOnceWith(false);
  reviews.closed();
  await vi.waitFor(() => expect(decided).toEqual([['deny', null]]));
  expect(stopKey).toHaveBeenCalledExactlyOnceWith(ID);
  expect(store.get().review).toBeNull();
});

test('a window that has shown the end says nothing more when it is closed', async () => {
  reviews.review(ID, true);
  await reviews.notMe(ID);
  expect(store.get().review?.ended).toBe('reported');
  reviews.closed();
  expect(decided).toEqual([['not-me', null]]);
  expect(store.get().review).toBeNull();
});

test('a lock takes the window away without an answer', () => {
  reviews.review(ID, true);
  reviews.hold();
  expect(window.close).toHaveBeenCalledOnce();
  expect(store.get().review).toBeNull();
  expect(decided).toEqual([]);
});

test.each([
  ['before its time', NOW, 'elsewhere'],
  ['at its end', Date.parse(CHALLENGE.expiresAt), 'expired'],
])('a request that goes %s says so in the window', (_name, at, ended) => {
  reviews.review(ID, true);
  become({ connection: 'offline' });
  become({ challenges: [], connection: 'connecting' });
  expect(store.get().review?.ended).toBeNull();
  now = at;
  become({ connection: 'online' });
  expect(store.get().review?.ended).toBe(ended);
});

test.each([
  ['the page was left', 'canceled', null, null, 'canceled'],
  ['another computer approved', 'approved', 'E'.repeat(22), null, 'elsewhere'],
  ['another computer denied', 'denied', null, null, 'elsewhere'],
  ['its time was over', 'expired', null, null, 'expired'],
  ['it was approved here, and the answer got lost', 'approved', 'D'.repeat(22), 'approve', 'approved'],
  ['it was denied here, and the answer got lost', 'denied', null, 'deny', 'denied'],
] as const)('it waits no more because %s', async (_name, state, authenticatorId, said, ended) => {
  reviews.review(ID, true);
  answer = fail('backend.unreachable');
  if (said === 'approve') await reviews.approve(ID, '482913').catch(() => undefined);
  if (said === 'deny') await reviews.deny(ID).catch(() => undefined);
  answer = fail('challenge.ended');
  reviews.ended([{ id: ID, state, authenticatorId }]);
  become({ challenges: [] });
  expect(store.get().review?.ended).toBe(ended);
});

test('a no that the network swallowed is said again once the backend is back, and once only', async () => {
  reviews.review(ID, true);
  answer = fail('backend.unreachable');
  await expect(reviews.deny(ID)).rejects.toMatchObject({ code: 'backend.unreachable' });
  become({ connection: 'offline' });
  answer = async () => undefined;
  become({ connection: 'online' });
  await vi.waitFor(() => expect(decided).toHaveLength(2));
  become({ connection: 'offline' });
  become({ connection: 'online' });
  await Promise.resolve();
  expect(decided).toEqual([
    ['deny', null],
    ['deny', null],
  ]);
});

test('"this wasn’t me" outlives the network, the closed window and the request itself', async () => {
  reviews.review(ID, true);
  answer = fail('backend.unreachable');
  await expect(reviews.notMe(ID)).rejects.toMatchObject({ code: 'backend.unreachable' });
  reviews.closed();
  await vi.waitFor(() => expect(decided).toHaveLength(2));
  become({ connection: 'offline' });
  now = Date.parse(CHALLENGE.expiresAt) + 1;
  answer = async () => undefined;
  become({ connection: 'online', challenges: [] });
  await vi.waitFor(() => expect(decided).toHaveLength(3));
  become({ connection: 'offline' });
  become({ connection: 'online' });
  await Promise.resolve();
  expect(decided.map(([decision]) => decision)).toEqual(['not-me', 'deny', 'not-me']);
});

test('a no that the network swallowed is not said of a request that has ended by itself', async () => {
  reviews.review(ID, true);
  answer = fail('backend.unreachable');
  await expect(reviews.deny(ID)).rejects.toMatchObject({ code: 'backend.unreachable' });
  become({ connection: 'offline' });
  now = Date.parse(CHALLENGE.expiresAt) + 1;
  become({ connection: 'online' });
  await Promise.resolve();
  expect(decided).toEqual([['deny', null]]);
});

test('a request that has ended meanwhile is not approved, and the window says so', async () => {
  reviews.review(ID, true);
  answer = fail('challenge.ended');
  await expect(reviews.approve(ID, '482913')).rejects.toMatchObject({ code: 'challenge.ended' });
  expect(store.get().review?.ended).toBe('elsewhere');
  expect(() => reviews.review('X'.repeat(22), true)).toThrow(expect.objectContaining({ code: 'challenge.ended' }));
});

test('a key that was touched for it ends the review too', () => {
  reviews.review(ID, true);
  reviews.answered(ID);
  expect(store.get().review?.ended).toBe('approved');
});
