import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import type { CborMap } from '../cbor.ts';

export type Algorithm = -7 | -8;

const PKCS8_P256 = Buffer.from('3041020100301306072a8648ce3d020106082a8648ce3d030107042730250201010420', 'hex');
const PKCS8_ED25519 = Buffer.from('302e020100300506032b657004220420', 'hex');

/** A new private key as its 32 bytes (the scalar, or the seed of Ed25519). */
export function newPrivateKey(algorithm: Algorithm): Buffer {
  const { privateKey } = algorithm === -7 ? generateKeyPairSync('ec', { namedCurve: 'prime256v1' }) : generateKeyPairSync('ed25519');
  return Buffer.from(privateKey.export({ format: 'jwk' }).d ?? '', 'base64url');
}

export function privateKeyObject(algorithm: Algorithm, secret: Uint8Array): KeyObject {
  const key = Buffer.concat([algorithm === -7 ? PKCS8_P256 : PKCS8_ED25519, secret]);
  return createPrivateKey({ key, format: 'der', type: 'pkcs8' });
}

/** The public half as a COSE_Key map (RFC 9053; WebAuthn 6.5.1.1). */
export function publicCoseKey(algorithm: Algorithm, secret: Uint8Array): CborMap {
  const { x, y } = publicCoordinates(algorithm, secret);
  if (algorithm === -7) {
    return new Map<number, number | Uint8Array>([
      [1, 2],
      [3, -7],
      [-1, 1],
      [-2, x],
      [-3, y],
    ]);
  }
  return new Map<number, number | Uint8Array>([
    [1, 1],
    [3, -8],
    [-1, 6],
    [-2, x],
  ]);
}

/** x and y, 32 bytes each; y is empty for Ed25519. */
export function publicCoordinates(algorithm: Algorithm, secret: Uint8Array): { x: Buffer; y: Buffer } {
  const jwk = createPublicKey(privateKeyObject(algorithm, secret)).export({ format: 'jwk' });
  return { x: Buffer.from(jwk.x ?? '', 'base64url'), y: Buffer.from(jwk.y ?? '', 'base64url') };
}

/** The uncompressed point 04 || x || y. */
export function publicPoint(secret: Uint8Array): Buffer {
  const { x, y } = publicCoordinates(-7, secret);
  return Buffer.concat([Buffer.of(4), x, y]);
}

/** ES256 signatures are DER (WebAuthn 6.5.5), EdDSA ones raw. */
export function signWith(algorithm: Algorithm, secret: Uint8Array, message: Uint8Array): Buffer {
  return sign(algorithm === -7 ? 'sha256' : null, message, privateKeyObject(algorithm, secret));
}
