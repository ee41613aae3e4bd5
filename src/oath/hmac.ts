/** The one seam of this room to Node: HMAC (RFC 2104) as its OpenSSL computes it. */
import { createHmac, createSecretKey, KeyObject } from 'node:crypto';
import type { CodeAlgorithm } from '../contract/http/shapes.ts';

/** A key made ready for many codes: making one takes five times as long as a code with OpenSSL 3.5. */
export type HmacKey = KeyObject;

const NAMES: Readonly<Record<CodeAlgorithm, string>> = { SHA1: 'sha1', SHA256: 'sha256', SHA512: 'sha512' };

/** The bytes are copied, and can be wiped afterwards. A key that is ready stays as it is. */
export function hmacKey(key: Uint8Array | HmacKey): HmacKey {
  return key instanceof KeyObject ? key : createSecretKey(key);
}

/** @returns 20, 32 or 64 bytes */
export function hmac(algorithm: CodeAlgorithm, key: HmacKey, message: Uint8Array): Uint8Array {
  return createHmac(NAMES[algorithm], key).update(message).digest();
}
