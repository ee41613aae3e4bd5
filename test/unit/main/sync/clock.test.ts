import { expect, test } from 'vitest';
import { createServerClock } from '../../../../src/main/sync/clock.ts';

const setUp = (now: number) => {
  const heard: number[] = [];
  return {
    clock: createServerClock(
      () => now,
      (seconds) => heard.push(seconds),
    ),
    heard,
  };
};

test('signatures carry the time of the backend, whatever this computer thinks', () => {
  const now = 1_800_000_240_000;
  const { clock, heard } = setUp(now);
  expect(clock.skew()).toBeNull();
  expect(clock.seconds()).toBe(1_800_000_240);
  clock.measure(1_800_000_000_000, now - 100, now + 100);
  expect(clock.skew()).toBe(240);
  expect(clock.seconds()).toBe(1_800_000_000);
  expect(heard).toEqual([240]);
});

test('what a whole second of a Date header can hide is no skew', () => {
  const { clock, heard } = setUp(1_000_000);
  clock.measure(999_000, 1_000_000, 1_000_000);
  expect(clock.skew()).toBe(0);
  clock.measure(1_001_500, 1_000_000, 1_000_000);
  expect(heard).toEqual([0]);
});

test('how long an answer was on its way is no skew either', () => {
  const { clock, heard } = setUp(1_000_000);
  clock.measure(1_000_000, 1_000_000, 1_009_000);
  expect(clock.skew()).toBe(0);
  clock.measure(1_006_600, 1_000_000, 1_000_000);
  expect(clock.skew()).toBe(-7);
  clock.measure(1_000_000, 1_000_000, 1_000_200);
  expect(clock.skew()).toBe(0);
  expect(heard).toEqual([0, -7, 0]);
});

test.each([
  [Number.NaN, 0, 0],
  [5, 0, 11_000],
  [5, 10, 0],
])('a measure that says too little changes nothing: %s %s %s', (server, sent, received) => {
  const { clock } = setUp(0);
  clock.measure(server, sent, received);
  expect(clock.skew()).toBeNull();
});
