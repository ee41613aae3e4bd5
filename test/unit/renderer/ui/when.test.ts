import { describe, expect, it } from 'vitest';
import { en } from '../../../../src/renderer/ui/messages/en.ts';
import { clockTime, dayOf, dayWithTime } from '../../../../src/renderer/ui/when.ts';

const NOW = new Date(2026, 10, 24, 14, 42).getTime();
const at = (...parts: [number, number, number, number, number]) => new Date(...parts).toISOString();

describe('times', () => {
  it('are clock times of 24 hours', () => {
    expect(clockTime(NOW, 'en-GB')).toBe('14:42');
    expect(clockTime(at(2026, 10, 24, 9, 5), 'en-GB')).toBe('09:05');
  });

  it.each([
    [at(2026, 10, 24, 0, 0), 'today'],
    [at(2026, 10, 23, 23, 59), 'yesterday'],
    [at(2026, 10, 22, 12, 0), '22 November'],
    [at(2025, 10, 24, 12, 0), '24 November 2025'],
  ])('%s is %s', (instant, words) => {
    expect(dayOf(instant, NOW, 'en-GB', en.when)).toBe(words);
  });

  it('join day and time', () => {
    expect(dayWithTime(at(2026, 10, 23, 8, 30), NOW, 'en-GB', en.when)).toBe('yesterday at 08:30');
  });
});
