/** One spare code: how it is made, read, and stored. */
import { createHmac, randomInt } from 'node:crypto';
import type { Domain } from '../domain.ts';
import { installationSecret } from '../installation-secret.ts';

/** 28 signs, none of which looks like another: no I, O, S, Z, 0, 1, 2, 5. Fourteen of them are 67 bits. */
const SIGNS = 'ABCDEFGHJKLMNPQRTUVWXY346789';
const LENGTH = 14;

/** Two groups of seven, as they are printed. */
export function newSpareCode(): string {
  const code = Array.from({ length: LENGTH }, () => SIGNS[randomInt(SIGNS.length)]).join('');
  return `${code.slice(0, LENGTH / 2)}-${code.slice(LENGTH / 2)}`;
}

/** As it was printed, spaces, dashes and case aside; null where it cannot be a code. */
export function readSpareCode(typed: string): string | null {
  const code = typed
    .normalize('NFKC')
    .toUpperCase()
    .replace(/[\s\p{Pd}]/gu, '');
  return code.length === LENGTH && [...code].every((sign) => SIGNS.includes(sign)) ? code : null;
}

/**
 * What is stored of each code of a sheet, bound to that sheet. NIST SP 800-63B-4, 3.1.2.2, asks for a salted hash of
 * secrets below 112 bits; the key of this one is sealed, so that a copy of the database cannot even be guessed against.
 */
export async function spareCodeHasher(domain: Domain, authenticatorId: string): Promise<(code: string) => string> {
  const secret = await installationSecret(domain.store, domain.seeds, 'spare-code-secret');
  return (code) => createHmac('sha256', secret).update(`${authenticatorId}\n${code}`).digest('base64url');
}
