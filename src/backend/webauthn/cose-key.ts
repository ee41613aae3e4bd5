/** COSE_Key (RFC 9052, section 7; RFC 9053) of a credential: what is accepted, and how its signatures are checked. */
import { createPublicKey, type JsonWebKey, type KeyObject, verify } from 'node:crypto';
import { readStrictCbor } from './strict-cbor.ts';

export interface CredentialKey {
  readonly key: KeyObject;
  /** IANA COSE algorithm number. */
  readonly algorithm: number;
  /** Name of the hash for Node; null where the algorithm brings its own. */
  readonly hash: 'sha256' | 'sha384' | 'sha512' | null;
}

interface AlgorithmShape {
  readonly hash: CredentialKey['hash'];
  readonly kty: 'EC' | 'OKP' | 'RSA';
  /** COSE curve number and its JWK name. */
  readonly curve?: readonly [number, string];
}

/** The algorithm fixes the key type and, for curves, the one curve that WebAuthn allows with it (Level 3, 5.8.5). */
const ALGORITHMS: ReadonlyMap<number, AlgorithmShape> = new Map<number, AlgorithmShape>([
  [-7, { hash: 'sha256', kty: 'EC', curve: [1, 'P-256'] }],
  [-35, { hash: 'sha384', kty: 'EC', curve: [2, 'P-384'] }],
  [-36, { hash: 'sha512', kty: 'EC', curve: [3, 'P-521'] }],
  [-8, { hash: null, kty: 'OKP', curve: [6, 'Ed25519'] }],
  [-53, { hash: null, kty: 'OKP', curve: [7, 'Ed448'] }],
  [-257, { hash: 'sha256', kty: 'RSA' }],
]);
const KTY = { OKP: 1, EC: 2, RSA: 3 };
/** Labels of the common parameters, and of those of a key type. */
const LABEL = { kty: 1, alg: 3, crv: -1, x: -2, y: -3, n: -1, e: -2 };

/**
 * Points of small order on edwards25519, and the encodings that reduce to them (compressed y, sign bit clear): with
 * such a public key one signature holds for many messages, so it proves nothing.
 */
const SMALL_ORDER = new Set([
  '0000000000000000000000000000000000000000000000000000000000000000',
  '0100000000000000000000000000000000000000000000000000000000000000',
  '26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05',
  'c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a',
  'ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
  'edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
  'eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
]);
const LEAST_RSA_BYTES = 256;

/** The key, or null where it is of no kind that we accept: unknown, malformed, or one that proves nothing. */
export function readCredentialKey(publicKey: Uint8Array): CredentialKey | null {
  try {
    const read = readStrictCbor(publicKey, 0);
    if (read?.end !== publicKey.length || !(read.item instanceof Map)) return null;
    const map: ReadonlyMap<unknown, unknown> = read.item;
    const algorithm = map.get(LABEL.alg);
    const shape = typeof algorithm === 'number' ? ALGORITHMS.get(algorithm) : undefined;
    if (typeof algorithm !== 'number' || shape === undefined || map.get(LABEL.kty) !== KTY[shape.kty]) return null;
    const jwk = shape.kty === 'RSA' ? rsaJwk(map) : curveJwk(map, shape);
    // Node checks that a point lies on its curve.
    return jwk === null ? null : { key: createPublicKey({ key: jwk, format: 'jwk' }), algorithm, hash: shape.hash };
  } catch {
    return null;
  }
}

function text(value: unknown): string | null {
  return value instanceof Uint8Array ? Buffer.from(value).toString('base64url') : null;
}

function curveJwk(map: ReadonlyMap<unknown, unknown>, { kty, curve }: AlgorithmShape): JsonWebKey | null {
  const [x, y] = [text(map.get(LABEL.x)), text(map.get(LABEL.y))];
  if (curve === undefined || map.get(LABEL.crv) !== curve[0] || x === null) return null;
  if (kty === 'EC') return y === null ? null : { kty, crv: curve[1], x, y };
  return isSmallOrder(Buffer.from(x, 'base64url')) ? null : { kty, crv: curve[1], x };
}

function isSmallOrder(point: Buffer): boolean {
  const last = point.length - 1;
  point[last] = (point[last] ?? 0) & 0x7f;
  return SMALL_ORDER.has(point.toString('hex'));
}

function rsaJwk(map: ReadonlyMap<unknown, unknown>): JsonWebKey | null {
  const [modulus, n, e] = [map.get(LABEL.n), text(map.get(LABEL.n)), text(map.get(LABEL.e))];
  const longEnough = modulus instanceof Uint8Array && modulus.length >= LEAST_RSA_BYTES && modulus[0] !== 0;
  return longEnough && n !== null && e !== null ? { kty: 'RSA', n, e } : null;
}

/** Whether `signature` over `data` holds. Elliptic-curve signatures are DER (WebAuthn Level 3, 6.5.5). */
export function holds({ key, hash }: CredentialKey, data: Uint8Array, signature: Uint8Array): boolean {
  try {
    return verify(hash, data, key, signature);
  } catch {
    return false;
  }
}

/**
 * Keys that were used lately, by their COSE_Key: importing one costs more than checking a signature. Whether a key may
 * still be used is not asked here but of the store, each time.
 */
export class KeptKeys {
  readonly #kept = new Map<string, CredentialKey>();
  readonly #most: number;

  constructor(most: number) {
    this.#most = most;
  }

  /** `publicKey` is a COSE_Key, base64url. */
  read(publicKey: string): CredentialKey | null {
    const kept = this.#kept.get(publicKey);
    if (kept !== undefined) return kept;
    const key = readCredentialKey(Buffer.from(publicKey, 'base64url'));
    if (key === null) return null;
    if (this.#kept.size >= this.#most) this.#kept.delete(this.#kept.keys().next().value ?? '');
    this.#kept.set(publicKey, key);
    return key;
  }
}
