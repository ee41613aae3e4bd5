/** The end of every second step, whichever way it was shown: the session becomes full, the service's request is approved. */
import { DoorstepError } from '../../../contract/errors.ts';
import { pushKey } from '../approvals/push-limit.ts';
import { approval } from '../challenges/approval.ts';
import { returnCode } from '../challenges/return-code.ts';
import type { Caller, Domain } from '../domain.ts';
import { hashSecret } from '../identifiers.ts';
import type { PersonRecord, SessionRecord } from '../model.ts';
import { passwordLock } from '../people/password-step.ts';
import type { Transaction } from '../stores.ts';
import { markOfUse } from './current-session.ts';
import type { Proof } from './proof.ts';
import { hashSessionToken } from './token.ts';

export interface Entry {
  readonly session: SessionRecord;
  readonly person: PersonRecord;
  /** The service's request that this step answers; null: none. */
  readonly challengeId: string | null;
  readonly proof: Proof;
  /** The new bearer token of the session. */
  readonly token: string;
}

/**
 * Steps the session up in the caller's transaction, which has used the proof up already. Anything but 'done' let nobody in
 * and is to be thrown after the transaction has been kept; thrown here (`session.missing`, `person.disabled`), nothing is kept.
 *
 * A lock of the password that began after it was shown holds for whatever is shown after it (CVE-2025-10908, CVE-2026-9798):
 * `password.locked`, `request.rate-limited`.
 */
export async function letIn(domain: Domain, tx: Transaction, caller: Caller, entry: Entry): Promise<'done' | DoorstepError> {
  const now = domain.clock.now();
  const { session, person, challengeId, proof, token } = entry;
  const locked = await passwordLock(domain, tx, person);
  if (locked !== null) {
    await auditRefusal(domain, tx, caller, entry, locked);
    return locked;
  }
  if (challengeId !== null) {
    const challenge = await tx.challenges.byId(challengeId);
    if (challenge?.userVerification === 'required' && !proof.userVerified) return new DoorstepError('challenge.wants-verification');
    const code = returnCode({ tokenHash: hashSessionToken(token) }, challengeId);
    const returnCodeHash = challenge?.personId === null ? hashSecret(code) : null;
    if (!(await tx.challenges.end(challengeId, approval({ person, proof, withPassword: true, now, returnCodeHash })))) {
      return new DoorstepError('challenge.ended');
    }
    await tx.attempts.clear(pushKey(person.id));
    tx.announce(`challenge:${challengeId}`);
  }
  const change = {
    tokenHash: hashSessionToken(token),
    challengeId: challengeId ?? session.challengeId,
    authenticatorId: proof.authenticatorId,
    at: now,
    seenAt: markOfUse(session, now),
  };
  if (!(await tx.sessions.stepUp(session.id, change))) throw new DoorstepError('session.missing');
  if (!(await tx.people.bumpOpen(person.id))) throw new DoorstepError('person.disabled');
  tx.announce(`person:${person.id}`);
  await tx.audit.append(
    {
      event: challengeId === null ? 'session.second-step' : 'challenge.approved',
      outcome: 'done',
      actor: { kind: 'person', id: person.id },
      personId: person.id,
      subjectId: challengeId ?? session.id,
      source: caller.source,
      reason: null,
      facts: {
        authenticatorId: proof.authenticatorId,
        userVerified: proof.userVerified,
        amr: proof.amr.join(' '),
        assurance: proof.assurance,
      },
    },
    now,
  );
  return 'done';
}

async function auditRefusal(
  domain: Domain,
  tx: Transaction,
  caller: Caller,
  { session, person, challengeId, proof }: Entry,
  { code }: DoorstepError,
): Promise<void> {
  await tx.audit.append(
    {
      event: 'session.second-step',
      outcome: 'refused',
      actor: { kind: 'person', id: person.id },
      personId: person.id,
      subjectId: challengeId ?? session.id,
      source: caller.source,
      reason: code,
      facts: { authenticatorId: proof.authenticatorId },
    },
    domain.clock.now(),
  );
}
