import { hash, randomBytes, randomFillSync } from 'node:crypto';

const ID_BYTES = 16;
/** Random bytes for the next identifiers: to draw them one by one takes ten times as long. */
const drawn = Buffer.alloc(256 * ID_BYTES);
let used = drawn.length;

/** A new opaque identifier: 128 random bits, 22 base64url letters. Not a secret. */
export function newId(): string {
  if (used === drawn.length) {
    randomFillSync(drawn);
    used = 0;
  }
  used += ID_BYTES;
  return drawn.toString('base64url', used - ID_BYTES, used);
}

/** A new bearer secret: 256 random bits, base64url. Only its hash is ever stored. */
export function newSecret(): string {
  return randomBytes(32).toString('base64url');
}

/**
 * What is stored of a bearer secret. A plain SHA-256 is enough here, because a secret of 256 random bits
 * cannot be guessed from it (NIST SP 800-63B: look-up secrets of 112 bits or more need no slow hash).
 */
export function hashSecret(secret: string): string {
  return hash('sha256', secret, 'base64url');
}
