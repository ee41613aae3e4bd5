import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { createClippedCode } from '../../../../src/main/codes/clipped-code.ts';

let text = '';
const clipboard = {
  readText: async () => text,
  writeText: async (next: string) => {
    text = next;
  },
  clear: () => {
    text = '';
  },
};

beforeEach(() => {
  vi.useFakeTimers();
  text = 'what was there';
});
afterEach(() => vi.useRealTimers());

it('is taken off after thirty seconds', async () => {
  const clipped = createClippedCode(clipboard, () => 1_000);
  expect(await clipped.put('123456')).toBe(31_000);
  expect(text).toBe('123456');
  await vi.advanceTimersByTimeAsync(29_999);
  expect(text).toBe('123456');
  await vi.advanceTimersByTimeAsync(1);
  expect(text).toBe('');
});

it('leaves alone what the person copied meanwhile', async () => {
  const clipped = createClippedCode(clipboard);
  await clipped.put('123456');
  text = 'something else';
  await vi.advanceTimersByTimeAsync(60_000);
  expect(text).toBe('something else');
  await clipped.stop();
  expect(text).toBe('something else');
});

it('counts anew for the next one', async () => {
  const clipped = createClippedCode(clipboard);
  await clipped.put('123456');
  await vi.advanceTimersByTimeAsync(20_000);
  await clipped.put('654321');
  await vi.advanceTimersByTimeAsync(20_000);
  expect(text).toBe('654321');
  await vi.advanceTimersByTimeAsync(10_000);
  expect(text).toBe('');
});

it('is taken off when the app ends', async () => {
  const clipped = createClippedCode(clipboard);
  await clipped.put('123456');
  await clipped.stop();
  expect(text).toBe('');
});
