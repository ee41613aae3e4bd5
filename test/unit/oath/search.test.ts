import { expect, it, vi } from 'vitest';
import { hotp } from '../../../src/oath/hotp.ts';
import { searchFar, searchNear } from '../../../src/oath/search.ts';
import { normalizeTypedCode } from '../../../src/oath/typed-code.ts';

const key = Buffer.from('12345678901234567890', 'ascii');
const form = { algorithm: 'SHA1', digits: 6 } as const;

it('finds a code anywhere in a wide window', async () => {
  for (const at of [0, 1, 31, 32, 33, 998, 999]) {
    expect(await searchFar({ key, form, code: hotp(key, 500 + at, form), first: 500, count: 1_000 })).toBe(500 + at);
  }
  expect(await searchFar({ key, form, code: hotp(key, 1_500, form), first: 500, count: 1_000 })).toBeNull();
});

it('leaves out what lies before 0, and takes no window that is none', async () => {
  expect(searchNear({ key, form, code: '755224', first: -20, count: 41 })).toBe(0);
  expect(searchNear({ key, form, code: '755224', first: -20, count: 20 })).toBeNull();
  expect(() => searchNear({ key, form, code: '755224', first: 0.5, count: 1 })).toThrow(RangeError);
  await expect(searchFar({ key, form, code: '755224', first: 0, count: Number.NaN })).rejects.toThrow(RangeError);
});

it('takes no code of another length', () => {
  expect(searchNear({ key, form: { algorithm: 'SHA1', digits: 8 }, code: '755224', first: 0, count: 1 })).toBeNull();
  expect(searchNear({ key, form, code: '84755224', first: 0, count: 1 })).toBeNull();
});

it('gives the event loop back after each quarter of a millisecond, also with many searches at once', async () => {
  // Each look at the clock finds 0.1 ms gone, so that a slice is twice 32 codes, however fast the machine is.
  let clock = 0;
  const now = vi.spyOn(performance, 'now').mockImplementation(() => {
    clock += 0.1;
    return clock;
  });
  let turns = 0;
  let going = true;
  const turn = (): void => {
    turns += 1;
    if (going) setImmediate(turn);
  };
  setImmediate(turn);
  try {
    const found = await Promise.all(
      Array.from({ length: 40 }, (_, at) => searchFar({ key, form, code: hotp(key, at, form), first: 0, count: 1_000 })),
    );
    expect(found).toEqual(Array.from({ length: 40 }, (_, at) => at));
  } finally {
    going = false;
    now.mockRestore();
  }
  // Everybody else has had a turn after each slice: a thousand codes are sixteen.
  expect(turns).toBeGreaterThanOrEqual(40 * Math.ceil(1_000 / (2 * 32)) - 1);
});

it.each([
  ['755224', '755224'],
  ['755 224', '755224'],
  ['755-224', '755224'],
  [' 755\u00a0224\t', '755224'],
  ['755\u2011224', '755224'],
  ['00000000', '00000000'],
  ['７５５２２４', null],
  ['٧٥٥٢٢٤', null],
  ['755224\u0000', null],
  ['75522', null],
  ['755224755', null],
  ['', null],
  ['7.55224', null],
  ['+755224', null],
])('normalizes %j to %j', (typed, digits) => {
  expect(normalizeTypedCode(typed)).toBe(digits);
});
