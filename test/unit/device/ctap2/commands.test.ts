import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DoorstepError, ERRORS } from '../../../../src/contract/errors.ts';
import { parseAuthenticatorData } from '../../../../src/device/ctap2/auth-data.ts';
import { configMessage } from '../../../../src/device/ctap2/authenticator-config.ts';
import { bioMessage } from '../../../../src/device/ctap2/bio-enrollment.ts';
import { cborMap, decodeCbor, encodeCbor, isCborMap } from '../../../../src/device/ctap2/cbor.ts';
import { encodeCommand, send, unwrap } from '../../../../src/device/ctap2/command.ts';
import { managementMessage } from '../../../../src/device/ctap2/credential-management.ts';
import { decodeAssertion, encodeGetAssertion } from '../../../../src/device/ctap2/get-assertion.ts';
import { decodeInfo } from '../../../../src/device/ctap2/get-info.ts';
import { fragmentMessage, parseBlobArray, serializeBlobArray } from '../../../../src/device/ctap2/large-blobs.ts';
import { decodeMadeCredential, encodeMakeCredential } from '../../../../src/device/ctap2/make-credential.ts';
import { STATUS, statusError } from '../../../../src/device/ctap2/status.ts';
import type { Link } from '../../../../src/device/link.ts';

const bytes = (hex: string) => new Uint8Array(Buffer.from(hex, 'hex'));
const hex = (value: Uint8Array) => Buffer.from(value).toString('hex');

/** The requests of python-fido2's tests (tests/test_ctap2.py): client data hash, RP and user are those of CTAP 2.0's example. */
const HASH = '985b6187d042fb1258892ed637ca88724f5fdde85de8b92e7ebf5b4d4b6b5bd6';

/** Initial serialized large-blob array (CTAP 2.1 section 6.10.1). */
const EMPTY_BLOBS = '8076be8b528d0075f7aae98d6fa57a6d3c';

function codeOf(run: () => unknown): string {
  try {
    run();
    return 'ok';
  } catch (error) {
    return error instanceof DoorstepError ? error.code : String(error);
  }
}

function linkThatAnswers(answer: Uint8Array): Link {
  return {
    capabilities: { wink: false, cbor: true, msg: false },
    packets: { sent: 0, received: 0, keepalives: 0, foreign: 0 },
    call: async () => answer,
    close: async () => {},
  };
}

describe('makeCredential', () => {
  it('sends what was asked and nothing that is a default', () => {
    const request = encodeMakeCredential({
      clientDataHash: bytes(HASH),
      rp: { id: 'example.com', name: 'Acme' },
      user: { id: Uint8Array.of(1), name: 'a', displayName: '' },
      algorithms: [-7],
      excludeList: [],
      extensions: cborMap([]),
      residentKey: false,
    });
    expect(hex(encodeCommand(0x01, request))).toBe(
      `01a4015820${HASH}02a2626964${'6b6578616d706c652e636f6d'}646e616d65${'6441636d65'}03a26269644101646e616d65616104${'81a263616c672664747970656a7075626c69632d6b6579'}`,
    );
  });

  it('carries every member where it is wanted', () => {
    const request = encodeMakeCredential({
      clientDataHash: bytes(HASH),
      rp: { id: 'example.com' },
      user: { id: Uint8Array.of(1) },
      algorithms: [-7, -8],
      excludeList: [Uint8Array.of(9)],
      extensions: cborMap([['credProtect', 2]]),
      residentKey: true,
      userVerification: true,
      pinUvAuth: { protocol: 2, param: Uint8Array.of(7) },
      enterpriseAttestation: 1,
    });
    expect([...request.keys()]).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
    expect(hex(encodeCbor(request.get(7) ?? null))).toBe('a262726bf5627576f5');
  });

  it('wants an answer that is whole', () => {
    const authData = new Uint8Array(37);
    expect(codeOf(() => decodeMadeCredential(cborMap([[1, 'packed']])))).toBe('token.misbehaved');
    expect(
      codeOf(() =>
        decodeMadeCredential(
          cborMap([
            [1, 2],
            [2, authData],
          ]),
        ),
      ),
    ).toBe('token.misbehaved');
    expect(
      codeOf(() =>
        decodeMadeCredential(
          cborMap([
            [1, 'none'],
            [2, authData],
          ]),
        ),
      ),
    ).toBe('ok');
  });
});

describe('getAssertion', () => {
  it('sends no option for what is the default, and up: false for a silent question', () => {
    const base = { rpId: 'example.com', clientDataHash: bytes(HASH), allowList: [Uint8Array.of(9)] };
    expect([...encodeGetAssertion(base).keys()]).toEqual([1, 2, 3]);
    expect(hex(encodeCbor(encodeGetAssertion({ ...base, userPresence: false }).get(5) ?? null))).toBe('a1627570f4');
  });

  it('reads an answer without a credential, as CTAP 2.0 allows it', () => {
    const assertion = decodeAssertion(
      cborMap([
        [2, new Uint8Array(37)],
        [3, Uint8Array.of(1)],
      ]),
    );
    expect(assertion).toMatchObject({ credentialId: undefined, user: undefined, numberOfCredentials: 1, userSelected: false });
    expect(codeOf(() => decodeAssertion(cborMap([[2, new Uint8Array(37)]])))).toBe('token.misbehaved');
  });
});

describe('getInfo', () => {
  const least = cborMap([
    [1, ['FIDO_2_0']],
    [3, new Uint8Array(16)],
  ]);

  it('fills in what a token does not say', () => {
    expect(decodeInfo(least)).toMatchObject({
      maxMsgSize: 1024,
      minPinLength: 4,
      maxPinLength: 63,
      forcePinChange: false,
      algorithms: undefined,
      transports: [],
    });
  });

  it('passes over what it does not know, and refuses what it knows otherwise', () => {
    const more = cborMap([
      ...least,
      [0x99, 1],
      [0x15, [1]],
      [
        4,
        cborMap([
          ['new', 'text'],
          ['rk', true],
        ]),
      ],
    ]);
    expect(decodeInfo(more).options).toEqual(new Map([['rk', true]]));
    for (const wrong of [
      [3, new Uint8Array(15)],
      [1, 'FIDO_2_0'],
      [1, [1]],
      [5, 'much'],
      [5, -1],
      [6, ['one']],
      [0x0a, [1]],
      [0x0c, 1],
    ] as const) {
      expect(codeOf(() => decodeInfo(cborMap([...least, wrong])))).toBe('token.misbehaved');
    }
  });

  it('believes no PIN shorter than the specification', () => {
    expect(decodeInfo(cborMap([...least, [0x0d, 1]])).minPinLength).toBe(4);
  });
});

describe('authenticator data', () => {
  const plain = `${'11'.repeat(32)}0100000005`;
  const key = `a5010203262001215820${'22'.repeat(32)}225820${'33'.repeat(32)}`;

  it('reads what the flags announce', () => {
    expect(parseAuthenticatorData(bytes(plain))).toMatchObject({ flags: 1, signCount: 5, attested: null, extensions: null });
    const full = parseAuthenticatorData(bytes(`${'11'.repeat(32)}c100000005${'44'.repeat(16)}0002aabb${key}a16b6372656450726f7465637402`));
    expect(hex(full.attested?.credentialId ?? new Uint8Array())).toBe('aabb');
    expect(full.attested?.publicKey.get(3)).toBe(-7);
    expect(full.extensions?.get('credProtect')).toBe(2);
  });

  it.each([
    ['short', plain.slice(2)],
    ['trailing bytes', `${plain}00`],
    ['a backup of what cannot be backed up', `${'11'.repeat(32)}1100000005`],
    ['attested data that are cut', `${'11'.repeat(32)}4100000005${'44'.repeat(16)}00`],
    ['a credential id of 1024 bytes', `${'11'.repeat(32)}4100000005${'44'.repeat(16)}0400${'55'.repeat(1024)}${key}`],
    ['no credential id', `${'11'.repeat(32)}4100000005${'44'.repeat(16)}0000${key}`],
    ['a key that is no map', `${'11'.repeat(32)}4100000005${'44'.repeat(16)}0001aa80`],
    ['extensions that are no map', `${'11'.repeat(32)}810000000580`],
    ['no extensions', `${'11'.repeat(32)}8100000005`],
  ])('refuses %s', (_name, input) => {
    expect(codeOf(() => parseAuthenticatorData(bytes(input)))).toBe('token.misbehaved');
  });
});

describe('an answer', () => {
  it('is a status, and a map where it was a success', async () => {
    expect(await send(linkThatAnswers(Uint8Array.of(0x2e)), 2, null)).toEqual({ ok: false, status: 0x2e });
    expect(await send(linkThatAnswers(Uint8Array.of(0)), 2, null)).toEqual({ ok: true, value: cborMap([]) });
    // What follows a failure is nobody's business.
    expect(await send(linkThatAnswers(Uint8Array.of(0x2e, 0xff)), 2, null)).toEqual({ ok: false, status: 0x2e });
    await expect(send(linkThatAnswers(new Uint8Array(0)), 2, null)).rejects.toThrow('token.misbehaved');
    await expect(send(linkThatAnswers(Uint8Array.of(0, 0x80)), 2, null)).rejects.toThrow('token.misbehaved');
  });

  it('keeps a status that nobody knows', () => {
    const error = statusError(0xf7);
    expect(error.code).toBe('token.refused');
    expect(error.detail).toEqual({ status: 0xf7 });
    expect(() => unwrap({ ok: false, status: STATUS.pinBlocked })).toThrow('pin.blocked');
  });

  it('has a code with words for each status byte there can be', () => {
    for (let status = 1; status < 256; status++) expect(ERRORS[statusError(status).code].remedy).not.toBe('');
  });
});

describe('whatever map a token answers with', () => {
  const leaf = fc.oneof(
    fc.integer(),
    fc.boolean(),
    fc.string({ maxLength: 8 }),
    fc.uint8Array({ maxLength: 80 }),
    fc.array(fc.oneof(fc.integer(), fc.string()), { maxLength: 3 }),
    fc
      .dictionary(fc.constantFrom('id', 'name', 'type', 'rk', 'alg'), fc.oneof(fc.integer(), fc.boolean(), fc.uint8Array({ maxLength: 4 })))
      .map((entries) => cborMap(Object.entries(entries))),
  );
  const answers = fc.array(fc.tuple(fc.integer({ min: 1, max: 0x20 }), leaf), { maxLength: 12 }).map((entries) => cborMap(entries));

  it.each([
    ['getInfo', decodeInfo],
    ['makeCredential', decodeMadeCredential],
    ['getAssertion', decodeAssertion],
  ] as const)('%s reads it or names it', (_name, decode) => {
    fc.assert(
      fc.property(answers, (answer) => {
        expect(['ok', 'token.misbehaved']).toContain(codeOf(() => decode(answer)));
      }),
      { numRuns: 500 },
    );
  });
});

describe('what a pinUvAuthParam covers', () => {
  it('is what the specification says', () => {
    expect(hex(managementMessage(1, undefined))).toBe('01');
    expect(hex(managementMessage(4, cborMap([[1, Uint8Array.of(9)]])))).toBe('04a1014109');
    expect(hex(bioMessage(4, undefined))).toBe('0104');
    expect(hex(configMessage(2, undefined))).toBe(`${'ff'.repeat(32)}0d02`);
    expect(hex(configMessage(3, cborMap([[1, 6]])))).toBe(`${'ff'.repeat(32)}0d03a10106`);
    const message = hex(fragmentMessage(0x0102, Uint8Array.of()));
    expect(message.slice(0, 76)).toBe(`${'ff'.repeat(32)}0c0002010000`);
    // SHA-256 of nothing.
    expect(message.slice(76)).toBe('e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855');
  });
});

describe('the large-blob array', () => {
  it('is empty at first, and after damage', () => {
    expect(hex(serializeBlobArray([]))).toBe(EMPTY_BLOBS);
    expect(parseBlobArray(bytes(EMPTY_BLOBS))).toEqual([]);
    for (const damaged of ['', '80', `${EMPTY_BLOBS}00`, EMPTY_BLOBS.replace(/^80/, 'a0'), EMPTY_BLOBS.replace(/3c$/, '3d')]) {
      expect(parseBlobArray(bytes(damaged))).toEqual([]);
    }
  });

  it('keeps what others have put there', () => {
    const entries = [
      cborMap([
        [1, Uint8Array.of(1)],
        [9, 'theirs'],
      ]),
      'odd',
    ];
    const parsed = parseBlobArray(serializeBlobArray(entries));
    expect(parsed).toEqual(entries);
    expect(isCborMap(parsed[0])).toBe(true);
    expect(decodeCbor(encodeCbor(parsed))).toEqual(entries);
  });
});
