import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DoorstepError } from '../../../../src/contract/errors.ts';
import { type CborFault, type CborValue, cborMap, decodeCbor, decodeCborPrefix, encodeCbor } from '../../../../src/device/ctap2/cbor.ts';

/** RFC 8949 appendix A, those that are canonical in CTAP2's sense. */
const RFC: readonly (readonly [string, CborValue])[] = [
  ['00', 0],
  ['01', 1],
  ['0a', 10],
  ['17', 23],
  ['1818', 24],
  ['1819', 25],
  ['1864', 100],
  ['1903e8', 1000],
  ['1a000f4240', 1000000],
  ['1b000000e8d4a51000', 1000000000000],
  ['1bffffffffffffffff', 18446744073709551615n],
  ['3bffffffffffffffff', -18446744073709551616n],
  ['20', -1],
  ['29', -10],
  ['3863', -100],
  ['3903e7', -1000],
  ['f4', false],
  ['f5', true],
  ['f6', null],
  ['40', new Uint8Array(0)],
  ['4401020304', Uint8Array.of(1, 2, 3, 4)],
  ['60', ''],
  ['6161', 'a'],
  ['6449455446', 'IETF'],
  ['62225c', '"\\'],
  ['62c3bc', '\u00fc'],
  ['63e6b0b4', '\u6c34'],
  ['64f0908591', '\u{10151}'],
  ['80', []],
  ['83010203', [1, 2, 3]],
  ['8301820203820405', [1, [2, 3], [4, 5]]],
  ['98190102030405060708090a0b0c0d0e0f101112131415161718181819', Array.from({ length: 25 }, (_, index) => index + 1)],
  ['a0', cborMap([])],
  [
    'a201020304',
    cborMap([
      [1, 2],
      [3, 4],
    ]),
  ],
  [
    'a26161016162820203',
    cborMap([
      ['a', 1],
      ['b', [2, 3]],
    ]),
  ],
  [
    'a56161614161626142616361436164614461656145',
    cborMap([
      ['a', 'A'],
      ['b', 'B'],
      ['c', 'C'],
      ['d', 'D'],
      ['e', 'E'],
    ]),
  ],
];

const bytes = (hex: string) => new Uint8Array(Buffer.from(hex, 'hex'));
const hex = (value: Uint8Array) => Buffer.from(value).toString('hex');

function faultOf(input: string): CborFault | 'none' {
  try {
    decodeCbor(bytes(input));
    return 'none';
  } catch (error) {
    if (!(error instanceof DoorstepError) || error.code !== 'token.misbehaved') throw error;
    return error.detail['fault'] as CborFault;
  }
}

describe('canonical CBOR', () => {
  it.each(RFC)('reads and writes %s', (encoded, value) => {
    expect(hex(encodeCbor(value))).toBe(encoded);
    expect(decodeCbor(bytes(encoded))).toEqual(value);
  });

  it('sorts keys by type, then length, then bytes (CTAP 2.1 section 8)', () => {
    const map = cborMap([
      ['z', 1],
      ['aa', 2],
      [-1, 3],
      [10, 4],
      [100, 5],
      [-257, 6],
      [1, 7],
      ['b', 8],
    ]);
    expect([...(decodeCbor(encodeCbor(map)) as Map<unknown, unknown>).keys()]).toEqual([1, 10, 100, -1, -257, 'b', 'z', 'aa']);
  });

  it.each<readonly [string, CborFault]>([
    ['', 'cut-short'],
    ['18', 'cut-short'],
    ['19ff', 'cut-short'],
    ['4201', 'cut-short'],
    ['61', 'cut-short'],
    ['0000', 'trailing-bytes'],
    ['1800', 'not-smallest'],
    ['190018', 'not-smallest'],
    ['1a0000ffff', 'not-smallest'],
    ['1b00000000ffffffff', 'not-smallest'],
    ['580101', 'not-smallest'],
    ['780161', 'not-smallest'],
    ['980101', 'not-smallest'],
    ['b8010101', 'not-smallest'],
    ['5f42010243030405ff', 'indefinite'],
    ['7f6161ff', 'indefinite'],
    ['9fff', 'indefinite'],
    ['bfff', 'indefinite'],
    ['1c', 'not-canonical'],
    ['c11a514b67b0', 'tag'],
    ['f90000', 'float-or-simple'],
    ['fa47c35000', 'float-or-simple'],
    ['fb3ff199999999999a', 'float-or-simple'],
    ['f7', 'float-or-simple'],
    ['f0', 'float-or-simple'],
    ['f818', 'float-or-simple'],
    ['ff', 'float-or-simple'],
    ['8181818180', 'too-deep'],
    ['a101a101a101a101a0', 'too-deep'],
    [`${'81'.repeat(7000)}80`, 'too-deep'],
    ['a201000100', 'key-twice'],
    ['a2616100616100', 'key-twice'],
    ['a202000100', 'key-order'],
    ['a2616200616100', 'key-order'],
    ['a262616100616200', 'key-order'],
    ['a220000100', 'key-order'],
    ['a14000', 'key-type'],
    ['a1f500', 'key-type'],
    ['a18000', 'key-type'],
    ['61ff', 'bad-text'],
    ['62c080', 'bad-text'],
    ['63eda080', 'bad-text'],
    ['62c3c3', 'bad-text'],
    ['9a00010000', 'count'],
    ['9bffffffffffffffff', 'count'],
    ['bb7fffffffffffffff', 'count'],
    ['830102', 'count'],
    ['a20102', 'count'],
    ['5bffffffffffffffff', 'cut-short'],
    ['7affffffff', 'cut-short'],
  ])('refuses %s', (input, fault) => {
    expect(faultOf(input)).toBe(fault);
  });

  it('drops the rest of a character that a token has cut off', () => {
    expect(decodeCbor(bytes('6361e6b0'))).toBe('a');
    expect(decodeCbor(bytes('64f0908591'))).toBe('\u{10151}');
    expect(decodeCbor(bytes('63f09085'))).toBe('');
  });

  it('reads an item in the middle and tells where it ends', () => {
    expect(decodeCborPrefix(bytes('ff1864ff'), 1)).toEqual({ value: 100, end: 3 });
  });

  const value: fc.Arbitrary<CborValue> = fc.letrec<{ item: CborValue }>((tie) => ({
    item: fc.oneof(
      { maxDepth: 3, depthIdentifier: 'cbor' },
      fc.oneof(
        fc.maxSafeInteger(),
        fc.bigInt({ min: 2n ** 53n, max: 2n ** 64n - 1n }),
        fc.bigInt({ min: -(2n ** 64n), max: -(2n ** 53n) }),
        fc.string({ unit: 'binary' }),
        fc.boolean(),
        fc.constant(null),
        fc.uint8Array({ maxLength: 300 }),
      ),
      fc.array(tie('item'), { maxLength: 5, depthIdentifier: 'cbor' }),
      fc
        .uniqueArray(fc.tuple(fc.oneof(fc.integer(), fc.string({ maxLength: 8 })), tie('item')), {
          maxLength: 5,
          selector: ([key]) => key,
          depthIdentifier: 'cbor',
        })
        .map((entries) => new Map(entries)),
    ),
  })).item;

  it('comes back as it went', () => {
    fc.assert(
      fc.property(value, (item) => void expect(decodeCbor(encodeCbor(item))).toEqual(item)),
      { numRuns: 300 },
    );
  });

  it('accepts one encoding of a value and no other', () => {
    fc.assert(
      fc.property(value, fc.nat(), fc.integer({ min: 0, max: 255 }), (item, where, byte) => {
        const changed = encodeCbor(item).slice();
        changed[where % changed.length] = byte;
        let read: CborValue;
        try {
          read = decodeCbor(changed);
        } catch (error) {
          expect((error as DoorstepError).code).toBe('token.misbehaved');
          return;
        }
        // A text that was mended is the one thing that does not come back.
        const again = encodeCbor(read);
        if (again.length === changed.length) expect(hex(again)).toBe(hex(changed));
        else expect(again.length).toBeLessThan(changed.length);
      }),
      { numRuns: 500 },
    );
  });

  it('makes something or a named fault of any bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (input) => {
        expect(() => {
          try {
            decodeCbor(input);
          } catch (error) {
            if (!(error instanceof DoorstepError) || error.code !== 'token.misbehaved') throw error;
          }
        }).not.toThrow();
      }),
      { numRuns: 2_000 },
    );
  });
});
