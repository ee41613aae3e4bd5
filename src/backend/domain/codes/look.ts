/**
 * The looking half of a code's check: where, if anywhere, a typed code lies in each of the person's sources of codes. It
 * reads committed rows, changes nothing and decides nothing; `settle.ts` decides, in a transaction.
 *
 * Every code is searched for in the same way, so that time says nothing about how nearly a wrong one was right.
 */
import { randomBytes, timingSafeEqual } from 'node:crypto';
import { type HmacKey, hmacKey } from '../../../oath/hmac.ts';
import { hotp } from '../../../oath/hotp.ts';
import { searchFar, searchNear } from '../../../oath/search.ts';
import { stepAt } from '../../../oath/totp.ts';
import { normalizeTypedCode } from '../../../oath/typed-code.ts';
import type { Domain } from '../domain.ts';
import type { CodeRecord, SealedSeed } from './model.ts';

/** What a typed code is to one source of codes. */
export interface Sight {
  /** The row that was looked at. */
  readonly authenticatorId: string;
  /** The position within the window; null: none. */
  readonly near: number | null;
  /** The first position outside the window, but within reach of a resynchronization; null: none. */
  readonly far: number | null;
  /** The candidate that this code directly follows, so that the two together prove the token; null: none. */
  readonly follows: number | null;
}

/** Looks for a typed code in each row. */
export async function lookForCode(domain: Domain, rows: readonly CodeRecord[], typed: string): Promise<readonly Sight[]> {
  const code = normalizeTypedCode(typed);
  if (code === null) return [];
  const now = domain.clock.now();
  const sights: Sight[] = [];
  for (const row of rows) {
    const key = hmacKey(domain.seeds.open(row, row.authenticatorId), row.algorithm);
    sights.push(await look(domain, row, { key, code, now }));
  }
  return sights;
}

/**
 * The work of one source of codes where the person has none, so that a service does not learn from the time who has: it
 * may ask about anybody. Sealing a seed costs what opening one does.
 */
export async function lookInVain(domain: Domain, typed: string): Promise<void> {
  const code = normalizeTypedCode(typed);
  if (code === null) return;
  const now = domain.clock.now();
  const seed = randomBytes(20);
  const sealed = domain.seeds.seal(seed, NOBODYS.authenticatorId);
  await look(domain, { ...NOBODYS, ...sealed }, { key: hmacKey(seed, NOBODYS.algorithm), code, now });
}

const NOBODYS: Omit<CodeRecord, keyof SealedSeed> = {
  authenticatorId: '',
  personId: '',
  kind: 'totp',
  algorithm: 'SHA1',
  digits: 6,
  period: 30,
  lastPosition: -1,
  drift: 0,
  failures: 0,
  blockedUntil: 0,
  candidate: null,
  candidateAt: null,
};

interface Typed {
  readonly key: HmacKey;
  readonly code: string;
  readonly now: number;
}

async function look(domain: Domain, row: CodeRecord, { key, code, now }: Typed): Promise<Sight> {
  const { windows } = domain.policy.codes;
  const search = { key, form: row, code };
  const at = expected(row, now);
  const near = searchNear({
    ...search,
    ...windowOf(domain, row, { at, now, spread: row.kind === 'totp' ? windows.steps : windows.counters }),
  });
  if (near !== null) return { authenticatorId: row.authenticatorId, near, far: null, follows: null };
  const reach = windowOf(domain, row, { at, now, spread: row.kind === 'totp' ? windows.resyncSteps : windows.resyncCounters });
  const far = await searchFar({ ...search, ...reach });
  return { authenticatorId: row.authenticatorId, near: null, far, follows: followed(domain, row, { key, code, now }) };
}

/** Where the next code is expected: our time step as the token counts it, or the counter after the last one. */
function expected(row: CodeRecord, now: number): number {
  return row.period === null ? row.lastPosition + 1 : stepAt(now, row.period) + row.drift;
}

/**
 * `spread` positions to either side of a time step, or so many ahead of a counter. What is burned is left out, and what only
 * a clock could give that is too far off: found there, it would open nothing, and say by its time that it was found.
 */
function windowOf(domain: Domain, row: CodeRecord, { at, spread, now }: { at: number; spread: number; now: number }) {
  const { longestDrift } = domain.policy.codes.windows;
  const here = row.period === null ? null : stepAt(now, row.period);
  const [from, to] =
    here === null ? [at, at + spread] : [Math.max(at - spread, here - longestDrift), Math.min(at + spread, here + longestDrift)];
  const first = Math.max(from, row.lastPosition + 1, 0);
  return { first, count: Math.max(0, to - first + 1) };
}

/**
 * Whether the code is the one right after the last wrong one's position. A code is computed where there is no candidate
 * too. Two codes of a clock must also lie as far apart as they were typed: else they were written down earlier.
 */
function followed(domain: Domain, row: CodeRecord, { key, code, now }: Typed): number | null {
  const candidate = row.candidate ?? 0;
  const next = hotp(key, candidate + 1, row);
  const fits = next.length === code.length && timingSafeEqual(Buffer.from(next), Buffer.from(code));
  const { candidateAt } = row;
  if (!fits || row.candidate === null || candidateAt === null) return null;
  if (now < candidateAt || now - candidateAt > domain.policy.codes.resyncWithin) return null;
  if (row.period !== null && Math.abs(stepAt(now, row.period) - stepAt(candidateAt, row.period) - 1) > 1) return null;
  return row.candidate;
}

/** How far the token's clock is ahead of ours when it gives the code of `position`, in steps; 0 for HOTP. */
export function driftAt(row: Pick<CodeRecord, 'period'>, position: number, now: number): number {
  return row.period === null ? 0 : position - stepAt(now, row.period);
}
