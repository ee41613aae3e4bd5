import { createHash, randomBytes } from 'node:crypto';

/** A new opaque identifier: 128 random bits, 22 base64url letters. Not a secret. */
export function newId(): string {
  return randomBytes(16).toString('base64url');
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
  return createHash('sha256').update(secret).digest('base64url');
}
