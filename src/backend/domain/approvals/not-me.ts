/** "This wasn't me": somebody has the person's password, or tries. */
import { DoorstepError } from '../../../contract/errors.ts';
import type { CurrentDevice } from '../devices/device-request.ts';
import type { Caller, Domain } from '../domain.ts';
import { newId } from '../identifiers.ts';
import type { ChallengeRecord } from '../model.ts';
import { personChanged } from '../people/person-changed.ts';
import type { CurrentSession } from '../sessions/current-session.ts';
import type { Transaction } from '../stores.ts';
import { pushKey } from './push-limit.ts';

/**
 * Denies the request, stops approvals of the person, ends the sessions that have shown the password alone, and tells the
 * desk. The request may have ended by itself, or been taken back, while the person was reading: all else holds.
 */
export async function reportNotMe({
  domain,
  tx,
  caller,
  current,
  challenge,
}: {
  domain: Domain;
  tx: Transaction;
  caller: Caller;
  current: CurrentDevice;
  challenge: ChallengeRecord;
}): Promise<void> {
  const now = domain.clock.now();
  const { person, device } = current;
  await tx.authenticators.lockWaysOf(person.id);
  const denied = await tx.challenges.end(challenge.id, { state: 'denied', at: now, decidedFrom: caller.source });
  await tx.people.stopApprovals(person.id, now);
  const sessions = await tx.sessions.removeHalfOpen(person.id);
  const facts = { denied, sessionsEnded: sessions, askedFrom: challenge.askedAddress, deviceId: device.id };
  await tx.reports.insert({
    id: newId(),
    kind: 'not-me',
    personId: person.id,
    subjectId: challenge.id,
    source: caller.source,
    facts,
    at: now,
    closedAt: null,
  });
  tx.announce(`challenge:${challenge.id}`);
  await personChanged(tx, person.id);
  const about = { actor: { kind: 'device' as const, id: device.id }, personId: person.id, subjectId: challenge.id, source: caller.source };
  if (denied) {
    await tx.audit.append(
      { event: 'challenge.denied', outcome: 'done', ...about, reason: null, facts: { authenticatorId: device.id, notMe: true } },
      now,
    );
  }
  await tx.audit.append({ event: 'approval.stopped', outcome: 'done', ...about, reason: null, facts }, now);
}

/** Opens requests again. Throws `approvals.want-key` where the session's second step was no security key. */
export async function resumeApprovals(domain: Domain, caller: Caller, { session, person, authenticators }: CurrentSession): Promise<void> {
  const shown = authenticators.find(({ id }) => id === session.authenticatorId);
  if (shown?.kind !== 'security-key') throw new DoorstepError('approvals.want-key');
  await domain.store.transaction(async (tx) => {
    const now = domain.clock.now();
    await tx.people.stopApprovals(person.id, null);
    await tx.attempts.clear(pushKey(person.id));
    await personChanged(tx, person.id);
    await tx.audit.append(
      {
        event: 'approval.resumed',
        outcome: 'done',
        actor: { kind: 'person', id: person.id },
        personId: person.id,
        subjectId: null,
        source: caller.source,
        reason: null,
        facts: { authenticatorId: shown.id },
      },
      now,
    );
  });
}
