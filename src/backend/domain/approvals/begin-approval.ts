/** The sign-in page asks the person's desktops: it shows a number, the person types it there. */
import { DoorstepError } from '../../../contract/errors.ts';
import type { ApprovalRequest } from '../../../contract/http/approvals.ts';
import { guardAnswers } from '../ceremonies/assertion.ts';
import { expireChallenges } from '../challenges/expire-challenges.ts';
import { requireOpenChallenge } from '../challenges/open-challenge.ts';
import { instant } from '../clock.ts';
import type { Caller, Domain } from '../domain.ts';
import { newId } from '../identifiers.ts';
import { type ChallengeRecord, WITHOUT_NUMBER } from '../model.ts';
import { personChanged } from '../people/person-changed.ts';
import type { CurrentSession } from '../sessions/current-session.ts';
import { openChallengeOfSession } from '../sessions/second-step.ts';
import { shownText } from '../shown-text.ts';
import type { NewNumber, Transaction } from '../stores.ts';
import { LONGEST_PLACE } from '../views.ts';
import { cancelApprovalsOf } from './cancel-approval.ts';
import { hashNumber, newNumber, STRONG_DIGITS } from './number.ts';
import { countPush } from './push-limit.ts';
import { requireDesktops } from './require-desktops.ts';
import { whoAsks } from './who-asks.ts';

/** Words such as "Firefox on Windows"; null where nobody knows. */
export type BrowserWords = string | null;

/**
 * A request that a service made for this person becomes the page's own: its number is made anew. Else the page makes one.
 *
 * Throws `session.missing` (it ended meanwhile: nobody could take its request back), `approval.no-desktop`,
 * `approval.stopped`, `challenge.pending-exists` (another session, or a service, is asking already), `request.rate-limited`,
 * `challenge.wants-verification`, or what is wrong with the service's request.
 */
export async function beginApproval(
  domain: Domain,
  caller: Caller,
  current: CurrentSession,
  { challengeId, browser }: { challengeId: string | null; browser: BrowserWords },
): Promise<ApprovalRequest> {
  const { session, person } = current;
  await guardAnswers(domain, caller, { kind: 'session', session, person });
  requireDesktops(domain, person, current.authenticators);
  const asked = challengeId ?? (await openChallengeOfSession(domain, current));
  const behind = asked === null ? null : await requireOpenChallenge(domain, asked, person.id);
  // A typed number says that the person is there, not that a key has checked it.
  if (behind?.userVerification === 'required') throw new DoorstepError('challenge.wants-verification');
  const ownNamed = behind !== null && behind.personId === person.id ? behind : null;
  const id = ownNamed?.id ?? newId();
  const number = newNumber(domain.policy.approvalDigits);
  const shown: NewNumber = {
    sessionId: session.id,
    numberHash: await hashNumber(domain, id, number),
    numberDigits: number.length,
    askedAddress: caller.source,
    askedBrowser: browser,
  };
  const request = await domain.store.transaction(async (tx) => {
    if (!(await tx.sessions.hold(session.id))) throw new DoorstepError('session.missing');
    await expireChallenges(tx, domain.clock.now(), { personId: person.id });
    await cancelApprovalsOf(domain, tx, caller, session, { but: id });
    return ownNamed === null
      ? insertOwn(domain, tx, caller, current, { id, behind, shown })
      : takeOver(domain, tx, caller, current, { challenge: ownNamed, shown });
  });
  return {
    id,
    number,
    serviceName: await whoAsks(domain, request),
    place: request.place === null ? null : shownText(request.place, LONGEST_PLACE),
    createdAt: instant(request.createdAt),
    expiresAt: instant(request.expiresAt),
  };
}

async function insertOwn(
  domain: Domain,
  tx: Transaction,
  caller: Caller,
  { person }: CurrentSession,
  { id, behind, shown }: { id: string; behind: ChallengeRecord | null; shown: NewNumber },
): Promise<ChallengeRecord> {
  const now = domain.clock.now();
  await countPush(domain, tx, caller, person.id);
  const challenge: ChallengeRecord = {
    ...WITHOUT_NUMBER,
    ...shown,
    id,
    serviceId: null,
    forChallengeId: behind?.id ?? null,
    personId: person.id,
    place: behind?.place ?? null,
    returnTo: null,
    userVerification: 'discouraged',
    state: 'pending',
    createdAt: now,
    expiresAt: now + domain.policy.approvalLife,
    endedAt: null,
    result: null,
  };
  if (!(await tx.challenges.insert(challenge))) throw new DoorstepError('challenge.pending-exists');
  await tellOf(domain, tx, caller, challenge);
  return challenge;
}

async function takeOver(
  domain: Domain,
  tx: Transaction,
  caller: Caller,
  { person }: CurrentSession,
  { challenge, shown }: { challenge: ChallengeRecord; shown: NewNumber },
): Promise<ChallengeRecord> {
  const now = domain.clock.now();
  if (!(await tx.challenges.renumber(challenge.id, person.id, shown, now))) {
    const state = (await tx.challenges.byId(challenge.id))?.state;
    throw new DoorstepError(state === 'pending' ? 'challenge.pending-exists' : 'challenge.ended');
  }
  const taken = { ...challenge, ...shown };
  await tellOf(domain, tx, caller, taken);
  return taken;
}

async function tellOf(domain: Domain, tx: Transaction, caller: Caller, challenge: ChallengeRecord): Promise<void> {
  const personId = challenge.personId ?? '';
  await personChanged(tx, personId);
  await tx.audit.append(
    {
      event: challenge.serviceId === null ? 'challenge.created' : 'challenge.taken-over',
      outcome: 'done',
      actor: { kind: 'person', id: personId },
      personId,
      subjectId: challenge.id,
      source: caller.source,
      reason: null,
      facts: {
        forChallengeId: challenge.forChallengeId,
        browser: challenge.askedBrowser,
        digits: challenge.numberDigits,
        weak: (challenge.numberDigits ?? 0) < STRONG_DIGITS,
      },
    },
    domain.clock.now(),
  );
}
