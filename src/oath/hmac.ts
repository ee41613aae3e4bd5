/**
 * The one seam of this room to Node: HMAC (RFC 2104) of a counter, from the hash functions of its OpenSSL.
 *
 * Not `createHmac`: each call of that leaves an object of C++ behind, and a thousand of them are milliseconds in which the
 * garbage collector stops everything. One-shot hashes that answer strings leave none, and take a third of the time.
 */
import { Buffer } from 'node:buffer';
import { hash } from 'node:crypto';
import type { CodeAlgorithm } from '../contract/http/shapes.ts';

interface HashFunction {
  readonly name: string;
  /** Bytes that it takes at a time (FIPS 180-4, 1): the length of a key with its padding. */
  readonly block: number;
  /** Bytes that it answers. */
  readonly length: number;
}

const FUNCTIONS: Readonly<Record<CodeAlgorithm, HashFunction>> = {
  SHA1: { name: 'sha1', block: 64, length: 20 },
  SHA256: { name: 'sha256', block: 64, length: 32 },
  SHA512: { name: 'sha512', block: 128, length: 64 },
};

/** A counter is eight bytes (RFC 4226, 5.1). */
const MESSAGE_LENGTH = 8;
const TWO_TO_32 = 0x1_0000_0000;

/** A key made ready for many codes of one hash function. */
export interface HmacKey {
  readonly name: string;
  readonly block: number;
  /** RFC 2104, 2: K XOR ipad, and room for the message. */
  readonly inner: Buffer;
  /** K XOR opad, and room for the inner hash. */
  readonly outer: Buffer;
}

/** The bytes are copied, and can be wiped afterwards. A key that is ready stays as it is. */
export function hmacKey(key: Uint8Array | HmacKey, algorithm: CodeAlgorithm): HmacKey {
  if (!(key instanceof Uint8Array)) return key;
  const { name, block, length } = FUNCTIONS[algorithm];
  // 2: a key that is longer than a block is hashed first; a shorter one is filled up with zeros.
  const bytes = key.length > block ? Buffer.from(hash(name, key, 'binary'), 'binary') : key;
  const inner = Buffer.alloc(block + MESSAGE_LENGTH, 0x36);
  const outer = Buffer.alloc(block + length, 0x5c);
  bytes.forEach((byte, at) => {
    inner[at] = byte ^ 0x36;
    outer[at] = byte ^ 0x5c;
  });
  return { name, block, inner, outer };
}

/** @returns 20, 32 or 64 bytes, each as one letter of a string. `counter` is not checked. */
export function hmac({ name, block, inner, outer }: HmacKey, counter: number): string {
  // RFC 4226, 5.1: high-order byte first.
  inner.writeUInt32BE(Math.floor(counter / TWO_TO_32), block);
  inner.writeUInt32BE(counter >>> 0, block + 4);
  outer.write(hash(name, inner, 'binary'), block, 'binary');
  return hash(name, outer, 'binary');
}
