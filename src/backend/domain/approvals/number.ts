/** The number that a person reads on the page and types into the desktop. Only a hash of it is kept, and that bound to its request. */
import { createHmac, randomInt, timingSafeEqual } from 'node:crypto';
import type { Domain } from '../domain.ts';
import { installationSecret } from '../installation-secret.ts';
import type { Store } from '../stores.ts';

/** The fewest digits that make 20 bits (NIST SP 800-63B-4, 3.1.3.1). */
export const STRONG_DIGITS = 6;

export function newNumber(digits: number): string {
  return String(randomInt(10 ** digits)).padStart(digits, '0');
}

export async function hashNumber(domain: Domain, challengeId: string, number: string): Promise<string> {
  return createHmac('sha256', await secretOf(domain))
    .update(`${challengeId}\n${number}`)
    .digest('base64url');
}

export function sameHash(a: string, b: string): boolean {
  const [left, right] = [Buffer.from(a), Buffer.from(b)];
  return left.length === right.length && timingSafeEqual(left, right);
}

const secrets = new WeakMap<Store, Promise<Uint8Array>>();

/**
 * Made at the first use; the same in every process. Sealed like a seed: a million numbers are soon tried by whoever reads
 * the database while a request waits.
 */
function secretOf({ store, seeds }: Domain): Promise<Uint8Array> {
  const known = secrets.get(store);
  if (known !== undefined) return known;
  const secret = installationSecret(store, seeds, 'approval-number-secret');
  secrets.set(store, secret);
  secret.catch(() => secrets.delete(store));
  return secret;
}
