/** One code: as the index lists it, and as the windows see it. */
import type { CodeEntry, ShownCode } from '../../contract/codes.ts';
import { type Seed, shownName } from '../../oath/seed.ts';
import { stepAt, stepStart, totp } from '../../oath/totp.ts';
import type { IndexEntry } from './code-index.ts';
import type { KeptSeed } from './seed-text.ts';

const LONGEST_OWN_NAME = 64;

/** What the person calls it, as it may be shown: it may come out of a file. */
export function ownName(name: string): string {
  return [...shownName(name)].slice(0, LONGEST_OWN_NAME).join('');
}

/** How the index lists a seed; a code of the person's own account is still to be proved. */
export function entryOf(id: string, seed: KeptSeed, name: string): IndexEntry {
  const { kind, issuer, account, algorithm, digits, period, counter, owner } = seed;
  const unproved = owner === null ? null : { ...owner, proved: false };
  return { id, kind, issuer, account, name, algorithm, digits, period, counter, owner: unproved, removedAt: null };
}

/** What windows are told of it; `present`: the ids that the keychain had, null where it was not read yet. */
export function publicEntry(entry: IndexEntry, present: ReadonlySet<string> | null): CodeEntry {
  const { id, kind, issuer, account, name, algorithm, digits, period, owner } = entry;
  return {
    id,
    kind,
    issuer,
    account,
    name,
    algorithm,
    digits,
    period,
    authenticatorId: owner?.authenticatorId ?? null,
    state: present === null || present.has(id) ? 'ready' : 'gone',
  };
}

/** What the person calls it, else who wants it, else for whom it is. */
export function labelOf({ name, issuer, account }: IndexEntry): string {
  return [name, issuer, account].find((part) => part !== '') ?? '';
}

/** `at` and `skew` in milliseconds; from and until are told by this computer's clock, which is `skew` ahead. */
export function shownTotp(id: string, seed: Seed, period: number, at: number, skew: number): ShownCode {
  const form = { algorithm: seed.algorithm, digits: seed.digits, period };
  const step = stepAt(at, period);
  return {
    id,
    code: totp(seed.key, at, form),
    next: totp(seed.key, stepStart(step + 1, period), form),
    from: stepStart(step, period) + skew,
    until: stepStart(step + 1, period) + skew,
  };
}
