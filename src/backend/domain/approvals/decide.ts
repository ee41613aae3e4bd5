/** What a paired desktop says to a request: approve with the number, deny, or "this wasn't me". */
import { DoorstepError, type ErrorCode } from '../../../contract/errors.ts';
import type { ApprovalStatement } from '../../../contract/http/approvals.ts';
import { DEVICE_SIGNATURE_WINDOW } from '../../../contract/http/device-signature.ts';
import { approval } from '../challenges/approval.ts';
import { SECOND } from '../clock.ts';
import { admitted, type CurrentDevice, requireActive } from '../devices/device-request.ts';
import type { Caller, Domain } from '../domain.ts';
import type { ChallengeRecord } from '../model.ts';
import { personChanged } from '../people/person-changed.ts';
import type { Transaction } from '../stores.ts';
import { APPROVAL_AMR } from './finish-approval.ts';
import { reportNotMe } from './not-me.ts';
import { hashNumber, STRONG_DIGITS, sameHash } from './number.ts';
import { pushKey } from './push-limit.ts';
import { isSameDevice } from './same-device.ts';
import { whoAsks } from './who-asks.ts';

interface Decision {
  readonly domain: Domain;
  readonly tx: Transaction;
  readonly caller: Caller;
  readonly current: CurrentDevice;
  readonly challenge: ChallengeRecord;
}

type Outcome = { readonly value: null } | { readonly refused: DoorstepError };
const DONE: Outcome = { value: null };
const refused = (code: ErrorCode, detail = {}): Outcome => ({ refused: new DoorstepError(code, detail) });

/**
 * `statement` is signed with the desktop's key, which has been proved; null: it was not, or it is none.
 *
 * Throws `challenge.not-found`, `challenge.ended`, `person.disabled`, `approval.statement-wrong`, `approval.stopped`,
 * `approval.same-device`, `approval.place-unknown`, `approval.number-wrong` with `triesLeft`, and as `admitRequest` does.
 */
export async function decideChallenge(
  domain: Domain,
  caller: Caller,
  current: CurrentDevice,
  { challengeId, statement }: { challengeId: string; statement: ApprovalStatement | null },
): Promise<void> {
  const known = await domain.store.read.challenges.byId(challengeId);
  const mine = known !== null && known.personId === current.person.id ? known : null;
  const name = mine === null ? '' : await whoAsks(domain, mine);
  const fits = statement !== null && says(domain, current, { statement, challengeId, name });
  const hash = typeof statement?.number === 'string' ? await hashNumber(domain, challengeId, statement.number) : null;
  await admitted<null>(domain, caller, current, async (tx) => {
    if (mine === null) return refused('challenge.not-found');
    const decision: Decision = { domain, tx, caller, current, challenge: mine };
    if (!fits) return refuse(decision, 'approval.statement-wrong');
    if (statement.decision === 'not-me') return reportNotMe(decision).then(() => DONE);
    if (statement.decision === 'deny') return deny(decision);
    return hash === null ? refuse(decision, 'approval.statement-wrong') : approve(decision, hash);
  });
}

/** Whether everything in the statement is what the window showed, and it was made now. */
function says(
  domain: Domain,
  { device, person }: CurrentDevice,
  { statement, challengeId, name }: { statement: ApprovalStatement; challengeId: string; name: string },
): boolean {
  return (
    statement.challengeId === challengeId &&
    statement.service === name &&
    statement.person === person.id &&
    statement.device === device.id &&
    (statement.decision === 'approve') === (statement.number !== null) &&
    Math.abs(domain.clock.now() - statement.iat * SECOND) <= DEVICE_SIGNATURE_WINDOW * SECOND
  );
}

async function deny({ domain, tx, caller, current, challenge }: Decision): Promise<Outcome> {
  const now = domain.clock.now();
  if (!(await tx.challenges.end(challenge.id, { state: 'denied', at: now, decidedFrom: caller.source }))) return refused('challenge.ended');
  await tell(tx, challenge);
  await audit({ domain, tx, caller, current, challenge }, { event: 'challenge.denied', outcome: 'done', reason: null });
  return DONE;
}

async function approve(decision: Decision, hash: string): Promise<Outcome> {
  const { domain, tx, caller, current, challenge } = decision;
  const now = domain.clock.now();
  // A stop that is being made at this moment comes before or after, not between.
  await tx.authenticators.lockWaysOf(current.person.id);
  await requireActive(tx, current.device.id);
  const person = await tx.people.byId(current.person.id);
  if (person === null || person.disabledAt !== null) return refuse(decision, 'person.disabled');
  if (person.approvalsStoppedAt !== null || !domain.policy.approvals) return refuse(decision, 'approval.stopped');
  const misplaced = refusedPlace(domain, challenge, caller);
  if (misplaced !== null) return refuse(decision, misplaced);
  const tries = domain.policy.approvalTries;
  // Counted before it is looked at; from here on the request is held until the end of the transaction.
  const open = await tx.challenges.tryNumber(challenge.id, tries, now);
  if (open === null) return refused('challenge.ended');
  const moved = refusedPlace(domain, open, caller);
  if (moved !== null) return refuse(decision, moved);
  if (open.numberHash === null || !sameHash(open.numberHash, hash)) return countWrong(decision, open, tries);
  const proof = {
    authenticatorId: current.device.id,
    amr: APPROVAL_AMR,
    userVerified: false,
    // Where nobody knows, the weaker claim is the safe one.
    assurance: placeOf(open, caller) === 'other' ? ('other-device' as const) : ('same-device' as const),
  };
  const withPassword = open.sessionId !== null;
  const ending = approval({ person, proof, withPassword, now, returnCodeHash: null });
  if (!(await tx.challenges.end(challenge.id, { ...ending, decidedFrom: caller.source }))) return refused('challenge.ended');
  await tx.attempts.clear(pushKey(person.id));
  await tell(tx, challenge);
  const digits = open.numberDigits ?? 0;
  await audit(decision, {
    event: 'challenge.approved',
    outcome: 'done',
    reason: null,
    facts: { assurance: proof.assurance, digits, weak: digits < STRONG_DIGITS },
  });
  return DONE;
}

/** Where the number is shown, seen from the desktop; a service that shows it does not say where. */
function placeOf({ askedAddress }: ChallengeRecord, caller: Caller): 'same' | 'other' | 'unknown' {
  if (askedAddress === null) return 'unknown';
  return isSameDevice(askedAddress, caller.source) ? 'same' : 'other';
}

/** Why policy does not let a desktop approve from its place; null where it does. */
function refusedPlace(domain: Domain, challenge: ChallengeRecord, caller: Caller): ErrorCode | null {
  if (domain.policy.sameDevice) return null;
  const place = placeOf(challenge, caller);
  if (place === 'other') return null;
  return place === 'same' ? 'approval.same-device' : 'approval.place-unknown';
}

async function countWrong(decision: Decision, open: ChallengeRecord, tries: number): Promise<Outcome> {
  const { domain, tx, challenge } = decision;
  const triesLeft = tries - open.numberTries;
  await audit(decision, { event: 'challenge.refused', outcome: 'refused', reason: 'approval.number-wrong', facts: { triesLeft } });
  if (triesLeft <= 0) {
    await tx.challenges.end(challenge.id, { state: 'canceled', at: domain.clock.now() });
    await audit(decision, { event: 'challenge.canceled', outcome: 'done', reason: 'approval.number-wrong' });
  }
  await tell(tx, challenge);
  return refused('approval.number-wrong', { triesLeft: Math.max(triesLeft, 0) });
}

async function refuse(decision: Decision, code: ErrorCode): Promise<Outcome> {
  await audit(decision, { event: 'challenge.refused', outcome: 'refused', reason: code });
  return refused(code);
}

async function tell(tx: Transaction, { id, personId }: ChallengeRecord): Promise<void> {
  tx.announce(`challenge:${id}`);
  if (personId === null) return;
  await personChanged(tx, personId);
}

interface Told {
  readonly event: 'challenge.approved' | 'challenge.denied' | 'challenge.refused' | 'challenge.canceled';
  readonly outcome: 'done' | 'refused';
  readonly reason: ErrorCode | null;
  readonly facts?: Readonly<Record<string, string | number | boolean>>;
}

async function audit({ domain, tx, caller, current, challenge }: Decision, { facts = {}, ...told }: Told): Promise<void> {
  await tx.audit.append(
    {
      ...told,
      actor: { kind: 'device', id: current.device.id },
      personId: current.person.id,
      subjectId: challenge.id,
      source: caller.source,
      facts: { authenticatorId: current.device.id, ...facts },
    },
    domain.clock.now(),
  );
}
