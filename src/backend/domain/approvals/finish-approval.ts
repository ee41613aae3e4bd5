/** The page comes for the approval: once, soon, and only while nothing has happened that forbids it. */
import { DoorstepError, type ErrorCode } from '../../../contract/errors.ts';
import { guardAnswers } from '../ceremonies/assertion.ts';
import type { Caller, Domain } from '../domain.ts';
import type { ChallengeRecord, PersonRecord } from '../model.ts';
import type { CurrentSession } from '../sessions/current-session.ts';
import { letIn } from '../sessions/let-in.ts';
import type { Proof } from '../sessions/proof.ts';
import { newSessionToken } from '../sessions/token.ts';
import type { Transaction } from '../stores.ts';
import { isSameDevice } from './same-device.ts';

/**
 * Answers the new bearer token of the session. Throws `challenge.not-found`, `challenge.ended` (also for the second
 * redemption, and for one that comes too late), `approval.stopped`, `approval.same-device`, `authenticator.suspended`,
 * `request.rate-limited`, `password.locked`, `person.disabled`, `session.missing`.
 */
export async function finishApproval(domain: Domain, caller: Caller, current: CurrentSession, id: string): Promise<string> {
  const { session, person } = current;
  await guardAnswers(domain, caller, { kind: 'session', session, person });
  const token = newSessionToken(domain.clock.now());
  const outcome = await domain.store.transaction(async (tx): Promise<'done' | DoorstepError> => {
    const now = domain.clock.now();
    const by = { sessionId: session.id, approvedAfter: now - domain.policy.redeemWithin, at: now };
    const challenge = await tx.challenges.redeem(id, by);
    if (challenge === null) return whyNot(tx, session.id, id);
    const forbidden = await whatForbids(domain, tx, caller, person, challenge);
    if (forbidden !== null) {
      await auditRefusal(domain, tx, caller, person, challenge, forbidden.code);
      return forbidden;
    }
    const entry = {
      session: sessionFor(current, challenge),
      person,
      challengeId: challenge.forChallengeId,
      proof: proofOf(challenge, caller),
      token,
    };
    return letIn(domain, tx, caller, entry);
  });
  if (outcome !== 'done') throw outcome;
  return token;
}

async function whyNot(tx: Transaction, sessionId: string, id: string): Promise<DoorstepError> {
  const challenge = await tx.challenges.byId(id);
  return new DoorstepError(challenge === null || challenge.sessionId !== sessionId ? 'challenge.not-found' : 'challenge.ended');
}

/**
 * A stop or a removal that began after the request was put before the person holds for its approval too (CVE-2026-9798); a
 * lock of the password is looked at where every session is let in. The approval is used up all the same.
 */
async function whatForbids(
  domain: Domain,
  tx: Transaction,
  caller: Caller,
  { id }: PersonRecord,
  challenge: ChallengeRecord,
): Promise<DoorstepError | null> {
  // Locked for the rest of the transaction: a stop that is being made at this moment comes before or after, not between.
  await tx.authenticators.lockWaysOf(id);
  const person = await tx.people.byId(id);
  if (person === null || person.disabledAt !== null) return new DoorstepError('person.disabled');
  if (!domain.policy.approvals || person.approvalsStoppedAt !== null) return new DoorstepError('approval.stopped');
  const shownWith = await tx.authenticators.byId(challenge.result?.authenticatorId ?? '');
  if (shownWith?.state !== 'active') return new DoorstepError('authenticator.suspended');
  if (!domain.policy.sameDevice && challenge.decidedFrom !== null && isSameDevice(caller.source, challenge.decidedFrom)) {
    return new DoorstepError('approval.same-device');
  }
  return null;
}

/** A request that the service made itself has ended with the approval; the session has to know which one it was. */
function sessionFor({ session }: CurrentSession, challenge: ChallengeRecord): CurrentSession['session'] {
  return challenge.serviceId === null ? session : { ...session, challengeId: challenge.id };
}

function proofOf({ result, decidedFrom }: ChallengeRecord, caller: Caller): Proof {
  if (result === null) throw new Error('an approved request without a result');
  const same = decidedFrom !== null && isSameDevice(caller.source, decidedFrom);
  return {
    authenticatorId: result.authenticatorId,
    amr: APPROVAL_AMR,
    userVerified: result.userVerified,
    assurance: same ? 'same-device' : result.assurance,
  };
}

/** RFC 8176: proof of a key in software, over more than one channel. */
export const APPROVAL_AMR: readonly string[] = ['swk', 'mca'];

async function auditRefusal(
  domain: Domain,
  tx: Transaction,
  caller: Caller,
  person: PersonRecord,
  challenge: ChallengeRecord,
  reason: ErrorCode,
): Promise<void> {
  await tx.audit.append(
    {
      event: 'session.second-step',
      outcome: 'refused',
      actor: { kind: 'person', id: person.id },
      personId: person.id,
      subjectId: challenge.id,
      source: caller.source,
      reason,
      facts: { authenticatorId: challenge.result?.authenticatorId ?? null },
    },
    domain.clock.now(),
  );
}
