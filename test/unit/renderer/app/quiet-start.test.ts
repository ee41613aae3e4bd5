import { expect, it } from 'vitest';
import { isMeantForAnother } from '../../../../src/renderer/app/approval/quiet-start.ts';

it('keys of the first half second were meant for another window', () => {
  expect(isMeantForAnother(1_000, 1_000)).toBe(true);
  expect(isMeantForAnother(1_000, 1_499)).toBe(true);
  expect(isMeantForAnother(1_000, 1_500)).toBe(false);
});
