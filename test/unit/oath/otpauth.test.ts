import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DoorstepError } from '../../../src/contract/errors.ts';
import { decodeBase32, encodeBase32 } from '../../../src/oath/base32.ts';
import { isOtpauth, parseOtpauth } from '../../../src/oath/otpauth.ts';

const SECRET = 'JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP';

function refusal(act: () => unknown): Record<string, unknown> {
  try {
    act();
  } catch (error) {
    if (error instanceof DoorstepError) return { code: error.code, ...error.detail };
    throw error;
  }
  throw new Error('it was taken');
}

describe('base32', () => {
  it('writes and reads every byte string', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 64 }), (bytes) => {
        expect([...decodeBase32(encodeBase32(bytes))]).toEqual([...bytes]);
      }),
    );
  });

  it('knows the vectors of RFC 4648, 10', () => {
    const vectors = { '': '', f: 'MY', fo: 'MZXQ', foo: 'MZXW6', foob: 'MZXW6YQ', fooba: 'MZXW6YTB', foobar: 'MZXW6YTBOI' };
    for (const [text, code] of Object.entries(vectors)) {
      expect(encodeBase32(Buffer.from(text))).toBe(code);
      expect(Buffer.from(decodeBase32(code)).toString()).toBe(text);
      expect(Buffer.from(decodeBase32(`${code}===`)).toString()).toBe(text);
    }
  });

  it('reads what people type: lower case, groups, padding', () => {
    expect([...decodeBase32(' jbsw y3dp-ehpk 3pxp== ')]).toEqual([...decodeBase32('JBSWY3DPEHPK3PXP')]);
  });

  it('drops the bits that are left over, as other apps do', () => {
    expect([...decodeBase32('MZ')]).toEqual([...decodeBase32('MY')]);
  });

  it.each(['0', '1', '8', '9', 'é', '=', 'ſ', 'ı', '２'])('refuses the letter %s and says where it stands', (letter) => {
    expect(refusal(() => decodeBase32(`JBSW${letter}3DP`))).toEqual({ code: 'seed.malformed', reason: 'secret-letter', at: 5 });
  });

  it.each(['A', 'ABC', 'ABCDEF'])('refuses %s, where letters are missing', (text) => {
    expect(refusal(() => decodeBase32(text))).toEqual({ code: 'seed.malformed', reason: 'secret-length' });
  });
});

describe('otpauth links', () => {
  it('takes what is not said as every app does', () => {
    expect(parseOtpauth(`otpauth://totp/alice?secret=${SECRET}`)).toMatchObject({
      kind: 'totp',
      issuer: '',
      account: 'alice',
      algorithm: 'SHA1',
      digits: 6,
      period: 30,
      counter: null,
    });
    expect(parseOtpauth(`otpauth://hotp/alice?secret=${SECRET}`)).toMatchObject({ kind: 'hotp', period: null, counter: 0 });
  });

  it.each([
    [`otpauth://totp/Example:alice?secret=${SECRET}&issuer=Example`, 'Example', 'alice'],
    [`otpauth://totp/Example%3Aalice?secret=${SECRET}`, 'Example', 'alice'],
    [`otpauth://totp/Example:%20alice@example.org?secret=${SECRET}`, 'Example', 'alice@example.org'],
    [`otpauth://totp/alice?secret=${SECRET}&issuer=Big+Bank`, 'Big Bank', 'alice'],
    [`otpauth://totp/Old:alice?secret=${SECRET}&issuer=New`, 'New', 'alice'],
    [`otpauth://totp/A%3AB:alice?secret=${SECRET}&issuer=A%3AB`, 'A:B', 'alice'],
    [`OTPAUTH://TOTP/alice?SECRET=${SECRET}`, '', 'alice'],
    [`otpauth://totp/?secret=${SECRET}&issuer=Alone`, 'Alone', ''],
    [`otpauth://totp/alice?secret=${SECRET}&image=https%3A%2F%2Fx#frag`, '', 'alice'],
  ])('reads the names of %s', (link, issuer, account) => {
    expect(parseOtpauth(link)).toMatchObject({ issuer, account });
  });

  it('keeps nothing in a name that could turn or hide text', () => {
    const { issuer, account } = parseOtpauth(`otpauth://totp/a%E2%80%AEb%00c%0Ad?secret=${SECRET}&issuer=${'x'.repeat(500)}`);
    expect(account).toBe('a b c d');
    expect(issuer).toHaveLength(128);
  });

  it.each([
    ['otpauth:totp/alice?secret=AAAA', { reason: 'link' }],
    ['https://example.org', { reason: 'link' }],
    [`otpauth://steam/alice?secret=${SECRET}`, { reason: 'kind' }],
    [`otpauth://totp/%E0%A4%A?secret=${SECRET}`, { reason: 'escape' }],
    [`otpauth://totp/alice?secret=${SECRET}&secret=${SECRET}`, { reason: 'twice' }],
    ['otpauth://totp/alice', { reason: 'secret-missing' }],
    ['otpauth://totp/alice?secret=', { reason: 'secret-missing' }],
    ['otpauth://totp/alice?secret=JBSWY3D', { reason: 'secret-short' }],
    [`otpauth://totp/alice?secret=${'A'.repeat(1024)}`, { reason: 'secret-long' }],
    ['otpauth://totp/alice?secret=JBSWY3DPEHPK3PX1', { reason: 'secret-letter', at: 16 }],
    [`otpauth://hotp/alice?secret=${SECRET}&counter=-1`, { reason: 'counter' }],
    [`otpauth://hotp/alice?secret=${SECRET}&counter=9007199254740993`, { reason: 'counter' }],
  ])('refuses %s and says which part', (link, detail) => {
    expect(refusal(() => parseOtpauth(link))).toEqual({ code: 'seed.malformed', ...detail });
  });

  it.each([
    ['algorithm=MD5', 'algorithm', 'MD5'],
    ['digits=7', 'digits', '7'],
    ['period=10', 'period', '10'],
    ['period=3600', 'period', '3600'],
    ['period=30.5', 'period', '30.5'],
  ])('says of %s that no code can be given', (member, reason, given) => {
    expect(refusal(() => parseOtpauth(`otpauth://totp/alice?secret=${SECRET}&${member}`))).toEqual({
      code: 'seed.unsupported',
      reason,
      given,
    });
  });

  it('never has more to say than an error of ours, and never the secret', () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 200 }), (noise) => {
        for (const link of [noise, `otpauth://${noise}`, `otpauth://totp/${noise}`, `otpauth://totp/a?secret=${SECRET}${noise}`]) {
          try {
            parseOtpauth(link);
          } catch (error) {
            expect(error).toBeInstanceOf(DoorstepError);
            expect(JSON.stringify([(error as DoorstepError).detail, (error as DoorstepError).message])).not.toContain(SECRET.slice(0, 8));
          }
        }
      }),
      { numRuns: 2_000 },
    );
  });

  it('knows a link when it sees one', () => {
    expect([isOtpauth(' OTPAUTH://totp/a'), isOtpauth('otpauth-migration://offline?data=')]).toEqual([true, false]);
  });
});
