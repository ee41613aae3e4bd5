/** Limits on guessing: tries are counted before they are looked at, so that no number of parallel ones gets more. */
import { isIPv6 } from 'node:net';
import { DoorstepError } from '../../contract/errors.ts';
import type { Domain } from './domain.ts';
import type { AttemptLimit } from './policy.ts';
import type { Tables } from './stores.ts';

/**
 * What counts as one source: an IPv4 address, or the /64 network of an IPv6 one, because whoever has one address there
 * has 2^64 of them (RFC 6177).
 */
export function sourceKey(address: string): string {
  if (!address.includes(':')) return address;
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1];
  if (mapped !== undefined) return mapped;
  if (!isIPv6(address)) return address;
  const [left = '', right] = (address.split('%')[0] ?? '').toLowerCase().split('::');
  const head = left === '' ? [] : left.split(':');
  const tail = right === undefined || right === '' ? [] : right.split(':');
  const missing = right === undefined ? 0 : 8 - head.length - tail.length;
  const groups = [...head, ...Array.from({ length: missing }, () => '0'), ...tail];
  return `${groups
    .slice(0, 4)
    .map((group) => Number.parseInt(group, 16).toString(16))
    .join(':')}::/64`;
}

export interface AttemptKey {
  readonly key: string;
  readonly limit: AttemptLimit;
}

/** Milliseconds that follow the `failures`-th failure in a row: none while they are free, then doubling. */
export function waitAfter(failures: number, limit: AttemptLimit): number {
  if (failures < limit.free) return 0;
  return Math.min(limit.firstWait * 2 ** Math.min(failures - limit.free, 30), limit.longestWait);
}

/**
 * Milliseconds that a key is still blocked; 0: not. A block of more than the longest wait was made by a clock that has
 * been set back since, and is none.
 */
export function blockedFor(attempts: { readonly blockedUntil: number } | null, limit: AttemptLimit, now: number): number {
  const left = (attempts?.blockedUntil ?? 0) - now;
  return left > 0 && left <= limit.longestWait ? left : 0;
}

/** Counts a failure that has been looked at already: for keys that many people share, which nobody may hold. */
export async function countFailure(tables: Tables, { key, limit }: AttemptKey, now: number): Promise<void> {
  const failures = await tables.attempts.count(key, now, limit);
  const wait = failures === null ? 0 : waitAfter(failures, limit);
  if (wait > 0) await tables.attempts.block(key, now + wait);
}

export type CountedTry = { readonly ok: true } | { readonly ok: false; readonly locked: boolean; readonly retryAfter: number };

/** Counts a try on every key. Refused where one of them is blocked or locked; then none of the later ones is counted. */
export async function countTry(tables: Tables, keys: readonly AttemptKey[], now: number): Promise<CountedTry> {
  for (const { key, limit } of keys) {
    const failures = await tables.attempts.count(key, now, limit);
    if (failures === null) return blocked((await tables.attempts.byKey(key))?.blockedUntil ?? now, now);
    if (limit.lockAfter !== null && failures > limit.lockAfter) return { ok: false, locked: true, retryAfter: 0 };
    const wait = waitAfter(failures, limit);
    if (wait > 0) await tables.attempts.block(key, now + wait);
  }
  return { ok: true };
}

function blocked(until: number, now: number): CountedTry {
  return { ok: false, locked: false, retryAfter: Math.max(until - now, 1_000) };
}

/** The failure that a refused try ends in. `retryAfterSeconds` is rounded up. */
export function tooManyTries(refused: CountedTry & { ok: false }): DoorstepError {
  if (refused.locked) return new DoorstepError('password.locked');
  return new DoorstepError('request.rate-limited', { retryAfterSeconds: Math.ceil(refused.retryAfter / 1_000) });
}

/** Counts a try in a transaction of its own and throws `request.rate-limited` where it is one too many. */
export async function guardTry(domain: Domain, keys: readonly AttemptKey[]): Promise<void> {
  const counted = await domain.store.transaction((tx) => countTry(tx, keys, domain.clock.now()));
  if (!counted.ok) throw tooManyTries(counted);
}
