/** The number that a person reads on the page and types into the desktop. Only a hash of it is kept, and that bound to its request. */
import { createHmac, randomInt, timingSafeEqual } from 'node:crypto';
import type { Domain } from '../domain.ts';
import { installationSecret } from '../installation-secret.ts';

/** The fewest digits that make 20 bits (NIST SP 800-63B-4, 3.1.3.1). */
export const STRONG_DIGITS = 6;

export function newNumber(digits: number): string {
  return String(randomInt(10 ** digits)).padStart(digits, '0');
}

/** A million numbers are soon tried by whoever reads the database while a request waits: the key is sealed. */
export async function hashNumber({ store, seeds }: Domain, challengeId: string, number: string): Promise<string> {
  const secret = await installationSecret(store, seeds, 'approval-number-secret');
  return createHmac('sha256', secret).update(`${challengeId}\n${number}`).digest('base64url');
}

export function sameHash(a: string, b: string): boolean {
  const [left, right] = [Buffer.from(a), Buffer.from(b)];
  return left.length === right.length && timingSafeEqual(left, right);
}
