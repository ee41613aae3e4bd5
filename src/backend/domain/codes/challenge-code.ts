/** A service that took a code from the person itself (a VPN's own form) answers its pending request with it. */
import { DoorstepError } from '../../../contract/errors.ts';
import type { Challenge } from '../../../contract/http/shapes.ts';
import { pushKey } from '../approvals/push-limit.ts';
import { approval } from '../challenges/approval.ts';
import { readChallenge } from '../challenges/read-challenge.ts';
import type { Caller, Domain } from '../domain.ts';
import type { ChallengeRecord, PersonRecord, ServiceRecord } from '../model.ts';
import { proofOfCode } from '../sessions/proof.ts';
import { lookAt, settle } from './settle.ts';

/**
 * Throws `challenge.not-found` (also for a request that names nobody), `challenge.ended`, `challenge.wants-verification`,
 * `person.disabled`, `code.wrong`, `code.locked`, `request.rate-limited`.
 */
export async function answerWithCode(
  domain: Domain,
  caller: Caller,
  service: ServiceRecord,
  answer: { challengeId: string; code: string },
): Promise<Challenge> {
  const { challenge, person } = await requireNamed(domain, service, answer.challengeId);
  const actor = { kind: 'service', id: service.id } as const;
  // The address is the service's, whoever types: tries are told apart by service, and no address waits for another's.
  const place = { key: `code:person:${person.id}:service:${service.id}`, limit: domain.policy.limits.codePerPersonAndPlace };
  const refusal = { event: 'challenge.refused', subjectId: challenge.id } as const;
  const looked = await lookAt(domain, { person, actor, place, source: null, refusal }, answer.code);
  const outcome = await domain.store.transaction(async (tx) => {
    const settled = await settle(domain, tx, caller, looked);
    if (!settled.ok) return settled;
    const now = domain.clock.now();
    const proof = proofOfCode(settled.authenticatorId);
    const ending = approval({ person, proof, withPassword: false, now, returnCodeHash: null });
    if (!(await tx.challenges.end(challenge.id, ending))) return { code: 'challenge.ended', detail: {} } as const;
    if (!(await tx.people.bumpOpen(person.id))) throw new DoorstepError('person.disabled');
    await tx.attempts.clear(pushKey(person.id));
    tx.announce(`challenge:${challenge.id}`);
    tx.announce(`person:${person.id}`);
    await tx.audit.append(
      {
        event: 'challenge.approved',
        outcome: 'done',
        actor,
        personId: person.id,
        subjectId: challenge.id,
        source: caller.source,
        reason: null,
        facts: { authenticatorId: proof.authenticatorId, userVerified: false, amr: proof.amr.join(' '), assurance: proof.assurance },
      },
      now,
    );
    return null;
  });
  if (outcome !== null) throw new DoorstepError(outcome.code, outcome.detail);
  return readChallenge(domain, service, challenge.id, null);
}

async function requireNamed(
  domain: Domain,
  service: ServiceRecord,
  id: string,
): Promise<{ challenge: ChallengeRecord; person: PersonRecord }> {
  const challenge = await domain.store.read.challenges.byId(id);
  if (challenge === null || challenge.serviceId !== service.id || challenge.personId === null)
    throw new DoorstepError('challenge.not-found');
  if (challenge.state !== 'pending' || challenge.expiresAt <= domain.clock.now()) throw new DoorstepError('challenge.ended');
  if (challenge.userVerification === 'required') throw new DoorstepError('challenge.wants-verification');
  const person = await domain.store.read.people.byId(challenge.personId);
  if (person === null || person.disabledAt !== null) throw new DoorstepError('person.disabled');
  return { challenge, person };
}
