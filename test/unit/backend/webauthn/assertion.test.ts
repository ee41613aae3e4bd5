/** Every way in which an assertion may be wrong (C35, C38), with the library as the judge of the cases that it covers. */
import { createPublicKey, generateKeyPairSync, sign as signWith } from 'node:crypto';
import { verifyAuthenticationResponse } from '@simplewebauthn/server';
import fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import { NO_TRUST } from '../../../../src/backend/webauthn/attestation.ts';
import { createRelyingParty } from '../../../../src/backend/webauthn/relying-party.ts';
import { encodeCbor } from '../../../support/webauthn/cbor.ts';
import { derSignature } from '../../../support/webauthn/deterministic-ecdsa.ts';
import { BE, BS, SoftwareKey, type Twist, UP, UV } from '../../../support/webauthn/software-key.ts';

// Both cores may be busy with other suites.
vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

const ORIGIN = 'https://id.example';
const RP_ID = 'id.example';
const QUESTION = Buffer.alloc(32, 7).toString('base64url');
const relyingParty = createRelyingParty({ origin: ORIGIN, rpId: RP_ID, trust: NO_TRUST });
const key = new SoftwareKey();
const OPTIONS = { challenge: QUESTION, rpId: RP_ID };

const expected = {
  question: QUESTION,
  userVerification: 'preferred' as const,
  credentialId: key.id,
  publicKey: key.coseKey().toString('base64url'),
  userHandle: 'the-person',
  backupEligible: false,
};

type Answer = ReturnType<SoftwareKey['assert']>;
const answer = (twist: Twist = {}, origin = ORIGIN): Answer => key.assert(OPTIONS, origin, twist);
const check = (given: Answer, more: Partial<typeof expected> = {}) => relyingParty.checkAssertion(given, { ...expected, ...more });

async function judge(given: Answer): Promise<boolean> {
  try {
    const { verified } = await verifyAuthenticationResponse({
      response: { ...given, response: { ...given.response, userHandle: given.response.userHandle ?? undefined } } as never,
      expectedChallenge: QUESTION,
      expectedOrigin: ORIGIN,
      expectedRPID: RP_ID,
      requireUserVerification: false,
      credential: { id: key.id, publicKey: new Uint8Array(key.coseKey()), counter: 0 },
    });
    return verified;
  } catch {
    return false;
  }
}

const N = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n;

/** The other signature over the same message: (r, n - s). Valid as mathematics, so a signature must never serve as an identity. */
function mirrored(signature: Buffer): Buffer {
  const rLength = signature[3] ?? 0;
  const r = BigInt(`0x${signature.subarray(4, 4 + rLength).toString('hex')}`);
  const s = BigInt(`0x${signature.subarray(6 + rLength).toString('hex')}`);
  return derSignature(r, N - s);
}

/** Name, twist, what is said, and what the library says ('ours': the library leaves it to the caller). */
const WRONG: readonly (readonly [string, Twist, string, 'refused' | 'ours'])[] = [
  ['type of a registration', { clientData: { type: 'webauthn.create' } }, 'type', 'refused'],
  ['no type', { clientData: { type: undefined } }, 'type', 'refused'],
  ['another question', { clientData: { challenge: Buffer.alloc(32, 8).toString('base64url') } }, 'challenge', 'refused'],
  ['question with padding', { clientData: { challenge: `${QUESTION}=` } }, 'challenge', 'refused'],
  ['another origin', { clientData: { origin: 'https://id.example.evil' } }, 'origin', 'refused'],
  ['origin with a port', { clientData: { origin: 'https://id.example:8443' } }, 'origin', 'refused'],
  ['origin in capitals', { clientData: { origin: 'https://ID.example' } }, 'origin', 'refused'],
  ['plain http', { clientData: { origin: 'http://id.example' } }, 'origin', 'refused'],
  ['cross-origin frame', { clientData: { crossOrigin: true } }, 'cross-origin', 'ours'],
  ['crossOrigin that is no boolean', { clientData: { crossOrigin: 'false' } }, 'cross-origin', 'ours'],
  ['top origin', { clientData: { topOrigin: 'https://other.example' } }, 'cross-origin', 'ours'],
  ['another RP ID', { rpId: 'example' }, 'rp-id', 'refused'],
  ['no touch', { flags: 0 }, 'user-presence', 'refused'],
  ['PIN but no touch', { flags: UV }, 'user-presence', 'refused'],
  ['backed up but not eligible', { flags: UP | BS }, 'backup-flags', 'refused'],
  ['eligible all of a sudden', { flags: UP | BE }, 'backup-flags', 'ours'],
  ['bytes after the data', { trailing: Buffer.from([0]) }, 'malformed', 'refused'],
  ['extension flag without extensions', { flags: UP | 0x80 }, 'malformed', 'refused'],
  ['key flag without a key', { flags: UP | 0x40 }, 'malformed', 'refused'],
  ['handle of somebody else', { userHandle: 'somebody-else' }, 'user-handle', 'ours'],
  ['signature cut short', { signature: (bytes) => bytes.subarray(0, -1) }, 'signature', 'refused'],
  ['no signature', { signature: () => Buffer.alloc(0) }, 'signature', 'refused'],
];

describe('an assertion', () => {
  it('is accepted where all is well, and where the token has a PIN or names the person', async () => {
    expect(await check(answer())).toMatchObject({ ok: true, userVerified: false });
    expect(await check(answer({ flags: UP | UV }))).toMatchObject({ ok: true, userVerified: true });
    expect(await check(answer({ userHandle: 'the-person' }))).toMatchObject({ ok: true });
    expect(await check(answer({ userHandle: null }))).toMatchObject({ ok: true });
    expect(await judge(answer())).toBe(true);
  });

  it.each(WRONG)('is refused with %s', async (_name, twist, refusal, library) => {
    const given = answer(twist);
    expect(await check(given)).toEqual({ ok: false, refusal });
    if (library === 'refused') expect(await judge(given)).toBe(false);
  });

  it('is refused without the PIN where one is required', async () => {
    expect(await check(answer(), { userVerification: 'required' as never })).toEqual({ ok: false, refusal: 'user-verification' });
    expect(await check(answer({ flags: UP | UV }), { userVerification: 'required' as never })).toMatchObject({ ok: true });
  });

  it('is refused for another credential, and where id and rawId differ', async () => {
    const other = new SoftwareKey();
    expect(await check(other.assert(OPTIONS, ORIGIN))).toEqual({ ok: false, refusal: 'credential' });
    expect(await check({ ...answer(), rawId: other.id })).toEqual({ ok: false, refusal: 'credential' });
    expect(await check({ ...other.assert(OPTIONS, ORIGIN), id: key.id, rawId: key.id })).toEqual({ ok: false, refusal: 'signature' });
  });

  it('is refused where base64url is not in its one form', async () => {
    const given = answer();
    for (const part of ['clientDataJSON', 'authenticatorData', 'signature'] as const) {
      for (const spoilt of [`${given.response[part]}=`, `${given.response[part]}\n`, `+${given.response[part].slice(1)}`, 'A']) {
        const verdict = await check({ ...given, response: { ...given.response, [part]: spoilt } });
        expect(verdict.ok).toBe(false);
      }
    }
  });

  it('is refused where client data is no JSON object, or no UTF-8', async () => {
    const given = answer();
    for (const bytes of ['', '[]', 'null', '"x"', '{', '\xff\xfe']) {
      const clientDataJSON = Buffer.from(bytes, 'latin1').toString('base64url');
      expect(await check({ ...given, response: { ...given.response, clientDataJSON } })).toEqual({ ok: false, refusal: 'malformed' });
    }
  });

  it('accepts strictly encoded signatures alone', async () => {
    // A mirrored signature is as good as the first; that the question is used up is what stops a second use of it.
    expect(await check(answer({ signature: mirrored }))).toMatchObject({ ok: true });
    const trailing = answer({ signature: (bytes) => Buffer.concat([bytes, Buffer.from([0])]) });
    const longLength = answer({ signature: (bytes) => Buffer.concat([Buffer.from([0x30, 0x81]), bytes.subarray(1)]) });
    const zeros = answer({
      signature: (bytes) => {
        const r = bytes.subarray(4, 4 + (bytes[3] ?? 0));
        const padded = Buffer.concat([Buffer.from([0x02, r.length + 1, 0]), r, bytes.subarray(4 + r.length)]);
        return Buffer.concat([Buffer.from([0x30, padded.length]), padded]);
      },
    });
    for (const given of [trailing, longLength, zeros]) expect(await check(given)).toEqual({ ok: false, refusal: 'signature' });
  });

  it('agrees with the library on random changes', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom('clientDataJSON' as const, 'authenticatorData' as const, 'signature' as const),
        fc.nat(),
        fc.integer({ min: 1, max: 255 }),
        async (part, position, mask) => {
          const given = answer();
          const bytes = Buffer.from(given.response[part], 'base64url');
          bytes[position % bytes.length] = (bytes[position % bytes.length] ?? 0) ^ mask;
          const changed = { ...given, response: { ...given.response, [part]: bytes.toString('base64url') } };
          const ours = (await check(changed)).ok;
          expect(ours).toBe(false);
          // The library overlooks faults in the outer frame of a DER signature; Node, and so our check, does not.
          if (part !== 'signature') expect(await judge(changed)).toBe(ours);
        },
      ),
      { numRuns: 200 },
    );
  });
});

describe('a public key', () => {
  const okp = (x: Uint8Array): string =>
    encodeCbor(
      new Map<number, number | Uint8Array>([
        [1, 1],
        [3, -8],
        [-1, 6],
        [-2, x],
      ]),
    ).toString('base64url');

  it('of small order proves nothing', async () => {
    const points = ['00'.repeat(32), `01${'00'.repeat(31)}`, `${'00'.repeat(31)}80`, `ec${'ff'.repeat(30)}7f`, `ee${'ff'.repeat(31)}`];
    for (const point of points) {
      const signature = Buffer.concat([Buffer.from([1]), Buffer.alloc(63)]);
      const verdict = await check(answer({ signature: () => signature }), { publicKey: okp(Buffer.from(point, 'hex')) });
      expect(verdict).toEqual({ ok: false, refusal: 'algorithm' });
    }
  });

  it('of Ed25519 is accepted', async () => {
    const pair = generateKeyPairSync('ed25519');
    const x = Buffer.from(createPublicKey(pair.privateKey).export({ format: 'jwk' }).x ?? '', 'base64url');
    const given = answer();
    const { createHash } = await import('node:crypto');
    const hash = createHash('sha256').update(Buffer.from(given.response.clientDataJSON, 'base64url')).digest();
    const signed = Buffer.concat([Buffer.from(given.response.authenticatorData, 'base64url'), hash]);
    const signature = signWith(null, signed, pair.privateKey).toString('base64url');
    expect(await check({ ...given, response: { ...given.response, signature } }, { publicKey: okp(x) })).toMatchObject({ ok: true });
  });

  it('with SHA-1, of another curve, off its curve, or too short is refused', async () => {
    const cose = (entries: [number, number | Uint8Array][]): string => encodeCbor(new Map(entries)).toString('base64url');
    const rsa = (bits: number): Buffer =>
      Buffer.from(generateKeyPairSync('rsa', { modulusLength: bits }).publicKey.export({ format: 'jwk' }).n ?? '', 'base64url');
    const exponent = Buffer.from('010001', 'hex');
    const keys = [
      cose([
        [1, 3],
        [3, -65535],
        [-1, rsa(2048)],
        [-2, exponent],
      ]),
      cose([
        [1, 3],
        [3, -257],
        [-1, rsa(1024)],
        [-2, exponent],
      ]),
      cose([
        [1, 2],
        [3, -7],
        [-1, 2],
        [-2, Buffer.alloc(32, 1)],
        [-3, Buffer.alloc(32, 1)],
      ]),
      cose([
        [1, 2],
        [3, -7],
        [-1, 1],
        [-2, Buffer.alloc(32, 1)],
        [-3, Buffer.alloc(32, 1)],
      ]),
      cose([[1, 2]]),
      'oA',
    ];
    for (const publicKey of keys) expect(await check(answer(), { publicKey })).toEqual({ ok: false, refusal: 'algorithm' });
  });
});
