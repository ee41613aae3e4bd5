/** Our codes against those of the otpauth library, for whatever seed, form and counter there can be. */
import fc from 'fast-check';
import * as OTPAuth from 'otpauth';
import { expect, it } from 'vitest';
import { hotp } from '../../../src/oath/hotp.ts';
import { buildOtpauth, parseOtpauth } from '../../../src/oath/otpauth.ts';
import { searchFar, searchNear } from '../../../src/oath/search.ts';
import type { Seed } from '../../../src/oath/seed.ts';
import { totp } from '../../../src/oath/totp.ts';

const algorithm = fc.constantFrom('SHA1', 'SHA256', 'SHA512');
const digits = fc.constantFrom(6, 8);
const key = fc.uint8Array({ minLength: 8, maxLength: 128 });
const secret = (bytes: Uint8Array) => new OTPAuth.Secret({ buffer: new Uint8Array(bytes).buffer });

it('HOTP', () => {
  fc.assert(
    fc.property(key, algorithm, digits, fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER }), (bytes, hash, length, counter) => {
      const theirs = OTPAuth.HOTP.generate({ secret: secret(bytes), algorithm: hash, digits: length, counter });
      expect(hotp(bytes, counter, { algorithm: hash, digits: length })).toBe(theirs);
    }),
    { numRuns: 2_000 },
  );
});

it('TOTP', () => {
  fc.assert(
    fc.property(
      key,
      algorithm,
      digits,
      fc.integer({ min: 15, max: 120 }),
      fc.integer({ min: 0, max: 4e15 }),
      (bytes, hash, length, period, at) => {
        const theirs = OTPAuth.TOTP.generate({ secret: secret(bytes), algorithm: hash, digits: length, period, timestamp: at });
        expect(totp(bytes, at, { algorithm: hash, digits: length, period })).toBe(theirs);
      },
    ),
    { numRuns: 2_000 },
  );
});

it('finds what the library finds in a window, and where', async () => {
  await fc.assert(
    fc.asyncProperty(
      key,
      fc.integer({ min: 0, max: 1e9 }),
      fc.integer({ min: 0, max: 60 }),
      fc.integer({ min: 1, max: 50 }),
      async (bytes, first, offset, count) => {
        const form = { algorithm: 'SHA1', digits: 6 } as const;
        const code = hotp(bytes, first + offset, form);
        const search = { key: bytes, form, code, first, count };
        const near = searchNear(search);
        expect(near === null ? null : hotp(bytes, near, form)).toBe(offset < count || near !== null ? code : null);
        if (offset < count) expect(near).not.toBeNull();
        expect(await searchFar(search)).toBe(near);
        const delta = OTPAuth.HOTP.validate({ token: code, secret: secret(bytes), counter: first, window: count - 1 });
        if (near !== null) expect(delta).not.toBeNull();
      },
    ),
    { numRuns: 200 },
  );
});

const name = fc.string({ unit: 'grapheme', maxLength: 40 });
/** Names as they are kept: `shownName` is its own fixed point. */
const seed: fc.Arbitrary<Seed> = fc
  .record({
    hotp: fc.boolean(),
    issuer: name,
    account: name,
    key,
    algorithm,
    digits,
    period: fc.integer({ min: 15, max: 120 }),
    counter: fc.nat(),
  })
  .map(({ hotp: events, period, counter, issuer, account, ...form }) => {
    const shown = { issuer: parsedName(issuer), account: parsedName(account) };
    return events ? { kind: 'hotp', ...shown, ...form, period: null, counter } : { kind: 'totp', ...shown, ...form, period, counter: null };
  });

function parsedName(text: string): string {
  return parseOtpauth(`otpauth://totp/:${encodeURIComponent(text.replaceAll(':', ' '))}?secret=AAAAAAAAAAAAAAAA`).account;
}

it('reads its own links back whole', () => {
  fc.assert(
    fc.property(seed, (given) => {
      const back = parseOtpauth(buildOtpauth(given));
      expect({ ...back, key: [...back.key] }).toEqual({ ...given, key: [...given.key] });
    }),
    { numRuns: 1_000 },
  );
});

it('writes links that the library reads as we do', () => {
  fc.assert(
    fc.property(seed, (given) => {
      // The library takes an empty label for none.
      fc.pre(given.account !== '' && given.issuer !== '');
      const theirs = OTPAuth.URI.parse(buildOtpauth(given));
      expect(theirs.issuer).toBe(given.issuer);
      expect(theirs.label).toBe(given.account);
      expect([...theirs.secret.bytes]).toEqual([...given.key]);
      expect([theirs.algorithm, theirs.digits]).toEqual([given.algorithm, given.digits]);
      expect(theirs instanceof OTPAuth.TOTP ? theirs.period : (theirs as OTPAuth.HOTP).counter).toBe(given.period ?? given.counter);
    }),
    { numRuns: 500 },
  );
});

it('reads the links that the library writes', () => {
  fc.assert(
    fc.property(seed, (given) => {
      fc.pre(given.account !== '' && given.issuer !== '');
      const made = {
        issuer: given.issuer,
        label: given.account,
        secret: secret(given.key),
        algorithm: given.algorithm,
        digits: given.digits,
      };
      const link =
        given.kind === 'totp'
          ? new OTPAuth.TOTP({ ...made, period: given.period ?? 30 }).toString()
          : new OTPAuth.HOTP({ ...made, counter: given.counter ?? 0 }).toString();
      const back = parseOtpauth(link);
      expect({ ...back, key: [...back.key] }).toEqual({ ...given, key: [...given.key] });
    }),
    { numRuns: 500 },
  );
});
