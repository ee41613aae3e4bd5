/** PIN/UV auth protocols one and two, platform side (CTAP 2.1 sections 6.5.6 and 6.5.7). */
import { createCipheriv, createDecipheriv, createECDH, createHmac, type ECDH, hkdfSync, randomBytes } from 'node:crypto';
import { DoorstepError } from '../../contract/errors.ts';
import { concat, sha256 } from '../bytes.ts';
import { type CborMap, cborMap } from './cbor.ts';
import { bytesAt, must } from './fields.ts';

export type PinProtocol = 1 | 2;

const COORDINATE = 32;
const BLOCK = 16;
const ZERO_IV = new Uint8Array(BLOCK);

/** What platform and token share for one operation. `encrypt` and `decrypt` take whole blocks of 16 bytes. */
export interface SharedSecret {
  readonly protocol: PinProtocol;
  /** The platform's public key, to be sent along (COSE_Key, section 6.5.6.1). */
  readonly platformKey: CborMap;
  encrypt(plain: Uint8Array): Uint8Array;
  /** Throws `token.misbehaved` where the length fits no ciphertext. */
  decrypt(cipher: Uint8Array): Uint8Array;
  authenticate(message: Uint8Array): Uint8Array;
}

/** The token's first choice that we speak too; 2 where both are offered. Undefined where there is none. */
export function choosePinProtocol(offered: readonly number[]): PinProtocol | undefined {
  return offered.includes(2) ? 2 : offered.includes(1) ? 1 : undefined;
}

/**
 * Agrees on a secret with the token's key agreement key. A new platform key each time.
 * Throws `token.misbehaved` for a key that is no point on P-256.
 */
export function agree(protocol: PinProtocol, tokenKey: CborMap, platform: ECDH = newKey()): SharedSecret {
  const x = coordinate(tokenKey, -2);
  const y = coordinate(tokenKey, -3);
  if (tokenKey.get(1) !== 2 || tokenKey.get(-1) !== 1) throw new DoorstepError('token.misbehaved', { reason: 'key-agreement' });
  let z: Uint8Array;
  try {
    // Refuses points that are not on the curve, and with them the invalid-curve attack.
    z = new Uint8Array(platform.computeSecret(concat(Uint8Array.of(4), x, y)));
  } catch (error) {
    throw new DoorstepError('token.misbehaved', { reason: 'key-agreement' }, { cause: error });
  }
  const point = platform.getPublicKey();
  const platformKey = cborMap([
    [1, 2],
    [3, -25],
    [-1, 1],
    [-2, new Uint8Array(point.subarray(1, 1 + COORDINATE))],
    [-3, new Uint8Array(point.subarray(1 + COORDINATE))],
  ]);
  return protocol === 1 ? one(z, platformKey) : two(z, platformKey);
}

/** pinUvAuthParam: the MAC of `message` under a pinUvAuthToken. */
export function authenticateWith(protocol: PinProtocol, key: Uint8Array, message: Uint8Array): Uint8Array {
  const mac = new Uint8Array(createHmac('sha256', key).update(message).digest());
  return protocol === 1 ? mac.slice(0, 16) : mac;
}

/** Whether a decrypted pinUvAuthToken has a length that its protocol knows. */
export function isTokenLength(protocol: PinProtocol, length: number): boolean {
  return length === 32 || (protocol === 1 && length === 16);
}

function newKey(): ECDH {
  const key = createECDH('prime256v1');
  key.generateKeys();
  return key;
}

function coordinate(key: CborMap, label: number): Uint8Array {
  const bytes = must(bytesAt(key, label), label);
  if (bytes.length !== COORDINATE) throw new DoorstepError('token.misbehaved', { reason: 'key-agreement' });
  return bytes;
}

function cbc(key: Uint8Array, iv: Uint8Array, plain: Uint8Array): Uint8Array {
  const cipher = createCipheriv('aes-256-cbc', key, iv).setAutoPadding(false);
  return new Uint8Array(Buffer.concat([cipher.update(plain), cipher.final()]));
}

function uncbc(key: Uint8Array, iv: Uint8Array, cipherText: Uint8Array): Uint8Array {
  if (cipherText.length === 0 || cipherText.length % BLOCK !== 0) throw new DoorstepError('token.misbehaved', { reason: 'cipher-length' });
  const decipher = createDecipheriv('aes-256-cbc', key, iv).setAutoPadding(false);
  return new Uint8Array(Buffer.concat([decipher.update(cipherText), decipher.final()]));
}

function one(z: Uint8Array, platformKey: CborMap): SharedSecret {
  const key = sha256(z);
  return {
    protocol: 1,
    platformKey,
    encrypt: (plain) => cbc(key, ZERO_IV, plain),
    decrypt: (cipher) => uncbc(key, ZERO_IV, cipher),
    authenticate: (message) => authenticateWith(1, key, message),
  };
}

function two(z: Uint8Array, platformKey: CborMap): SharedSecret {
  const derive = (info: string) => new Uint8Array(hkdfSync('sha256', z, new Uint8Array(32), info, 32));
  const hmacKey = derive('CTAP2 HMAC key');
  const aesKey = derive('CTAP2 AES key');
  return {
    protocol: 2,
    platformKey,
    encrypt(plain) {
      const iv = new Uint8Array(randomBytes(BLOCK));
      return concat(iv, cbc(aesKey, iv, plain));
    },
    decrypt: (cipher) => uncbc(aesKey, cipher.subarray(0, BLOCK), cipher.subarray(BLOCK)),
    authenticate: (message) => authenticateWith(2, hmacKey, message),
  };
}
