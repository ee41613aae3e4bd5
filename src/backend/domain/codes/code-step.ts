/** The second step of a sign-in with a code. */
import { DoorstepError } from '../../../contract/errors.ts';
import { requireOpenChallenge } from '../challenges/open-challenge.ts';
import type { Caller, Domain } from '../domain.ts';
import { type AttemptKey, sourceKey } from '../limits.ts';
import type { PersonRecord } from '../model.ts';
import type { CurrentSession } from '../sessions/current-session.ts';
import { letIn } from '../sessions/let-in.ts';
import { proofOfCode } from '../sessions/proof.ts';
import { openChallengeOfSession } from '../sessions/second-step.ts';
import { newSessionToken } from '../sessions/token.ts';
import { lookAt, settle } from './settle.ts';

export interface TypedStep {
  readonly code: string;
  /** The service's request that the page was opened with; null: the one that came with the password, if any. */
  readonly challengeId: string | null;
}

/**
 * Answers the new bearer token of the session. Throws `code.wrong` (the same for every wrong one), `code.locked`,
 * `request.rate-limited`, `password.locked`, or what is wrong with the service's request.
 */
export async function codeStep(domain: Domain, caller: Caller, current: CurrentSession, typed: TypedStep): Promise<string> {
  const { session, person } = current;
  const challengeId = await requireRequestForCodes(domain, current, typed.challengeId);
  const looked = await lookAt(
    domain,
    {
      person,
      actor: { kind: 'person', id: person.id },
      place: placeOf(domain, caller, person, 'code'),
      source: sourceOf(domain, caller, 'code'),
      refusal: refusalOf(challengeId, session.id),
    },
    typed.code,
  );
  const token = newSessionToken(domain.clock.now());
  const outcome = await domain.store.transaction(async (tx) => {
    const settled = await settle(domain, tx, caller, looked);
    if (!settled.ok) return settled;
    const entered = await letIn(domain, tx, caller, { session, person, challengeId, proof: proofOfCode(settled.authenticatorId), token });
    return entered === 'done' ? null : entered;
  });
  if (outcome !== null) throw new DoorstepError(outcome.code, outcome.detail);
  return token;
}

/** The open request that a typed code would answer, if any. One that wants user verification is not for codes: nothing is counted then. */
export async function requireRequestForCodes(domain: Domain, current: CurrentSession, wanted: string | null): Promise<string | null> {
  const asked = wanted ?? (await openChallengeOfSession(domain, current));
  const challenge = asked === null ? null : await requireOpenChallenge(domain, asked, current.person.id);
  if (challenge?.userVerification === 'required') throw new DoorstepError('challenge.wants-verification');
  return asked;
}

/** Tries on one person from one address: whoever guesses from there waits long before the person does elsewhere. */
export function placeOf(domain: Domain, caller: Caller, person: PersonRecord, what: 'code' | 'spare-code'): AttemptKey {
  return { key: `${what}:person:${person.id}:source:${sourceKey(caller.source)}`, limit: domain.policy.limits.codePerPersonAndPlace };
}

/** Failures of one address, whoever they are about. */
export function sourceOf(domain: Domain, caller: Caller, what: 'code' | 'spare-code'): AttemptKey {
  return { key: `${what}:source:${sourceKey(caller.source)}`, limit: domain.policy.limits.codePerSource };
}

export function refusalOf(challengeId: string | null, sessionId: string) {
  return challengeId === null
    ? ({ event: 'session.second-step', subjectId: sessionId } as const)
    : ({ event: 'challenge.refused', subjectId: challengeId } as const);
}
