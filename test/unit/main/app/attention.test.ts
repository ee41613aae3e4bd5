import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { DoorstepError } from '../../../../src/contract/errors.ts';
import type { WaitingChallenge } from '../../../../src/contract/http/shapes.ts';
import { type Attention, createAttention } from '../../../../src/main/app/attention.ts';
import { createLog } from '../../../../src/main/app/log.ts';
import { createNotices, type Notices } from '../../../../src/main/app/notices.ts';
import type { Reviews } from '../../../../src/main/app/reviews.ts';
import { createSessionGate } from '../../../../src/main/app/session-gate.ts';
import { openSettings } from '../../../../src/main/app/settings.ts';
import { createStateStore, firstState, type StateStore } from '../../../../src/main/app/state-store.ts';
import type { NotifierEvents } from '../../../../src/main/notify/notifier.ts';

const challenge = (id: string, number = true): WaitingChallenge => ({
  id,
  serviceName: 'VPN',
  place: null,
  asked: null,
  number: number ? { digits: 6, triesLeft: 3 } : null,
  byKey: true,
  createdAt: '2026-11-24T12:00:00.000Z',
  expiresAt: '2026-11-24T12:10:00.000Z',
});

let folder: string;
let store: StateStore;
let notices: Notices;
let attention: Attention;
let events: NotifierEvents;
const notifier = { show: vi.fn(), withdraw: vi.fn(), withdrawAll: vi.fn(), say: vi.fn(), stop: vi.fn() };
const reviews = { review: vi.fn(), deny: vi.fn() };
const window = { open: vi.fn(), mark: vi.fn() };
const onDismissed = vi.fn();

const open = () => {
  store = createStateStore(firstState('1.0.0', 'https://id.example', false));
  notices = createNotices({ store, settings: openSettings(folder), onDismissed });
  attention = createAttention({
    store,
    reviews: reviews as unknown as Reviews,
    notices,
    log: createLog(() => undefined),
    createNotifier(given) {
      events = given;
      return notifier;
    },
    window,
  });
};
const wait = (...challenges: WaitingChallenge[]) => {
  store.change({ challenges });
  attention.follow(store.get());
};

beforeEach(() => {
  vi.resetAllMocks();
  reviews.deny.mockResolvedValue(undefined);
  folder = mkdtempSync(join(tmpdir(), 'doorstep-attention-'));
  open();
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

test('each request is announced once, however often it is heard of, and withdrawn when it ends', () => {
  wait(challenge('a'));
  wait(challenge('a'));
  wait(challenge('a'), challenge('b'));
  expect(notifier.show.mock.calls.map(([id]) => id)).toEqual(['a', 'b']);
  wait(challenge('b'));
  expect(notifier.withdraw.mock.calls).toEqual([['a']]);
  expect(reviews.review).not.toHaveBeenCalled();
});

test('Review opens the window with the focus and takes the notification away; Deny denies', () => {
  wait(challenge('a'), challenge('k', false));
  events.onReview('a');
  expect(reviews.review).toHaveBeenCalledExactlyOnceWith('a', true);
  // As the window opens, whoever opened it.
  store.change({ review: { challenge: challenge('a'), ended: null } });
  attention.follow(store.get());
  attention.follow(store.get());
  expect(notifier.withdraw).toHaveBeenCalledExactlyOnceWith('a');
  events.onReview('k');
  expect(window.open).toHaveBeenCalledOnce();
  expect(notifier.withdraw).toHaveBeenLastCalledWith('k');
  events.onDeny('a');
  expect(reviews.deny).toHaveBeenCalledExactlyOnceWith('a');
  reviews.deny.mockRejectedValueOnce(new DoorstepError('backend.unreachable'));
  events.onDeny('k');
});

test('a button of a request that has ended does nothing', () => {
  wait(challenge('a'));
  wait();
  events.onReview('a');
  events.onDeny('a');
  attention.review('a');
  expect(reviews.review).not.toHaveBeenCalled();
  expect(reviews.deny).not.toHaveBeenCalled();
});

test('no buttons: the window comes up, without the focus, and nothing is said about it', () => {
  wait(challenge('a'));
  events.onLack('a', 'no-actions');
  expect(reviews.review).toHaveBeenCalledExactlyOnceWith('a', false);
  expect(store.get().notices).toEqual([]);
});

test('no server: the window comes up, and it is said until it was read, in this run and in all later ones', () => {
  wait(challenge('a'), challenge('k', false));
  events.onLack('a', 'no-server');
  events.onLack('k', 'no-server');
  expect(reviews.review).toHaveBeenCalledExactlyOnceWith('a', false);
  expect(store.get().notices).toEqual([{ id: 'no-notifications', kind: 'no-notifications', code: null, about: null }]);
  notices.dismiss('no-notifications');
  expect(store.get().notices).toEqual([]);
  events.onLack('a', 'no-server');
  open();
  wait(challenge('a'));
  events.onLack('a', 'no-server');
  expect(store.get().notices).toEqual([]);
  expect(onDismissed).not.toHaveBeenCalled();
});

test('a server that came after all ends the notice', () => {
  wait(challenge('a'));
  events.onLack('a', 'no-server');
  events.onShown('a');
  expect(store.get().notices).toEqual([]);
});

test('while the screen is locked nothing is shown; at the unlock what still waits is announced', () => {
  const hold = vi.fn();
  const gate = createSessionGate((challenges) => wait(...challenges), hold);
  gate.set([challenge('a')]);
  expect(notifier.show).not.toHaveBeenCalled();
  gate.lock(false);
  expect(notifier.show).toHaveBeenCalledTimes(1);
  gate.lock(true);
  gate.lock(true);
  expect(hold).toHaveBeenCalledOnce();
  expect(store.get().challenges).toEqual([]);
  expect(notifier.withdraw).toHaveBeenCalledExactlyOnceWith('a');
  gate.set([challenge('a'), challenge('b')]);
  gate.set([challenge('b')]);
  expect(notifier.show).toHaveBeenCalledTimes(1);
  gate.lock(false);
  expect(notifier.show.mock.calls.map(([id]) => id)).toEqual(['a', 'b']);
});
