import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ERRORS, type ErrorCode } from '../../../../../src/contract/errors.ts';
import { en } from '../../../../../src/renderer/ui/messages/en.ts';

const CODES = Object.keys(ERRORS) as ErrorCode[];

const COUNTS = new Set([
  ...['retries', 'minLength', 'typed', 'ways', 'requests', 'count', 'left', 'step', 'of', 'number', 'seconds'],
  ...['minutes', 'digits', 'tries', 'place', 'period', 'added', 'known', 'codes', 'changes'],
]);

/** Something for each parameter that a text may take: three of what is counted, a word for the rest. */
const anything = new Proxy(
  {},
  {
    get: (_target, name) =>
      COUNTS.has(String(name)) ? 3 : name === 'parts' ? [1, 3] : name === 'model' || name === 'from' ? null : 'Sample',
  },
);

/** Every text of the catalogue; functions are called with something for each parameter. */
function* texts(value: unknown, where: string): Generator<[string, string]> {
  if (typeof value === 'string') yield [where, value];
  else if (typeof value === 'function' && value !== en.failure) yield [where, String(value(value === en.when.about ? 3 : anything))];
  else if (Array.isArray(value)) for (const [index, one] of value.entries()) yield* texts(one, `${where}[${index}]`);
  else if (typeof value === 'object' && value !== null)
    for (const [name, one] of Object.entries(value)) yield* texts(one, `${where}.${name}`);
}

const ALL = [...texts(en, 'en')];
const LABELS = new Set(ALL.map(([, text]) => text));

/** The buttons that a text names: in quotes, or with a capital where it says what to choose. */
function named(text: string): string[] {
  const found = text.matchAll(/‘(.+?)’(?!\p{L})|(?:[Cc]hoose|, then) (\p{Lu}[\p{L} ]*?)(?= and\b|[.,])/gu);
  return [...found].map(([, quoted, chosen]) => quoted ?? chosen ?? '');
}

describe('the words', () => {
  it.each(ALL)('%s follows the house', (_where, text) => {
    expect(text).not.toMatch(/!|\b(?:please|oops|invalid|authenticat\w*|error 0x|QR)\b/i);
    expect(text).not.toMatch(/\s{2}|^\s|\s$/);
    expect(text.trim()).not.toBe('');
    expect(text).not.toMatch(/undefined|NaN|\[object/);
  });

  it.each(ALL.filter(([, text]) => named(text).length > 0))('%s names buttons as they are called', (_where, text) => {
    expect(named(text).filter((name) => !LABELS.has(name))).toEqual([]);
  });

  it.each(CODES)('%s names no button: it is told beside many', (code) => {
    const { title, remedy } = en.failure(code, {}, null);
    expect(named(`${title} ${remedy}`)).toEqual([]);
  });

  it.each(CODES)('%s says cause and remedy', (code) => {
    const words = en.failure(code, {}, null);
    expect(words.title).toMatch(/[.]$/);
    expect(words.remedy).toMatch(/[.]$/);
    expect(`${words.title} ${words.remedy}`).not.toMatch(/!|please|invalid|undefined|NaN|\bQR\b/i);
  });

  it('names numbers as people do', () => {
    expect(en.pin.wrong({ retries: 5 })).toBe('Wrong PIN. 5 tries left, then the key must be wiped.');
    expect(en.pin.wrong({ retries: 1 })).toBe('Wrong PIN. 1 try left, then the key must be wiped.');
    expect(en.pin.short({ minLength: 6, typed: 4 })).toBe('This key wants 6 digits or more. You typed 4.');
    expect(en.app.home.waiting({ requests: 1 })).toBe('A request waits for you');
    expect(en.app.home.waiting({ requests: 2 })).toBe('Two requests wait for you');
    expect(en.app.home.summary({ ways: 11 })).toBe('You can sign in 11 ways.');
    expect(en.app.notices.clock({ seconds: -240 })).toBe('Your computer’s clock is 4 minutes wrong.');
    expect(en.when.about(1)).toBe('1 second');
    expect(en.when.about(7_200)).toBe('2 hours');
    expect(en.when.about(400_000)).toBe('5 days');
  });

  it('says how long to wait: seconds for a short time, the clock for a long one', () => {
    expect(en.failure('request.rate-limited', { retryAfterSeconds: 30 }, '14:42').remedy).toBe('Wait 30 seconds, then try again.');
    expect(en.failure('request.rate-limited', { retryAfterSeconds: 900 }, '14:42').remedy).toBe('Wait until 14:42, then try again.');
    expect(en.failure('request.rate-limited', {}, null).remedy).toBe('Wait a little, then try again.');
  });

  it('never throws, whatever came with a failure', () => {
    const detail = fc.dictionary(
      fc.constantFrom('retries', 'minLength', 'retryAfterSeconds', 'status'),
      fc.oneof(fc.string(), fc.double(), fc.boolean(), fc.constant(null)),
    );
    fc.assert(
      fc.property(fc.constantFrom(...CODES), detail, (code, facts) => {
        const { title, remedy } = en.failure(code, facts, '14:42');
        return title.length > 0 && remedy.length > 0;
      }),
    );
  });
});
