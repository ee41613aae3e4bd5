/** The second step of a sign-in with a key. */
import { DoorstepError } from '../../../contract/errors.ts';
import type { RequestOptionsJson } from '../../../contract/tokens.ts';
import { hasWorkingKey } from '../authenticators/ways.ts';
import type { Asker } from '../ceremonies/asker.ts';
import { checkAnswer, guardAnswers, spendAnswer } from '../ceremonies/assertion.ts';
import { openCeremony } from '../ceremonies/open-ceremony.ts';
import { requestOptions } from '../ceremonies/options.ts';
import { requireOpenChallenge } from '../challenges/open-challenge.ts';
import type { Caller, Domain } from '../domain.ts';
import type { CeremonyRecord } from '../model.ts';
import type { AssertionAnswer } from '../webauthn.ts';
import type { CurrentSession } from './current-session.ts';
import { letIn } from './let-in.ts';
import { proofOfKey } from './proof.ts';
import { newSessionToken } from './token.ts';

export interface Question<Options> {
  readonly ceremony: CeremonyRecord;
  readonly options: Options;
}

/** Throws `authenticator.not-found` where the person has no key, or what is wrong with the service's request. */
export async function beginSecondStep(
  domain: Domain,
  caller: Caller,
  current: CurrentSession,
  challengeId: string | null,
): Promise<Question<RequestOptionsJson>> {
  const asker: Asker = { kind: 'session', session: current.session, person: current.person };
  await guardAnswers(domain, caller, asker);
  if (!hasWorkingKey(current.authenticators)) throw new DoorstepError('authenticator.not-found');
  const asked = challengeId ?? (await openChallengeOfSession(domain, current));
  const challenge = asked === null ? null : await requireOpenChallenge(domain, asked, current.person.id);
  const ceremony = await openCeremony(domain, asker, {
    purpose: 'sign-in',
    challengeId: challenge?.id ?? null,
    userVerification: challenge?.userVerification ?? 'preferred',
  });
  return { ceremony, options: requestOptions(domain, ceremony, current.authenticators) };
}

/** A full session has answered its request already; showing the key again is then for a change of the person's own. */
export async function openChallengeOfSession(domain: Domain, { session }: CurrentSession): Promise<string | null> {
  if (session.challengeId === null || session.state !== 'full') return session.challengeId;
  const challenge = await domain.store.read.challenges.byId(session.challengeId);
  return challenge?.state === 'pending' ? challenge.id : null;
}

/**
 * Answers the new bearer token of the session. Throws `ceremony.ended`, `webauthn.failed`, `challenge.ended`,
 * `session.missing`, `password.locked`, `request.rate-limited`, or what is wrong with the key.
 */
export async function finishSecondStep(
  domain: Domain,
  caller: Caller,
  current: CurrentSession,
  answer: { ceremonyId: string; credential: AssertionAnswer },
): Promise<string> {
  const asker: Asker = { kind: 'session', session: current.session, person: current.person };
  const checked = await checkAnswer(domain, caller, asker, { ...answer, purpose: 'sign-in' });
  const token = newSessionToken(domain.clock.now());
  const outcome = await domain.store.transaction(async (tx) => {
    const spent = await spendAnswer(domain, tx, caller, asker, checked);
    if (spent !== 'spent') return new DoorstepError(spent);
    return letIn(domain, tx, caller, {
      session: current.session,
      person: current.person,
      challengeId: checked.ceremony.challengeId,
      proof: proofOfKey(checked, 'browser'),
      token,
    });
  });
  if (outcome !== 'done') throw outcome;
  return token;
}
