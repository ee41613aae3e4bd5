/**
 * An answer of a key, checked in two halves. `checkAnswer` does what costs time (the signature) and touches nothing;
 * `spendAnswer`, in the transaction of whatever the answer allows, uses up the question and moves the counter on.
 * Of any number of copies of one answer, exactly one comes through `spendAnswer`, in whichever process.
 */
import { DoorstepError, type ErrorCode } from '../../../contract/errors.ts';
import type { AuditEvent } from '../audit.ts';
import type { Caller, Domain } from '../domain.ts';
import { blockedFor, sourceKey, waitAfter } from '../limits.ts';
import type { AuthenticatorRecord, CeremonyPurpose, CeremonyRecord } from '../model.ts';
import type { Transaction } from '../stores.ts';
import type { AssertionAnswer, Refusal } from '../webauthn.ts';
import { type Asker, actorOf } from './asker.ts';
import { requireCeremony } from './open-ceremony.ts';

export interface CheckedAnswer {
  readonly ceremony: CeremonyRecord;
  readonly authenticator: AuthenticatorRecord;
  readonly counter: number;
  readonly userVerified: boolean;
  readonly backedUp: boolean;
}

export interface AnswerTo {
  readonly ceremonyId: string;
  readonly purpose: CeremonyPurpose;
  readonly challengeId?: string | null;
  readonly credential: AssertionAnswer;
}

/** Which event of the trail tells of an answer to each purpose. */
const REFUSED_EVENT: Record<CeremonyPurpose, AuditEvent> = {
  register: 'authenticator.added',
  'sign-in': 'session.second-step',
  'answer-challenge': 'challenge.refused',
  try: 'authenticator.tried',
};

/** Throws `request.rate-limited` while too many wrong answers for this person came from this address. */
export async function guardAnswers(domain: Domain, caller: Caller, asker: Asker): Promise<void> {
  const attempts = await domain.store.read.attempts.byKey(attemptKey(caller, asker));
  const left = blockedFor(attempts, domain.policy.limits.secondStepPerPersonAndSource, domain.clock.now());
  if (left > 0) throw new DoorstepError('request.rate-limited', { retryAfterSeconds: Math.ceil(left / 1_000) });
}

function attemptKey(caller: Caller, asker: Asker): string {
  return `second-step:${asker.person.id}:source:${sourceKey(caller.source)}`;
}

/**
 * Checks an answer against its question and the person's key (WebAuthn Level 3, 7.2). Throws `ceremony.ended`,
 * `authenticator.not-found`, `authenticator.suspended` or `webauthn.failed`; a wrong answer uses up the question.
 */
export async function checkAnswer(domain: Domain, caller: Caller, asker: Asker, to: AnswerTo): Promise<CheckedAnswer> {
  await guardAnswers(domain, caller, asker);
  const ceremony = await requireCeremony(domain, asker, {
    id: to.ceremonyId,
    purpose: to.purpose,
    ...(to.challengeId !== undefined ? { challengeId: to.challengeId } : {}),
  });
  // 7.2 steps 5 and 6: the credential was allowed, and it is this person's.
  const authenticator = await domain.store.read.authenticators.byCredentialId(to.credential.id);
  if (authenticator === null || authenticator.personId !== asker.person.id || authenticator.state === 'removed') {
    return refuseAnswer(domain, caller, asker, { ceremony, authenticator: null, code: 'authenticator.not-found', refusal: 'credential' });
  }
  if (authenticator.state !== 'active' || authenticator.publicKey === null) {
    return refuseAnswer(domain, caller, asker, { ceremony, authenticator, code: 'authenticator.suspended', refusal: 'credential' });
  }
  const verdict = await domain.webauthn.checkAssertion(to.credential, {
    question: ceremony.question,
    userVerification: ceremony.userVerification,
    credentialId: to.credential.id,
    publicKey: authenticator.publicKey,
    userHandle: asker.person.userHandle,
    backupEligible: authenticator.backupEligible,
  });
  if (!verdict.ok) {
    return refuseAnswer(domain, caller, asker, { ceremony, authenticator, code: 'webauthn.failed', refusal: verdict.refusal });
  }
  return { ceremony, authenticator, ...verdict };
}

interface Refused {
  readonly ceremony: CeremonyRecord;
  readonly authenticator: AuthenticatorRecord | null;
  readonly code: ErrorCode;
  readonly refusal: Refusal;
}

async function refuseAnswer(domain: Domain, caller: Caller, asker: Asker, refused: Refused): Promise<never> {
  await domain.store.transaction(async (tx) => {
    const now = domain.clock.now();
    if (!(await tx.ceremonies.consume(refused.ceremony.id, now))) return;
    const key = attemptKey(caller, asker);
    const limit = domain.policy.limits.secondStepPerPersonAndSource;
    const failures = await tx.attempts.count(key, now, limit);
    const wait = failures === null ? 0 : waitAfter(failures, limit);
    if (wait > 0) await tx.attempts.block(key, now + wait);
    await tx.audit.append(
      {
        event: REFUSED_EVENT[refused.ceremony.purpose],
        outcome: 'refused',
        actor: actorOf(asker),
        personId: asker.person.id,
        subjectId: refused.authenticator?.id ?? null,
        source: caller.source,
        reason: refused.code,
        facts: { refusal: refused.refusal, challengeId: refused.ceremony.challengeId },
      },
      now,
    );
  });
  throw new DoorstepError(refused.code);
}

export type SpentAnswer = 'spent' | 'ceremony.ended' | 'authenticator.suspended' | 'authenticator.counter-regressed';

/**
 * Uses up the question and moves the key's counter on. Anything but 'spent' allows nothing, and is to be thrown after
 * the transaction has been kept.
 *
 * A counter that did not grow means a copy, a fault, or two good answers that overtook each other (WebAuthn Level 3,
 * 6.1.1): this answer is refused and the key marked, but it stays active, so that an overtaken answer bricks no key.
 */
export async function spendAnswer(
  domain: Domain,
  tx: Transaction,
  caller: Caller,
  asker: Asker,
  checked: CheckedAnswer,
): Promise<SpentAnswer> {
  const now = domain.clock.now();
  if (!(await tx.ceremonies.consume(checked.ceremony.id, now))) return 'ceremony.ended';
  const { authenticator, counter, backedUp } = checked;
  const used = await tx.authenticators.use(authenticator.id, { counter, backedUp, at: now, from: caller.source });
  if (used === 'used') {
    await tx.attempts.clear(attemptKey(caller, asker));
    return 'spent';
  }
  const reason = used === 'regressed' ? 'authenticator.counter-regressed' : 'authenticator.suspended';
  if (used === 'regressed') await tx.authenticators.raiseCounterAlarm(authenticator.id, now);
  await tx.audit.append(
    {
      event: used === 'regressed' ? 'authenticator.counter-regressed' : REFUSED_EVENT[checked.ceremony.purpose],
      outcome: 'refused',
      actor: actorOf(asker),
      personId: asker.person.id,
      subjectId: authenticator.id,
      source: caller.source,
      reason,
      facts: { counter, challengeId: checked.ceremony.challengeId },
    },
    now,
  );
  return reason;
}
