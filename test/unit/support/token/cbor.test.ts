import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Cbor, type CborMap, decodeCbor, encodeCbor } from '../../../support/token/cbor.ts';

/** RFC 8949, appendix A: those that CTAP2 allows. */
const VECTORS: readonly (readonly [string, Cbor])[] = [
  ['00', 0],
  ['17', 23],
  ['1818', 24],
  ['1864', 100],
  ['1903e8', 1000],
  ['1a000f4240', 1000000],
  ['1b000000e8d4a51000', 1000000000000],
  ['1bffffffffffffffff', 18446744073709551615n],
  ['20', -1],
  ['3863', -100],
  ['3903e7', -1000],
  ['3bffffffffffffffff', -18446744073709551616n],
  ['f4', false],
  ['f5', true],
  ['f6', null],
  ['40', new Uint8Array()],
  ['4401020304', Uint8Array.of(1, 2, 3, 4)],
  ['60', ''],
  ['6161', 'a'],
  ['62c3bc', 'ü'],
  ['80', []],
  ['8301820203820405', [1, [2, 3], [4, 5]]],
  ['a0', new Map()],
  [
    'a201020304',
    new Map([
      [1, 2],
      [3, 4],
    ]),
  ],
];

describe("the token's CBOR", () => {
  it.each(VECTORS)('%s', (hex, value) => {
    expect(encodeCbor(value).toString('hex')).toBe(hex);
    expect(decodeCbor(Buffer.from(hex, 'hex'))).toEqual(value);
  });

  it('sorts keys by type, then length, then bytes', () => {
    const map: CborMap = new Map<number | string, Cbor>([
      ['b', 1],
      ['aa', 2],
      [-1, 3],
      [300, 4],
      [10, 5],
      ['a', 6],
    ]);
    expect(encodeCbor(map).toString('hex')).toBe('a60a0519012c04200361610661620162616102');
  });

  it.each([
    ['a longer form than needed', '1801'],
    ['a longer length than needed', '580100'],
    ['an indefinite array', '9fff'],
    ['an indefinite string', '5fff'],
    ['an indefinite map', 'bfff'],
    ['a tag', 'c100'],
    ['a float', 'f93c00'],
    ['undefined', 'f7'],
    ['keys out of order', 'a202000100'],
    ['a key twice', 'a201000100'],
    ['trailing bytes', '0000'],
    ['no bytes', ''],
    ['a string that is not there', '44010203'],
    ['an array longer than the message', '9b0020000000000000'],
    ['text that is no UTF-8', '61ff'],
    ['five levels', '818181818100'],
    ['a break', 'ff'],
    ['a reserved length', '1c'],
  ])('refuses %s', (_name, hex) => {
    expect(() => decodeCbor(Buffer.from(hex, 'hex'))).toThrow('0x12');
  });

  it('refuses a key that is neither number nor text', () => {
    expect(() => decodeCbor(Buffer.from('a1410000', 'hex'))).toThrow('0x11');
  });

  it('gives back what it encoded, and never takes what it would not write', () => {
    const leaf = fc.oneof(fc.integer(), fc.boolean(), fc.string(), fc.uint8Array(), fc.constant(null));
    const value = fc.oneof(
      leaf,
      fc.array(leaf),
      fc.dictionary(fc.string(), leaf).map((object) => new Map(Object.entries(object))),
    );
    fc.assert(
      fc.property(value, (given) => {
        expect(decodeCbor(encodeCbor(given as Cbor))).toEqual(given);
      }),
    );
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 40 }), (bytes) => {
        let decoded: Cbor;
        try {
          decoded = decodeCbor(bytes);
        } catch {
          return;
        }
        expect(encodeCbor(decoded)).toEqual(Buffer.from(bytes));
      }),
      { numRuns: 2000 },
    );
  });
});
