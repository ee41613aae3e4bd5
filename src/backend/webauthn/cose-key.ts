import { decodeCredentialPublicKey } from '@simplewebauthn/server/helpers';

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
const KEY_TYPE = 1;
const OKP = 1;
const X = -2;
const MODULUS = -1;
const RSA = 3;

/** True where a COSE_Key is of a kind that proves nothing: an Ed25519 point of small order, an RSA modulus under 2048 bits. */
export function isWeakKey(publicKey: Uint8Array): boolean {
  // The library's type names only some labels; by their number they are all the same map.
  const key = decodeCredentialPublicKey(new Uint8Array(publicKey)) as unknown as Map<number, unknown>;
  if (key.get(KEY_TYPE) === OKP) {
    const x = key.get(X);
    if (!(x instanceof Uint8Array)) return true;
    const point = Buffer.from(x);
    const last = point.length - 1;
    point[last] = (point[last] ?? 0) & 0x7f;
    return SMALL_ORDER.has(point.toString('hex'));
  }
  if (key.get(KEY_TYPE) === RSA) {
    const modulus = key.get(MODULUS);
    return !(modulus instanceof Uint8Array) || modulus.length < 256 || (modulus[0] ?? 0) < 0x80;
  }
  return false;
}
