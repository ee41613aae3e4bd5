/**
 * A seed as the text of its keychain entry. It says all that is needed to make its codes, so that a lost index can be
 * made anew, and stays below the 2,560 bytes that Windows gives an entry.
 */
import { decodeBase32, encodeBase32 } from '../../oath/base32.ts';
import { checkPeriod, LONGEST_KEY, type Seed } from '../../oath/seed.ts';

export interface KeptSeed extends Seed {
  /** Whose Doorstep account it is a code of; null for any other site. */
  readonly owner: { readonly person: string; readonly authenticatorId: string } | null;
}

export function writeSeed({ key, ...rest }: KeptSeed): string {
  return JSON.stringify({ v: 1, ...rest, secret: encodeBase32(key) });
}

/** The seed of a keychain entry, or null where the text is none. */
export function readSeed(text: string): KeptSeed | null {
  try {
    const kept: unknown = JSON.parse(text);
    if (typeof kept !== 'object' || kept === null) return null;
    const { v, kind, issuer, account, secret, algorithm, digits, period, counter, owner } = kept as Readonly<Record<string, unknown>>;
    if (v !== 1 || typeof issuer !== 'string' || typeof account !== 'string' || typeof secret !== 'string') return null;
    if (algorithm !== 'SHA1' && algorithm !== 'SHA256' && algorithm !== 'SHA512') return null;
    if (digits !== 6 && digits !== 8) return null;
    const key = decodeBase32(secret);
    if (key.length === 0 || key.length > LONGEST_KEY) return null;
    const form = { issuer, account, key, algorithm, digits, owner: readOwner(owner) } as const;
    if (kind === 'totp' && typeof period === 'number') {
      return { kind, ...form, period: checkPeriod(period, String(period)), counter: null };
    }
    if (kind === 'hotp' && typeof counter === 'number' && Number.isSafeInteger(counter) && counter >= 0) {
      return { kind, ...form, period: null, counter };
    }
    return null;
  } catch {
    return null;
  }
}

function readOwner(value: unknown): KeptSeed['owner'] {
  if (typeof value !== 'object' || value === null) return null;
  const { person, authenticatorId } = value as Readonly<Record<string, unknown>>;
  return typeof person === 'string' && typeof authenticatorId === 'string' ? { person, authenticatorId } : null;
}

export function sameKey(one: Uint8Array, other: Uint8Array): boolean {
  return one.length === other.length && one.every((byte, at) => byte === other[at]);
}
