/**
 * The one way in which a code is accepted, whoever brings it: the sign-in page, a change that wants a fresh second step, a
 * service that took the code itself. All of it happens in the transaction of what the code allows:
 *
 * 1. the try is counted on every source of codes that may be tried (which holds those rows, so that tries which come at
 *    once are decided one after the other, in whichever process),
 * 2. blocks are looked at, now that nobody else can be in between,
 * 3. the code is accepted by burning its position: compare-and-set, exactly once,
 * 4. or the failure is written down: the wait, the lock at a hundred in a row, the candidate of a resynchronization.
 *
 * A wrong code is answered the same and leaves the same rows, however nearly it was right.
 */
import { DoorstepError, type ErrorDetail } from '../../../contract/errors.ts';
import type { AuditEntry } from '../audit.ts';
import { suspendAfterFailures } from '../authenticators/suspend.ts';
import type { Caller, Domain } from '../domain.ts';
import { type AttemptKey, blockedFor, countFailure, tooManyTries, waitAfter } from '../limits.ts';
import type { PersonRecord } from '../model.ts';
import type { AttemptRecord, Transaction } from '../stores.ts';
import { driftAt, lookForCode, lookInVain, type Sight } from './look.ts';
import type { CodeRecord } from './model.ts';

/** Who types a code, and what is counted beside the sources of codes themselves. */
export interface CodeTry {
  readonly person: PersonRecord;
  readonly actor: AuditEntry['actor'];
  /** Tries at this place on this person. */
  readonly place: AttemptKey;
  /** Failures of this address, whoever they are about; null where a service stands for many people. */
  readonly source: AttemptKey | null;
  /** Which row of the trail tells of a wrong one, and what it is about. */
  readonly refusal: Pick<AuditEntry, 'event' | 'subjectId'>;
}

export interface LookedAt extends CodeTry {
  readonly sights: readonly Sight[];
}

/** Looks at a code outside of any transaction. Throws `code.not-used`, and `request.rate-limited` where nobody may try now. */
export async function lookAt(domain: Domain, tried: CodeTry, typed: string): Promise<LookedAt> {
  requireCodes(domain);
  const { read } = domain.store;
  const now = domain.clock.now();
  for (const key of [tried.place, tried.source]) {
    if (key === null) continue;
    const blocked = blockedFor(await read.attempts.byKey(key.key), key.limit, now);
    if (blocked > 0) throw tooManyTries({ ok: false, locked: false, retryAfter: blocked });
  }
  const rows = await read.codes.listOf(tried.person.id);
  const open = rows.filter((row) => waitLeft(domain, row, now) === 0);
  // Nobody may try any of them: a flood is turned away without a write.
  if (rows.length > 0 && open.length === 0) {
    const retryAfter = Math.max(1_000, Math.min(...rows.map((row) => waitLeft(domain, row, now))));
    throw tooManyTries({ ok: false, locked: false, retryAfter });
  }
  if (rows.length === 0) await lookInVain(domain, typed);
  return { ...tried, sights: await lookForCode(domain, open, typed) };
}

/** Throws `code.not-used` where policy takes no codes. */
export function requireCodes(domain: Domain): void {
  if (!domain.policy.codes.allowed) throw new DoorstepError('code.not-used');
}

export type Settled =
  | { readonly ok: true; readonly authenticatorId: string }
  | { readonly ok: false; readonly code: 'code.wrong' | 'code.locked' | 'request.rate-limited'; readonly detail: ErrorDetail };

/** Accepts or refuses. A refusal is to be thrown after the transaction has been kept: it holds the count. */
export async function settle(domain: Domain, tx: Transaction, caller: Caller, tried: LookedAt): Promise<Settled> {
  const now = domain.clock.now();
  const rows = await tx.codes.count(tried.person.id, now, domain.policy.limits.codePerAuthenticator.longestWait);
  const placed = await tx.attempts.byKey(tried.place.key);
  const blocked = blockedFor(placed, tried.place.limit, now);
  if (blocked > 0) {
    await tx.codes.forgive(
      rows.map(({ authenticatorId }) => authenticatorId),
      1,
    );
    return refusal(tooManyTries({ ok: false, locked: false, retryAfter: blocked }));
  }
  for (const row of rows) {
    const position = acceptable(domain, row, tried.sights, now);
    if (position === null) continue;
    const accepted = await accept(domain, tx, caller, row, position);
    if (!accepted) continue;
    await forgiveOthers(tx, rows, row, placed);
    if (placed !== null) await tx.attempts.clear(tried.place.key);
    return { ok: true, authenticatorId: row.authenticatorId };
  }
  // The code may be that of a source which nobody may try now: then the way out is to wait, whatever was typed.
  const waits = await waitsOf(domain, tx, tried.person, now);
  if (rows.length === 0) {
    if (waits.length > 0) return waitFor(waits);
    // As many statements as a source of codes makes that is there.
    if (await isStopped(tx, tried.person)) return { ok: false, code: 'code.locked', detail: {} };
  }
  await fail(domain, tx, caller, tried, rows);
  return waits.length > 0 ? waitFor(waits) : { ok: false, code: 'code.wrong', detail: {} };
}

/**
 * What was typed wrong here before was meant for the source that it fits now, in all likelihood: it counts against the
 * person's others no longer. Tries from elsewhere go on counting (NIST SP 800-63B-4, 3.2.2: a success lets earlier failures
 * from the same address be disregarded).
 */
async function forgiveOthers(tx: Transaction, rows: readonly CodeRecord[], fit: CodeRecord, placed: AttemptRecord | null): Promise<void> {
  const others = rows.filter((row) => row !== fit).map(({ authenticatorId }) => authenticatorId);
  await tx.codes.forgive(others, 1 + (placed?.failures ?? 0));
}

function refusal({ code, detail }: DoorstepError): Settled {
  if (code !== 'request.rate-limited') throw new Error(`unexpected refusal: ${code}`);
  return { ok: false, code, detail };
}

function waitLeft(domain: Domain, row: CodeRecord, now: number): number {
  return blockedFor(row, domain.policy.limits.codePerAuthenticator, now);
}

/** How long each source of codes still waits; those that do not are left out. */
async function waitsOf(domain: Domain, tx: Transaction, person: PersonRecord, now: number): Promise<readonly number[]> {
  return (await tx.codes.listOf(person.id)).map((row) => waitLeft(domain, row, now)).filter((wait) => wait > 0);
}

function waitFor(waits: readonly number[]): Settled {
  return refusal(tooManyTries({ ok: false, locked: false, retryAfter: Math.max(1_000, Math.min(...waits)) }));
}

/** Whether a source of codes was stopped, and nobody may try it any more. */
async function isStopped(tx: Transaction, person: PersonRecord): Promise<boolean> {
  const all = await tx.authenticators.listOf(person.id);
  return all.some(({ kind, state }) => (kind === 'totp' || kind === 'hotp') && state === 'suspended');
}

/** The position that the code may burn: within the window, or the second of two in a row after a resynchronization. */
function acceptable(domain: Domain, row: CodeRecord, sights: readonly Sight[], now: number): number | null {
  const sight = sights.find(({ authenticatorId }) => authenticatorId === row.authenticatorId);
  if (sight === undefined) return null;
  // The candidate may have been taken away since it was looked at.
  const resynchronized = sight.follows !== null && sight.follows === row.candidate ? sight.follows + 1 : null;
  const position = sight.near ?? resynchronized;
  if (position === null || position <= row.lastPosition) return null;
  return Math.abs(driftAt(row, position, now)) > domain.policy.codes.windows.longestDrift ? null : position;
}

async function accept(domain: Domain, tx: Transaction, caller: Caller, row: CodeRecord, position: number): Promise<boolean> {
  const now = domain.clock.now();
  if (!(await tx.codes.accept(row.authenticatorId, { position, drift: driftAt(row, position, now) }))) return false;
  return tx.authenticators.useActive(row.authenticatorId, now, caller.source);
}

async function fail(domain: Domain, tx: Transaction, caller: Caller, tried: LookedAt, rows: readonly CodeRecord[]): Promise<void> {
  const now = domain.clock.now();
  const limit = domain.policy.limits.codePerAuthenticator;
  for (const row of rows) {
    const sight = tried.sights.find(({ authenticatorId }) => authenticatorId === row.authenticatorId);
    const candidate = sight?.far ?? null;
    const wait = waitAfter(row.failures, limit);
    await tx.codes.miss(row.authenticatorId, {
      blockedUntil: wait > 0 ? now + wait : 0,
      candidate,
      candidateAt: candidate === null ? null : now,
    });
    if (limit.lockAfter !== null && row.failures >= limit.lockAfter) {
      await suspendAfterFailures(domain, tx, caller, tried.person, { id: row.authenticatorId, kind: row.kind });
    }
  }
  await countFailure(tx, tried.place, now);
  if (tried.source !== null) await countFailure(tx, tried.source, now);
  await tx.audit.append(
    {
      ...tried.refusal,
      outcome: 'refused',
      actor: tried.actor,
      personId: tried.person.id,
      source: caller.source,
      reason: 'code.wrong',
      facts: { by: 'code' },
    },
    now,
  );
}
