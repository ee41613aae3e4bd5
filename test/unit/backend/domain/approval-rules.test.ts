/** The small rules that approvals and desktops stand on, as pure functions. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { newNumber } from '../../../../src/backend/domain/approvals/number.ts';
import { isSameDevice } from '../../../../src/backend/domain/approvals/same-device.ts';
import { newAuthenticator } from '../../../../src/backend/domain/authenticators/new-authenticator.ts';
import { judgeGeneration, mintWith } from '../../../../src/backend/domain/devices/generation.ts';
import { shownText } from '../../../../src/backend/domain/shown-text.ts';
import { browserWords } from '../../../../src/backend/http/browser-words.ts';

describe('text to be shown', () => {
  it.each([
    ['Library', 'Library'],
    ['  two \t\n words\u2028here ', 'two words here'],
    ['\u202eevil\u202c \u2066x\u2069\u200f', 'evil x'],
    ['a\u0000b\u0007c', 'a b c'],
    ['\ufeffA\u00adB\u{e0041}', 'AB'],
    ['\ud800lone', 'lone'],
    ['می\u200cخواهم', 'می\u200cخواهم'],
    ['<b>&amp;', '<b>&amp;'],
    ['e\u0301', 'é'],
    ['\u202e\u200b', ''],
    ['👩‍🔬 Lab', '👩‍🔬 Lab'],
    ['a \ue000 b', 'a b'],
    ['e\u200b\u0301', 'é'],
  ])('of %j is %j', (text, shown) => {
    expect(shownText(text, 64)).toBe(shown);
  });

  it('is never longer than asked, never turns its direction, and stays as it is the second time', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 200 }), fc.integer({ min: 2, max: 80 }), (text, most) => {
        const shown = shownText(text, most);
        expect([...shown].length).toBeLessThanOrEqual(most);
        expect(shown).not.toMatch(/[\p{Cc}\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/u);
        expect(shownText(shown, most)).toBe(shown);
      }),
    );
  });
});

describe('the generation that a desktop shows', () => {
  const mint = mintWith(Buffer.alloc(32, 1));
  const NOW = 1_800_000_000_000;
  const device = newAuthenticator(
    { personId: 'p', kind: 'desktop', name: 'Office', addedAt: NOW, addedFrom: 'x' },
    { generation: 'now', nextGenerations: 'next1 next2', lastGeneration: 'last', generationAt: NOW - 5_000 },
  );
  it.each<[string | null, number, number, string]>([
    ['now', NOW, NOW, 'current'],
    ['next1', NOW, NOW, 'next'],
    ['next2', NOW, NOW, 'next'],
    ['next', NOW, NOW, 'copied'],
    ['next1 next2', NOW, NOW, 'copied'],
    ['', NOW, NOW, 'copied'],
    [null, NOW, NOW, 'copied'],
    ['older', NOW, NOW, 'copied'],
    // On its way: within ten seconds of the change, or signed before it.
    ['last', NOW, NOW, 'late'],
    ['last', NOW - 6_000, NOW + 30_000, 'late'],
    ['last', NOW + 30_000, NOW + 30_000, 'copied'],
    ['last', NOW - 6_000, NOW + 60_000, 'copied'],
  ])('%j, signed at %d and read at %d, is %s', (shown, signedAt, now, verdict) => {
    expect(judgeGeneration(mint, device, { generation: shown, signedAt }, now)).toBe(verdict);
  });

  it('before the first greeting is none', () => {
    const fresh = newAuthenticator({ personId: 'p', kind: 'desktop', name: 'x', addedAt: NOW, addedFrom: 'x' });
    expect(judgeGeneration(mint, fresh, { generation: null, signedAt: NOW }, NOW)).toBe('current');
    expect(judgeGeneration(mint, fresh, { generation: 'made-up', signedAt: NOW }, NOW)).toBe('copied');
  });

  it('is one later each time it was shown, and that by this installation and for this desktop alone', () => {
    const fresh = newAuthenticator({ personId: 'p', kind: 'desktop', name: 'x', addedAt: NOW, addedFrom: 'x' });
    const shows = (generation: string | null) => ({ ...fresh, generation });
    const first = mint.next(fresh);
    const [second, beside] = [mint.next(shows(first)), mint.next(shows(first))];
    const third = mint.next(shows(second));
    expect([first, second, beside, third].map((one) => mint.sequenceOf(fresh.id, one))).toEqual([1, 2, 2, 3]);
    const judge = (known: string | null, shown: string) => judgeGeneration(mint, shows(known), { generation: shown, signedAt: NOW }, NOW);
    expect([judge(null, first), judge(null, third), judge(first, second), judge(first, third)]).toEqual(Array(4).fill('ahead'));
    expect([judge(second, first), judge(second, beside), judge(third, second)]).toEqual(Array(3).fill('copied'));
    const elsewhere = mintWith(Buffer.alloc(32, 2)).next(shows(third));
    const ofAnother = mint.next({ id: 'another', generation: third });
    const bytes = Buffer.from(third, 'base64url');
    const changed = Array.from(bytes, (byte, at) => Buffer.from(bytes.with(at, byte ^ 1)).toString('base64url'));
    for (const forged of [elsewhere, ofAnother, ...changed, `${third}AA`, third.slice(0, -2), '']) {
      expect(judge(first, forged)).toBe('copied');
    }
  });
});

describe('one machine', () => {
  it.each([
    ['127.0.0.1', '::1', true],
    ['127.0.0.1', '127.0.0.2', true],
    ['::ffff:127.0.0.1', '::1', true],
    ['192.0.2.1', '192.0.2.1', true],
    ['::ffff:192.0.2.1', '192.0.2.1', true],
    ['192.0.2.1', '192.0.2.2', false],
    ['192.0.2.1', '127.0.0.1', false],
    ['2001:db8::1', '2001:db8:0:0:ffff::2', true],
    ['2001:db8::1', '2001:db8:0:1::1', false],
  ])('%s and %s: %s', (browser, desktop, same) => {
    expect(isSameDevice(browser, desktop)).toBe(same);
  });
});

describe('a browser in words', () => {
  it.each([
    ['Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:140.0) Gecko/20100101 Firefox/140.0', 'Firefox on Windows'],
    ['Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36', 'Chrome on Linux'],
    [
      'Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.0 Safari/605.1.15',
      'Safari on macOS',
    ],
    [
      'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36 Edg/140.0.0.0',
      'Edge on Windows',
    ],
    [
      'Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.0 Mobile/15E148 Safari/604.1',
      'Safari on iPhone',
    ],
    ['Mozilla/5.0 (Android 15; Mobile; rv:140.0) Gecko/140.0 Firefox/140.0', 'Firefox on Android'],
    ['curl/8.5.0', null],
    ['<script>alert(1)</script>', null],
    ['', null],
  ])('%s', (header, words) => {
    expect(browserWords(header)).toBe(words);
  });
  it('of nothing is nothing', () => {
    expect(browserWords(undefined)).toBeNull();
  });
});

it('a number has its digits, zeros in front included', () => {
  for (let count = 0; count < 2_000; count += 1) expect(newNumber(6)).toMatch(/^\d{6}$/);
  expect(new Set(Array.from({ length: 2_000 }, () => newNumber(2)))).toEqual(
    new Set(Array.from({ length: 100 }, (_, value) => String(value).padStart(2, '0'))),
  );
});
