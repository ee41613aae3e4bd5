/**
 * The fifteen ceremonies of WebAuthn Level 3, section "Test Vectors", made again from its rule: every random value is
 * HKDF-SHA-256(IKM 'WebAuthn test vectors', salt = running number, info = name of the case), signatures use the nonce of
 * RFC 6979. RP ID example.org, origin https://example.org.
 */
import { createHash, createPrivateKey, createPublicKey, hkdfSync, type KeyObject, sign } from 'node:crypto';
import { type CborValue, encodeCbor } from './cbor.ts';
import * as x509 from './der.ts';
import { type Curve, P256, P384, P521, publicPoint, signDeterministic } from './deterministic-ecdsa.ts';

export const VECTOR_ORIGIN = 'https://example.org';
export const VECTOR_RP_ID = 'example.org';

const sha256 = (data: Uint8Array | string): Buffer => createHash('sha256').update(data).digest();
const base64url = (data: Uint8Array): string => Buffer.from(data).toString('base64url');
const RP_ID_HASH = sha256(VECTOR_RP_ID);

export interface Vector {
  readonly name: string;
  readonly aaguid: Buffer;
  readonly credentialId: Buffer;
  readonly registration: { readonly challenge: Buffer; readonly clientDataJSON: Buffer; readonly attestationObject: Buffer };
  readonly assertion: {
    readonly challenge: Buffer;
    readonly clientDataJSON: Buffer;
    readonly authenticatorData: Buffer;
    readonly signature: Buffer;
  };
}

type Draw = (length: number) => Buffer;

function drawer(info: string): Draw {
  let index = 0;
  return (length) => {
    const salt = Buffer.from([index]);
    index += 1;
    return Buffer.from(hkdfSync('sha256', 'WebAuthn test vectors', salt, info, length));
  };
}

const drawCa = drawer('Attestation CA');
export const CA_SECRET = drawCa(32);
export const CA_SERIAL = drawCa(16);
const VALID = { notBefore: '240101000000Z', notAfter: '30240101000000Z' };

function subject(unit: string): Buffer {
  return x509.name(['2.5.4.3', 'WebAuthn test vectors'], ['2.5.4.10', 'W3C'], ['2.5.4.11', unit], ['2.5.4.6', 'AA']);
}
const CA_NAME = subject('Authenticator Attestation CA');

/** The root that all attestation certificates lead to. */
export const CA_CERTIFICATE = x509.certificate({
  ...VALID,
  serial: CA_SERIAL,
  issuer: CA_NAME,
  subject: CA_NAME,
  subjectSecret: CA_SECRET,
  issuerSecret: CA_SECRET,
  extensions: [x509.basicConstraints(true), x509.keyUsage(true), x509.subjectKeyId(CA_SECRET)],
});

function attestationCertificate(secret: Buffer, serial: Buffer, more: { subject?: Buffer; extensions?: readonly Buffer[] } = {}): Buffer {
  return x509.certificate({
    ...VALID,
    serial,
    issuer: CA_NAME,
    subject: more.subject ?? subject('Authenticator Attestation'),
    subjectSecret: secret,
    issuerSecret: CA_SECRET,
    extensions: [
      x509.basicConstraints(false),
      x509.keyUsage(false),
      x509.subjectKeyId(secret),
      x509.authorityKeyId(CA_SECRET),
      ...(more.extensions ?? []),
    ],
  });
}

/** A credential key: how it signs, and its COSE_Key. */
interface Credential {
  readonly sign: (data: Uint8Array) => Buffer;
  readonly cose: Buffer;
  /** Of P-256 keys. */
  readonly secret: Buffer;
}

function ecCredential(curve: Curve, secret: Buffer): Credential {
  const { x, y } = publicPoint(curve, secret);
  const [alg, crv] = { prime256v1: [-7, 1], secp384r1: [-35, 2], secp521r1: [-36, 3] }[curve.name] as [number, number];
  const cose = encodeCbor(
    new Map<number, CborValue>([
      [1, 2],
      [3, alg],
      [-1, crv],
      [-2, x],
      [-3, y],
    ]),
  );
  return { sign: (data) => signDeterministic(curve, secret, data), cose, secret };
}

/** PKCS #8 of an Edwards key (RFC 8410). */
function edwardsCredential(curve: 'Ed25519' | 'Ed448', secret: Buffer): Credential {
  const [id, alg, crv] = curve === 'Ed25519' ? ['1.3.101.112', -8, 6] : ['1.3.101.113', -53, 7];
  const pkcs8 = x509.sequence(x509.integer(0), x509.sequence(x509.oid(id as string)), x509.octets(x509.octets(secret)));
  const key = createPrivateKey({ key: pkcs8, format: 'der', type: 'pkcs8' });
  const x = Buffer.from(createPublicKey(key).export({ format: 'jwk' }).x ?? '', 'base64url');
  const cose = encodeCbor(
    new Map<number, CborValue>([
      [1, 1],
      [3, alg as number],
      [-1, crv as number],
      [-2, x],
    ]),
  );
  return { sign: (data) => sign(null, data, key), cose, secret };
}

/** The two smallest Mersenne primes 2^p - 1 with p of 1024 or more. */
function rsaCredential(): Credential {
  const [p, q, e] = [2n ** 1279n - 1n, 2n ** 2203n - 1n, 65537n];
  const phi = (p - 1n) * (q - 1n);
  const d = modularInverse(e, phi);
  const n = bytesOf(p * q);
  const jwk = {
    kty: 'RSA',
    n: base64url(n),
    e: 'AQAB',
    d: base64url(bytesOf(d)),
    p: base64url(bytesOf(p)),
    q: base64url(bytesOf(q)),
    dp: base64url(bytesOf(d % (p - 1n))),
    dq: base64url(bytesOf(d % (q - 1n))),
    qi: base64url(bytesOf(modularInverse(q % p, p))),
  };
  const key: KeyObject = createPrivateKey({ key: jwk, format: 'jwk' });
  const cose = encodeCbor(
    new Map<number, CborValue>([
      [1, 3],
      [3, -257],
      [-1, n],
      [-2, Buffer.from('010001', 'hex')],
    ]),
  );
  return { sign: (data) => sign('sha256', data, key), cose, secret: Buffer.alloc(0) };
}

function bytesOf(value: bigint): Buffer {
  const hex = value.toString(16);
  return Buffer.from(hex.length % 2 === 0 ? hex : `0${hex}`, 'hex');
}

function modularInverse(value: bigint, modulus: bigint): bigint {
  let [a, b, x, y] = [value, modulus, 1n, 0n];
  while (a > 1n) {
    const quotient = b / a;
    [a, b, x, y] = [b % a, a, y - quotient * x, x];
  }
  return ((x % modulus) + modulus) % modulus;
}

interface Frame {
  readonly crossOrigin?: true;
  readonly topOrigin?: true;
}

function clientData(draw: Draw, type: string, challenge: Buffer, frame: Frame): Buffer {
  const extended = ((draw(1)[0] ?? 0) & 1) !== 0;
  const extra = extended ? draw(16) : null;
  return Buffer.from(
    JSON.stringify({
      type,
      challenge: base64url(challenge),
      origin: VECTOR_ORIGIN,
      crossOrigin: frame.crossOrigin === true,
      ...(frame.topOrigin ? { topOrigin: 'https://example.com' } : {}),
      ...(extra === null
        ? {}
        : { extraData: `clientDataJSON may be extended with additional fields in the future, such as this: ${base64url(extra)}` }),
    }),
  );
}

interface Statement {
  readonly fmt: string;
  readonly attStmt: ReadonlyMap<string, CborValue>;
}

interface Made {
  readonly draw: Draw;
  readonly credential: Credential;
  readonly authData: Buffer;
  readonly clientDataJSON: Buffer;
  readonly credentialId: Buffer;
}

type Attester = (made: Made) => Statement;

const signedBytes = ({ authData, clientDataJSON }: Made): Buffer => Buffer.concat([authData, sha256(clientDataJSON)]);

const none: Attester = () => ({ fmt: 'none', attStmt: new Map() });

const packedSelf: Attester = (made) => ({
  fmt: 'packed',
  attStmt: new Map<string, CborValue>([
    ['alg', -7],
    ['sig', made.credential.sign(signedBytes(made))],
  ]),
});

const packed: Attester = (made) => {
  const secret = made.draw(32);
  const certificate = attestationCertificate(secret, made.draw(16));
  return {
    fmt: 'packed',
    attStmt: new Map<string, CborValue>([
      ['alg', -7],
      ['sig', signDeterministic(P256, secret, signedBytes(made))],
      ['x5c', [certificate]],
    ]),
  };
};

const fidoU2f: Attester = (made) => {
  const secret = made.draw(32);
  const certificate = attestationCertificate(secret, made.draw(16));
  const { x, y } = publicPoint(P256, made.credential.secret);
  const signed = Buffer.concat([Buffer.from([0]), RP_ID_HASH, sha256(made.clientDataJSON), made.credentialId, Buffer.from([4]), x, y]);
  return {
    fmt: 'fido-u2f',
    attStmt: new Map<string, CborValue>([
      ['sig', signDeterministic(P256, secret, signed)],
      ['x5c', [certificate]],
    ]),
  };
};

const hex = (text: string): Buffer => Buffer.from(text, 'hex');
const sized = (bytes: Uint8Array): Buffer => Buffer.concat([Buffer.from([bytes.length >> 8, bytes.length & 0xff]), bytes]);

/** TPM 2.0 structures TPMS_ATTEST and TPMT_PUBLIC (TPM 2.0 Library, part 2). */
const tpm: Attester = (made) => {
  const { x, y } = publicPoint(P256, made.credential.secret);
  const pubArea = Buffer.concat([hex('0023000b00040000'), hex('0000'), hex('0010001000030010'), sized(x), sized(y)]);
  const certInfo = Buffer.concat([
    hex('ff5443478017'),
    sized(Buffer.alloc(0)),
    sized(sha256(signedBytes(made))),
    hex('0000000000000000111111112222222233'),
    hex('0000000000000000'),
    sized(Buffer.concat([hex('000b'), sha256(pubArea)])),
    sized(Buffer.alloc(0)),
  ]);
  const secret = made.draw(32);
  const names = x509.sequence(
    x509.set(
      ...(
        [
          ['2.23.133.2.1', 'id:00000000'],
          ['2.23.133.2.2', 'WebAuthn test vectors'],
          ['2.23.133.2.3', 'id:00000000'],
        ] as const
      ).map(([type, value]) => x509.sequence(x509.oid(type), x509.der(0x0c, Buffer.from(value)))),
    ),
  );
  const certificate = attestationCertificate(secret, made.draw(16), {
    subject: x509.sequence(),
    extensions: [
      x509.extension('2.5.29.37', false, x509.sequence(x509.oid('2.23.133.8.3'))),
      x509.extension('2.5.29.17', true, x509.sequence(x509.der(0xa4, names))),
    ],
  });
  return {
    fmt: 'tpm',
    attStmt: new Map<string, CborValue>([
      ['alg', -7],
      ['sig', signDeterministic(P256, secret, certInfo)],
      ['ver', '2.0'],
      ['x5c', [certificate]],
      ['pubArea', pubArea],
      ['certInfo', certInfo],
    ]),
  };
};

const androidKey: Attester = (made) => {
  const description = x509.sequence(
    x509.integer(300),
    ...[0, 0, 0].map((zero) => x509.integer(zero)),
    x509.octets(sha256(made.clientDataJSON)),
    x509.octets(),
    x509.sequence(),
    x509.sequence(),
  );
  const certificate = attestationCertificate(made.credential.secret, made.draw(16), {
    extensions: [x509.extension('1.3.6.1.4.1.11129.2.1.17', false, description)],
  });
  return {
    fmt: 'android-key',
    attStmt: new Map<string, CborValue>([
      ['alg', -7],
      ['sig', made.credential.sign(signedBytes(made))],
      ['x5c', [certificate]],
    ]),
  };
};

const apple: Attester = (made) => {
  const nonce = x509.sequence(x509.der(0xa1, x509.octets(sha256(signedBytes(made)))));
  const certificate = attestationCertificate(made.credential.secret, made.draw(16), {
    extensions: [x509.extension('1.2.840.113635.100.8.2', false, nonce)],
  });
  return { fmt: 'apple', attStmt: new Map<string, CborValue>([['x5c', [certificate]]]) };
};

interface Case {
  readonly name: string;
  readonly attest: Attester;
  readonly credential?: (draw: Draw) => Credential;
  readonly frame?: Frame;
  readonly credentialIdLength?: number;
  readonly challengeLength?: number;
  /** The U2F case draws no flags at registration. */
  readonly plainFlags?: true;
}

const CASES: readonly Case[] = [
  { name: 'none.ES256', attest: none },
  { name: 'packed-self.ES256', attest: packedSelf },
  { name: 'none.ES256.crossOrigin', attest: none, frame: { crossOrigin: true } },
  { name: 'none.ES256.topOrigin', attest: none, frame: { crossOrigin: true, topOrigin: true } },
  { name: 'none.ES256.long-credential-id', attest: none, credentialIdLength: 1023 },
  { name: 'packed.ES256', attest: packed },
  { name: 'packed.ES384', attest: packed, credential: (draw) => ecCredential(P384, draw(48)) },
  { name: 'packed.ES512', attest: packed, credential: (draw) => ecCredential(P521, draw(65)), challengeLength: 128 },
  { name: 'packed.RS256', attest: packed, credential: () => rsaCredential() },
  { name: 'packed.EdDSA', attest: packed, credential: (draw) => edwardsCredential('Ed25519', draw(32)) },
  { name: 'packed.Ed448', attest: packed, credential: (draw) => edwardsCredential('Ed448', draw(57)) },
  { name: 'tpm.ES256', attest: tpm },
  { name: 'android-key.ES256', attest: androidKey },
  { name: 'apple.ES256', attest: apple },
  { name: 'fido-u2f.ES256', attest: fidoU2f, plainFlags: true },
];

function make({ name, attest, credential: key, frame = {}, credentialIdLength = 32, challengeLength = 32, plainFlags }: Case): Vector {
  const draw = drawer(name);
  const challenge = draw(challengeLength);
  const credential = key?.(draw) ?? ecCredential(P256, draw(32));
  const clientDataJSON = clientData(draw, 'webauthn.create', challenge, frame);
  const aaguid = draw(16);
  const credentialId = draw(credentialIdLength);
  const drawn = plainFlags ? 0 : (draw(1)[0] ?? 0) & 0x1c;
  const flags = 0x41 | ((drawn & 0x08) === 0 ? drawn & ~0x18 : drawn);
  const authData = Buffer.concat([RP_ID_HASH, Buffer.from([flags]), Buffer.alloc(4), aaguid, sized(credentialId), credential.cose]);
  const { fmt, attStmt } = attest({ draw, credential, authData, clientDataJSON, credentialId });
  const attestationObject = encodeCbor(
    new Map<string, CborValue>([
      ['fmt', fmt],
      ['attStmt', attStmt],
      ['authData', authData],
    ]),
  );
  const secondChallenge = draw(challengeLength);
  const secondClientData = clientData(draw, 'webauthn.get', secondChallenge, frame);
  const eligible = flags & 0x08;
  const drawnLater = (draw(1)[0] ?? 0) & 0x14;
  const authenticatorData = Buffer.concat([
    RP_ID_HASH,
    Buffer.from([0x01 | eligible | (eligible === 0 ? drawnLater & ~0x18 : drawnLater)]),
    Buffer.alloc(4),
  ]);
  return {
    name,
    aaguid,
    credentialId,
    registration: { challenge, clientDataJSON, attestationObject },
    assertion: {
      challenge: secondChallenge,
      clientDataJSON: secondClientData,
      authenticatorData,
      signature: credential.sign(Buffer.concat([authenticatorData, sha256(secondClientData)])),
    },
  };
}

export const W3C_VECTORS: readonly Vector[] = CASES.map(make);
