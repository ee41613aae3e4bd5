import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readAttestationObject } from '../../../../src/backend/webauthn/attestation-object.ts';
import { readAuthenticatorData } from '../../../../src/backend/webauthn/authenticator-data.ts';
import { endOfStrictCbor } from '../../../../src/backend/webauthn/strict-cbor.ts';
import { type CborValue, encodeCbor } from '../../../support/webauthn/cbor.ts';

const hex = (text: string): Buffer => Buffer.from(text, 'hex');

/** Each breaks one rule of CTAP2 canonical CBOR (CTAP 2.1, section 8), or of CBOR itself. */
const REFUSED: readonly (readonly [string, string])[] = [
  ['nothing', ''],
  ['head cut off', '19ff'],
  ['integer longer than it need be', '1817'],
  ['integer of two bytes that fits one', '190017'],
  ['integer of four bytes that fits two', '1a0000ffff'],
  ['integer of eight bytes that fits four', '1b00000000ffffffff'],
  ['bytes cut off', '4301'],
  ['text that is not UTF-8', '62c328'],
  ['indefinite bytes', '5f4101ff'],
  ['indefinite text', '7f6161ff'],
  ['indefinite array', '9f01ff'],
  ['indefinite map', 'bf0101ff'],
  ['a key twice', 'a201010102'],
  ['a text key twice', 'a2616101616102'],
  ['map cut off', 'a201'],
  ['array with a count beyond the bytes', '9affffffff'],
  ['map with a count beyond the bytes', 'baffffffff'],
  ['a tag', 'c100'],
  ['half float', 'f97e00'],
  ['float', 'fa47c35000'],
  ['double', 'fb3ff199999999999a'],
  ['break alone', 'ff'],
  ['simple value in two bytes', 'f814'],
  ['reserved additional information', '1c'],
  ['nesting beyond measure', '81'.repeat(64)],
];

describe('strict CBOR', () => {
  it.each(REFUSED)('refuses %s', (_name, bytes) => {
    expect(endOfStrictCbor(hex(bytes), 0)).toBeNull();
  });

  it('finds the end of whatever is well formed, and stops there', () => {
    const value: fc.Arbitrary<CborValue> = fc.letrec<{ value: CborValue }>((tie) => ({
      value: fc.oneof(
        { depthSize: 'small', maxDepth: 5 },
        fc.integer({ min: -(2 ** 31), max: 2 ** 31 }),
        fc.string({ unit: 'grapheme' }),
        fc.boolean(),
        fc.uint8Array(),
        fc.array(tie('value'), { maxLength: 5 }),
        fc
          .uniqueArray(fc.tuple(fc.integer({ min: -300, max: 300 }), tie('value')), { maxLength: 5, selector: ([key]) => key })
          .map((pairs) => new Map(pairs)),
      ),
    })).value;
    fc.assert(
      fc.property(value, fc.uint8Array(), (item, rest) => {
        const bytes = encodeCbor(item);
        expect(endOfStrictCbor(Buffer.concat([bytes, rest]), 0)).toBe(bytes.length);
      }),
    );
  });

  it('never throws, never runs past the end', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        const end = endOfStrictCbor(bytes, 0);
        expect(end === null || (end > 0 && end <= bytes.length)).toBe(true);
      }),
      { numRuns: 2_000 },
    );
  });
});

describe('authenticator data and attestation objects', () => {
  it('never throw on any bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
        readAuthenticatorData(bytes);
        expect(readAttestationObject(Buffer.from(bytes).toString('base64url'))).toBeNull();
      }),
      { numRuns: 2_000 },
    );
  });
});
