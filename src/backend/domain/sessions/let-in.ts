/** The end of every second step, whichever way it was shown: the session becomes full, the service's request is approved. */
import { DoorstepError } from '../../../contract/errors.ts';
import { pushKey } from '../approvals/push-limit.ts';
import { approval } from '../challenges/approval.ts';
import { returnCode } from '../challenges/return-code.ts';
import type { Caller, Domain } from '../domain.ts';
import { hashSecret } from '../identifiers.ts';
import type { PersonRecord, SessionRecord } from '../model.ts';
import type { Transaction } from '../stores.ts';
import type { Proof } from './proof.ts';

export interface Entry {
  readonly session: SessionRecord;
  readonly person: PersonRecord;
  /** The service's request that this step answers; null: none. */
  readonly challengeId: string | null;
  readonly proof: Proof;
  /** The new bearer token of the session. */
  readonly token: string;
}

export type LetIn = 'done' | 'challenge.ended' | 'challenge.wants-verification';

/**
 * Steps the session up in the caller's transaction, which has used the proof up already. Anything but 'done' let nobody in
 * and is to be thrown after the transaction has been kept; thrown here (`session.missing`, `person.disabled`), nothing is kept.
 */
export async function letIn(domain: Domain, tx: Transaction, caller: Caller, entry: Entry): Promise<LetIn> {
  const now = domain.clock.now();
  const { session, person, challengeId, proof, token } = entry;
  if (challengeId !== null) {
    const challenge = await tx.challenges.byId(challengeId);
    if (challenge?.userVerification === 'required' && !proof.userVerified) return 'challenge.wants-verification';
    const code = returnCode({ tokenHash: hashSecret(token) }, challengeId);
    const returnCodeHash = challenge?.personId === null ? hashSecret(code) : null;
    if (!(await tx.challenges.end(challengeId, approval({ person, proof, withPassword: true, now, returnCodeHash })))) {
      return 'challenge.ended';
    }
    await tx.attempts.clear(pushKey(person.id));
    tx.announce(`challenge:${challengeId}`);
  }
  const change = {
    tokenHash: hashSecret(token),
    challengeId: challengeId ?? session.challengeId,
    authenticatorId: proof.authenticatorId,
    at: now,
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
