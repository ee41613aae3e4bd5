import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { type Follower, follow } from '../../../../src/main/sync/follow.ts';

let follower: Follower;
/** When each round began, milliseconds from the first. */
let begun: number[];
let waits: number[];
let standing: boolean;

beforeEach(() => {
  vi.useFakeTimers({ now: 0 });
  begun = [];
  waits = [];
  standing = false;
  follower = follow({
    round: (signal, stands) => {
      begun.push(Date.now());
      if (!standing) return Promise.reject(new Error('away'));
      stands();
      return new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(new Error('ended'))));
    },
    async onFailed(_error, wait) {
      waits.push(wait);
      return true;
    },
    random: () => 1,
  });
});
afterEach(() => {
  follower.stop();
  vi.useRealTimers();
});

test('the waits grow from half a second to half a minute', async () => {
  await vi.advanceTimersByTimeAsync(100_000);
  expect(waits).toEqual([500, 1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000, 30_000]);
  expect(begun).toEqual([0, 500, 1_500, 3_500, 7_500, 15_500, 31_500, 61_500, 91_500]);
});

test('hurried in a wait it tries at once, and what fails then is tried again soon', async () => {
  await vi.advanceTimersByTimeAsync(20_000);
  waits.length = 0;
  begun.length = 0;
  follower.hurry();
  await vi.advanceTimersByTimeAsync(1_600);
  expect(begun).toEqual([20_000, 20_500, 21_500]);
  expect(waits).toEqual([500, 1_000, 2_000]);
});

test('hurried while a connection stands it makes another, at once', async () => {
  standing = true;
  await vi.advanceTimersByTimeAsync(20_000);
  const before = begun.length;
  follower.hurry();
  await vi.advanceTimersByTimeAsync(0);
  expect(begun).toHaveLength(before + 1);
  expect(begun.at(-1)).toBe(20_000);
});
