/** A waiting request of a service is answered with a key at the person's own paired desktop. */
import { DoorstepError } from '../../../contract/errors.ts';
import type { RequestOptionsJson } from '../../../contract/tokens.ts';
import { hasWorkingKey } from '../authenticators/ways.ts';
import { type Asker, actorOf } from '../ceremonies/asker.ts';
import { checkAnswer, guardAnswers, spendAnswer } from '../ceremonies/assertion.ts';
import { openCeremony } from '../ceremonies/open-ceremony.ts';
import { requestOptions } from '../ceremonies/options.ts';
import type { Caller, Domain } from '../domain.ts';
import type { ChallengeRecord } from '../model.ts';
import { proofOfKey } from '../sessions/proof.ts';
import type { Question } from '../sessions/second-step.ts';
import { answersByKey } from '../views.ts';
import type { AssertionAnswer } from '../webauthn.ts';
import { approval } from './approval.ts';

export async function beginChallengeAnswer(
  domain: Domain,
  caller: Caller,
  asker: Asker,
  challengeId: string,
): Promise<Question<RequestOptionsJson>> {
  await guardAnswers(domain, caller, asker);
  const challenge = await requireKeyChallenge(domain, asker, challengeId);
  const keys = await domain.store.read.authenticators.listOf(asker.person.id);
  if (!hasWorkingKey(keys)) throw new DoorstepError('authenticator.not-found');
  const ceremony = await openCeremony(domain, asker, {
    purpose: 'answer-challenge',
    challengeId: challenge.id,
    userVerification: challenge.userVerification,
  });
  return { ceremony, options: requestOptions(domain, ceremony, keys) };
}

/** Only a request that names the person reaches a desktop; any other one is not there. */
async function requireOwnChallenge(domain: Domain, asker: Asker, id: string): Promise<ChallengeRecord> {
  const challenge = await domain.store.read.challenges.byId(id);
  if (challenge === null || challenge.personId !== asker.person.id) throw new DoorstepError('challenge.not-found');
  if (challenge.state !== 'pending' || challenge.expiresAt <= domain.clock.now()) throw new DoorstepError('challenge.ended');
  return challenge;
}

async function requireKeyChallenge(domain: Domain, asker: Asker, id: string): Promise<ChallengeRecord> {
  const challenge = await requireOwnChallenge(domain, asker, id);
  if (!answersByKey(challenge)) throw new DoorstepError('challenge.not-found');
  return challenge;
}

export async function finishChallengeAnswer(
  domain: Domain,
  caller: Caller,
  asker: Asker,
  answer: { challengeId: string; ceremonyId: string; credential: AssertionAnswer },
): Promise<void> {
  await requireKeyChallenge(domain, asker, answer.challengeId);
  const checked = await checkAnswer(domain, caller, asker, { ...answer, purpose: 'answer-challenge' });
  const outcome = await domain.store.transaction(async (tx) => {
    const spent = await spendAnswer(domain, tx, caller, asker, checked);
    if (spent !== 'spent') return spent;
    const now = domain.clock.now();
    const ending = approval({
      person: asker.person,
      proof: proofOfKey(checked, 'desktop'),
      withPassword: false,
      now,
      returnCodeHash: null,
    });
    if (!(await tx.challenges.end(answer.challengeId, { ...ending, untaken: true }))) return 'challenge.ended' as const;
    tx.announce(`challenge:${answer.challengeId}`);
    if (!(await tx.people.bumpOpen(asker.person.id))) throw new DoorstepError('person.disabled');
    tx.announce(`person:${asker.person.id}`);
    await tx.audit.append(
      {
        event: 'challenge.approved',
        outcome: 'done',
        actor: actorOf(asker),
        personId: asker.person.id,
        subjectId: answer.challengeId,
        source: caller.source,
        reason: null,
        facts: { authenticatorId: checked.authenticator.id, userVerified: checked.userVerified },
      },
      now,
    );
    return 'done' as const;
  });
  if (outcome !== 'done') throw new DoorstepError(outcome);
}
