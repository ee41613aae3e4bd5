import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { WaitingChallenge } from '../../../../src/contract/http/shapes.ts';
import { escapeMarkup, plain, requestWords } from '../../../../src/main/notify/words.ts';

const CHALLENGE: WaitingChallenge = {
  id: 'C'.repeat(22),
  serviceName: 'VPN',
  place: 'Leeds area',
  asked: { address: '192.0.2.7', browser: 'Firefox on Windows' },
  number: { digits: 6, triesLeft: 3 },
  byKey: true,
  createdAt: '2026-11-24T12:00:00.000Z',
  expiresAt: '2026-11-24T12:10:00.000Z',
};

test('a request says who asks, for whom and where, and what to do; there is no number in it', () => {
  expect(requestWords(CHALLENGE, 'Amina Yusuf')).toEqual({
    summary: 'VPN asks: is this you?',
    body: 'Amina Yusuf, Leeds area. Open it to type the number.',
  });
  expect(requestWords({ ...CHALLENGE, place: null }, 'Amina Yusuf').body).toBe(
    'Amina Yusuf, Firefox on Windows. Open it to type the number.',
  );
  expect(requestWords({ ...CHALLENGE, place: null, asked: null, number: null }, 'Amina Yusuf').body).toBe(
    'Amina Yusuf. Open it and touch your key.',
  );
});

// C49: names of services and people are written by others.
test.each([
  ['markup', '<b>VPN</b> & <a href="x">', '<b>VPN</b> & <a href="x">'],
  ['links', 'VPN https://a.example www.b.example MAILTO:c', 'VPN https ://a.example www .b.example MAILTO :c'],
  ['signs that turn the text', 'VPN\u202e\u2066 NPV\u200f', 'VPN NPV'],
  ['lines and control signs', 'VPN\nDoorstep\r\n\u0007\u001b[31m says\u2028approve', 'VPN Doorstep [31m says approve'],
  ['ten thousand letters', 'x'.repeat(10_000), `${'x'.repeat(63)}…`],
  ['letters outside the plane', '🔑'.repeat(100), `${'🔑'.repeat(63)}…`],
])('a hostile name with %s is one short line', (_name, given, shown) => {
  expect(plain(given)).toBe(shown);
});

test('whatever the names, the words are short, on one line, and their markup is text', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 120 }), fc.string({ unit: 'binary', maxLength: 120 }), (service, person) => {
      const { summary, body } = requestWords({ ...CHALLENGE, serviceName: service }, person);
      expect([...summary].length).toBeLessThan(100);
      expect(`${summary}${body}`).not.toMatch(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u);
      expect(escapeMarkup(body)).not.toMatch(/[<>"']|&(?!amp;|lt;|gt;|quot;|#39;)/);
    }),
  );
});
