/** RFC 4226, appendix D, and RFC 6238, appendix B (with the seeds of its reference code: 20, 32 and 64 bytes). */
import { expect, it } from 'vitest';
import { hotp } from '../../../src/oath/hotp.ts';
import { stepAt, stepStart, totp } from '../../../src/oath/totp.ts';

const ascii = (length: number) => Buffer.from('1234567890'.repeat(7).slice(0, length), 'ascii');
const HOTP = '755224 287082 359152 969429 338314 254676 287922 162583 399871 520489'.split(' ');
const TOTP = [
  [59, '94287082', '46119246', '90693936'],
  [1111111109, '07081804', '68084774', '25091201'],
  [1111111111, '14050471', '67062674', '99943326'],
  [1234567890, '89005924', '91819424', '93441116'],
  [2000000000, '69279037', '90698825', '38618901'],
  [20000000000, '65353130', '77737706', '47863826'],
] as const;

it.each(HOTP.map((code, counter) => [counter, code] as const))('HOTP counter %i is %s', (counter, code) => {
  expect(hotp(ascii(20), counter, { algorithm: 'SHA1', digits: 6 })).toBe(code);
});

it.each(TOTP)('TOTP at %i s', (seconds, sha1, sha256, sha512) => {
  const at = seconds * 1000;
  expect(totp(ascii(20), at, { algorithm: 'SHA1', digits: 8, period: 30 })).toBe(sha1);
  expect(totp(ascii(32), at, { algorithm: 'SHA256', digits: 8, period: 30 })).toBe(sha256);
  expect(totp(ascii(64), at, { algorithm: 'SHA512', digits: 8, period: 30 })).toBe(sha512);
});

it('knows where a time step begins and ends', () => {
  expect(stepAt(59_999, 30)).toBe(1);
  expect(stepAt(60_000, 30)).toBe(2);
  expect(stepStart(stepAt(1_700_000_000_123, 45), 45)).toBeLessThanOrEqual(1_700_000_000_123);
  expect(stepStart(stepAt(1_700_000_000_123, 45) + 1, 45)).toBeGreaterThan(1_700_000_000_123);
  expect(stepAt(-1, 30)).toBe(0);
});

it('refuses counters that are none', () => {
  for (const counter of [-1, 0.5, Number.NaN, 2 ** 53]) {
    expect(() => hotp(ascii(20), counter, { algorithm: 'SHA1', digits: 6 })).toThrow(RangeError);
  }
});
