/** A page asks and shows a number, a desktop decides, the page redeems: each once. */
import { beginApproval } from '../../../src/backend/domain/approvals/begin-approval.ts';
import { cancelApproval } from '../../../src/backend/domain/approvals/cancel-approval.ts';
import { decideChallenge } from '../../../src/backend/domain/approvals/decide.ts';
import { finishApproval } from '../../../src/backend/domain/approvals/finish-approval.ts';
import type { CurrentDevice } from '../../../src/backend/domain/devices/device-request.ts';
import { newId } from '../../../src/backend/domain/identifiers.ts';
import type { ApprovalStatement } from '../../../src/contract/http/approvals.ts';
import type { Act } from '../acts.ts';
import { BROWSER, DESK, type Plan, pick, pickLast } from '../plan.ts';
import { letGo, type Scene } from '../scene.ts';
import { isOpen, type ModelChallenge, type ModelDesktop, type SentDecision } from '../state.ts';
import { demand } from '../violation.ts';
import { newChallenge } from './services.ts';

const TRIES = 3;
const MINUTE = 60_000;

export function begin(scene: Scene, act: Act & { act: 'begin' }): Plan | null {
  const { person, now } = scene;
  const session = pick(person.sessions, act.session);
  if (session === null) return null;
  const behind = act.forService ? (person.challenges.filter(({ kind }) => kind === 'service').at(-1) ?? null) : null;
  const others = person.challenges.filter((one) => isOpen(one, now) && one !== behind && !(one.session === session && one.kind === 'page'));
  const takesOver = behind !== null;
  const may =
    scene.alive(session) &&
    scene.mayApprove() &&
    (behind === null || (isOpen(behind, now) && !behind.wantsKey && (behind.session === null || behind.session === session))) &&
    others.length === 0;
  return {
    run: async () =>
      beginApproval(scene.world.domain, BROWSER, await scene.current(session), { challengeId: behind?.id ?? null, browser: null }),
    settle: (outcome, alone) => {
      if (!outcome.ok) {
        if (alone) demand(!may || (outcome.code === 'request.rate-limited' && !takesOver), `a page could not ask: ${outcome.code}`);
        return;
      }
      demand(may || !alone, 'a page asked while it could not');
      const { id, number, serviceName, expiresAt } = outcome.value as {
        id: string;
        number: string;
        serviceName: string;
        expiresAt: string;
      };
      for (const one of person.challenges) {
        if (alone && one.session === session && one.id !== id && isOpen(one, now)) letGo(one);
      }
      if (behind !== null && id === behind.id) {
        if (behind.number !== null) behind.oldNumbers.push(behind.number);
        behind.unsure = !alone;
        behind.number = number;
        behind.session = session;
        behind.tries = 0;
      } else {
        person.challenges.push(
          newChallenge({ id, kind: 'page', serviceName, wantsKey: false, behind, expiresAt: Date.parse(expiresAt), number, session }),
        );
      }
    },
  };
}

export function cancel(scene: Scene, act: Act & { act: 'cancel' }): Plan | null {
  const { person, now } = scene;
  const session = pick(person.sessions, act.session);
  const challenge = pickLast(person.challenges, act.challenge);
  if (session === null || challenge === null) return null;
  const may = challenge.session === session && isOpen(challenge, now) && scene.alive(session);
  return {
    run: async () => cancelApproval(scene.world.domain, BROWSER, await scene.current(session), challenge.id),
    settle: (outcome, alone) => {
      if (outcome.ok) {
        demand(!alone || may, 'a request was taken back that could not be');
        if (challenge.kind === 'page') scene.end(challenge, 'canceled', isOpen(challenge, now));
        else letGo(challenge);
      } else if (alone) demand(!may, `the page could not take its request back: ${outcome.code}`);
    },
  };
}

export function finish(scene: Scene, act: Act & { act: 'finish' }): Plan | null {
  const { person, now } = scene;
  const session = pick(person.sessions, act.session);
  const challenge = pickLast(person.challenges, act.challenge);
  if (session === null || challenge === null) return null;
  const redeemable =
    challenge.state === 'approved' &&
    challenge.approvedBy !== null &&
    challenge.session === session &&
    !challenge.redeemed &&
    now - challenge.approvedAt < MINUTE &&
    now < challenge.expiresAt;
  const mayNow =
    redeemable &&
    scene.alive(session) &&
    !person.stopped &&
    challenge.approvedBy?.state === 'active' &&
    (challenge.behind === null || isOpen(challenge.behind, now));
  return {
    run: async () => finishApproval(scene.world.domain, BROWSER, await scene.current(session), challenge.id),
    settle: (outcome, alone) => {
      if (!outcome.ok) {
        if (alone) demand(!mayNow, `an approval could not be redeemed: ${outcome.code}`);
        if (redeemable && outcome.code !== 'session.missing' && outcome.code !== 'person.disabled') challenge.redeemed = true;
        return;
      }
      demand(mayNow || (!alone && !challenge.redeemed && challenge.session === session), 'an approval was redeemed that could not be');
      scene.invariants.spend('approval', challenge.id);
      demand(!challenge.redeemed, 'an approval was redeemed twice');
      challenge.redeemed = true;
      scene.stepUp(session, { token: outcome.value as string, shownWith: challenge.approvedBy?.id ?? null });
      if (challenge.behind === null) scene.seen.secondSteps += 1;
      else scene.end(challenge.behind, 'approved', true);
    },
  };
}

export function decide(scene: Scene, act: Act & { act: 'decide' }): Plan | null {
  const { person, now } = scene;
  const { domain } = scene.world;
  const desktop = pick(person.desktops, act.desktop);
  const holder = desktop === null ? null : pick(desktop.holders, act.holder);
  const challenge = pickLast(person.challenges, act.challenge);
  if (desktop === null || holder === null || challenge === null) return null;
  const statement = statementOf(scene, act, desktop, challenge);
  const right = statement.number !== null && statement.number === challenge.number;
  const fits = act.twist === 'none' && scene.admissible(desktop, holder);
  const open = isOpen(challenge, now);
  const mayApprove = fits && open && right && challenge.tries < TRIES && !person.stopped;
  const signed = scene.signed(holder);
  const sentAs: { current: CurrentDevice | null } = { current: null };
  return {
    run: async () => {
      sentAs.current = await scene.device(desktop, signed);
      await decideChallenge(domain, DESK, sentAs.current, { challengeId: challenge.id, statement });
    },
    settle: (outcome, alone) => {
      const admitted = scene.settleAdmission(desktop, holder, outcome, alone);
      if (admitted && sentAs.current !== null) {
        scene.invariants.spend('signed request', signed.nonce);
        person.sent.push({ desktop, current: sentAs.current, challengeId: challenge.id, statement });
      }
      if (!outcome.ok) {
        if (alone) {
          const promised = act.decision === 'approve' ? mayApprove && !challenge.unsure : fits && (open || act.decision === 'not-me');
          demand(!promised, `a desktop could not ${act.decision}: ${outcome.code}`);
        }
        if (outcome.code === 'approval.number-wrong') countWrong(scene, challenge, outcome.detail, alone);
        return;
      }
      demand(fits || !alone, 'a request was decided by somebody who could not');
      demand(act.twist === 'none', 'a statement was taken that does not fit');
      switch (act.decision) {
        case 'approve':
          demand(mayApprove || challenge.unsure || !alone, 'a request was approved that could not be');
          demand(!open ? !alone : true, 'a request was approved that had ended');
          scene.end(challenge, 'approved', open);
          challenge.approvedAt = now;
          challenge.approvedBy = desktop;
          return;
        case 'deny':
          scene.end(challenge, 'denied', open);
          return;
        case 'not-me':
          scene.seen.notMe += 1;
          person.stopped = true;
          if (alone && challenge.state === 'pending' && open) challenge.state = 'denied';
          for (const one of person.sessions) if (alone && one.state === 'password') one.state = 'gone';
          return;
      }
    },
  };
}

function countWrong(
  { seen, invariants }: Scene,
  challenge: ModelChallenge,
  detail: Readonly<Record<string, unknown>>,
  alone: boolean,
): void {
  seen.wrongNumbers += 1;
  challenge.tries += 1;
  if (alone) {
    demand(detail['triesLeft'] === Math.max(0, TRIES - challenge.tries), 'the tries that are left are not those that are left');
    invariants.tried('a number', challenge.tries, TRIES);
  }
  if (detail['triesLeft'] === 0 && challenge.state === 'pending') challenge.state = 'canceled';
}

function statementOf(
  { person, now }: Scene,
  act: Act & { act: 'decide' },
  desktop: ModelDesktop,
  challenge: ModelChallenge,
): ApprovalStatement {
  const typed = { shown: challenge.number, old: challenge.oldNumbers.at(-1) ?? null, wrong: null }[act.number] ?? notThe(challenge.number);
  const other = person.challenges.find((one) => one !== challenge)?.id ?? newId();
  return {
    decision: act.decision,
    number: act.decision === 'approve' ? typed : null,
    challengeId: act.twist === 'challenge' ? other : challenge.id,
    service: act.twist === 'service' ? 'Bank' : challenge.serviceName,
    person: act.twist === 'person' ? newId() : person.record.id,
    device: act.twist === 'device' ? newId() : desktop.id,
    iat: Math.floor(now / 1_000) - (act.twist === 'late' ? 120 : 0),
  };
}

function notThe(number: string | null): string {
  return number === '123456' ? '654321' : '123456';
}

export function replay(scene: Scene, act: Act & { act: 'replay' }): Plan | null {
  const sent: SentDecision | null = pick(scene.person.sent, act.request);
  // Older ones are refused for their age, before the domain sees them.
  if (sent === null || scene.now - sent.current.signed.signedAt > MINUTE) return null;
  return {
    run: async () => decideChallenge(scene.world.domain, DESK, await scene.device(sent.desktop, sent.current.signed), sent),
    settle: (outcome) => {
      if (outcome.ok) scene.invariants.spend('signed request', sent.current.signed.nonce);
      else demand(outcome.code !== 'approval.number-wrong', 'a signed request was counted twice');
    },
  };
}
