/** How often a person may be asked: a wait after each denial, and a limit on requests that nobody approved. */
import { DoorstepError } from '../../../contract/errors.ts';
import { HOUR } from '../clock.ts';
import type { Caller, Domain } from '../domain.ts';
import { newId } from '../identifiers.ts';
import { waitAfter } from '../limits.ts';
import type { EndedChallenge, Transaction } from '../stores.ts';

export function pushKey(personId: string): string {
  return `approval:pushes:${personId}`;
}

/**
 * Throws `request.rate-limited` while the person is to be left alone; else counts one more request. The one that reaches
 * the limit is let through, leaves a row in the trail, and a report for the desk.
 */
export async function countPush(domain: Domain, tx: Transaction, caller: Caller, personId: string): Promise<void> {
  const now = domain.clock.now();
  refuseAfterDenials(domain, await tx.challenges.lastEndings(personId, now - 24 * HOUR), now);
  const limit = domain.policy.limits.pushesPerPerson;
  const key = pushKey(personId);
  const pushes = await tx.attempts.count(key, now, limit);
  if (pushes === null) throw rateLimited(((await tx.attempts.byKey(key))?.blockedUntil ?? now) - now);
  const wait = waitAfter(pushes, limit);
  if (wait === 0) return;
  await tx.attempts.block(key, now + wait);
  await tx.reports.insert({
    id: newId(),
    kind: 'bombing',
    personId,
    subjectId: null,
    source: caller.source,
    facts: { pushes },
    at: now,
    closedAt: null,
  });
  await tx.audit.append(
    {
      event: 'approval.bombing',
      outcome: 'refused',
      actor: { kind: 'system', id: null },
      personId,
      subjectId: null,
      source: caller.source,
      reason: 'request.rate-limited',
      facts: { pushes, waitSeconds: wait / 1_000 },
    },
    now,
  );
}

/** A number that was typed wrong too often ends its request like a denial does. */
export function isDenial(challenge: EndedChallenge, tries: number): boolean {
  return challenge.state === 'denied' || (challenge.state === 'canceled' && challenge.numberTries >= tries);
}

/**
 * Endings come newest first: each denial in a row doubles the wait. Only an approval ends the row; whoever bothers a
 * person could take requests back, or let them run out, between the denials.
 */
function refuseAfterDenials(domain: Domain, endings: readonly EndedChallenge[], now: number): void {
  const approved = endings.findIndex((ending) => ending.state === 'approved');
  const row = (approved === -1 ? endings : endings.slice(0, approved)).filter((one) => isDenial(one, domain.policy.approvalTries));
  const last = row[0]?.endedAt;
  if (last === null || last === undefined) return;
  const left = last + domain.policy.denialWait * 2 ** Math.min(row.length - 1, 10) - now;
  if (left > 0) throw rateLimited(left);
}

function rateLimited(milliseconds: number): DoorstepError {
  return new DoorstepError('request.rate-limited', { retryAfterSeconds: Math.ceil(Math.max(milliseconds, 1_000) / 1_000) });
}
