/** The number that a person reads on the page and types into the desktop. Only a hash of it is kept, and that bound to its request. */
import { createHmac, randomInt, timingSafeEqual } from 'node:crypto';
import type { Domain } from '../domain.ts';
import { newSecret } from '../identifiers.ts';
import type { Store } from '../stores.ts';

const SECRET_FACT = 'approval-secret';
/** The fewest digits that make 20 bits (NIST SP 800-63B-4, 3.1.3.1). */
export const STRONG_DIGITS = 6;

export function newNumber(digits: number): string {
  return String(randomInt(10 ** digits)).padStart(digits, '0');
}

export async function hashNumber(domain: Domain, challengeId: string, number: string): Promise<string> {
  return createHmac('sha256', await installationSecret(domain))
    .update(`${challengeId}\n${number}`)
    .digest('base64url');
}

export function sameHash(a: string, b: string): boolean {
  const [left, right] = [Buffer.from(a), Buffer.from(b)];
  return left.length === right.length && timingSafeEqual(left, right);
}

const secrets = new WeakMap<Store, Promise<string>>();

/** Made at the first use; the same in every process. */
function installationSecret(domain: Domain): Promise<string> {
  const known = secrets.get(domain.store);
  if (known !== undefined) return known;
  const secret = readSecret(domain);
  secrets.set(domain.store, secret);
  secret.catch(() => secrets.delete(domain.store));
  return secret;
}

async function readSecret(domain: Domain): Promise<string> {
  const known = await domain.store.read.facts.get(SECRET_FACT);
  if (known !== null) return known;
  return domain.store.transaction(async (tx) => {
    await tx.facts.insert(SECRET_FACT, newSecret());
    const made = await tx.facts.get(SECRET_FACT);
    if (made === null) throw new Error('the secret of approvals was not kept');
    return made;
  });
}
