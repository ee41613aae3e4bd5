import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { shownText } from '../../../../src/device/session/shown-text.ts';

describe('text of a token', () => {
  it.each([
    ['Blue key', 'Blue key'],
    ['  Blue\tkey\n', 'Bluekey'],
    ['evil\u202egnp.exe', 'evilgnp.exe'],
    ['\u2067a\u2069', 'a'],
    // Names in scripts that run from right to left, and joined emoji, stay whole.
    ['\u05e2\u05de\u05d9\u05e0\u05d4', '\u05e2\u05de\u05d9\u05e0\u05d4'],
    ['\u{1F469}\u200d\u{1F4BB}', '\u{1F469}\u200d\u{1F4BB}'],
    ['<b>x</b>', '<b>x</b>'],
  ])('%j is shown as %j', (text, shown) => {
    expect(shownText(text)).toBe(shown);
  });

  it('is never long', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: 'binary', maxLength: 500 }),
        (text) => void expect([...shownText(text)].length).toBeLessThanOrEqual(128),
      ),
    );
    expect(shownText('x'.repeat(10_000))).toBe(`${'x'.repeat(127)}\u2026`);
  });
});
