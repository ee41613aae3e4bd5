/**
 * Runs a history on the real domain and compares each answer with the model. An answer may be one that the model forbids
 * (something happened twice, or after it was stopped), or lack one that it promises; at the end the store, and the trail,
 * must say what was acknowledged: no more and no less.
 */

import { beginApproval } from '../../src/backend/domain/approvals/begin-approval.ts';
import { cancelApproval } from '../../src/backend/domain/approvals/cancel-approval.ts';
import { decideChallenge } from '../../src/backend/domain/approvals/decide.ts';
import { finishApproval } from '../../src/backend/domain/approvals/finish-approval.ts';
import { resumeApprovals } from '../../src/backend/domain/approvals/not-me.ts';
import { removeAuthenticator } from '../../src/backend/domain/authenticators/remove.ts';
import { cancelChallenge } from '../../src/backend/domain/challenges/cancel-challenge.ts';
import { createChallenge } from '../../src/backend/domain/challenges/create-challenge.ts';
import { answerWithCode } from '../../src/backend/domain/codes/challenge-code.ts';
import { codeStep } from '../../src/backend/domain/codes/code-step.ts';
import { type CurrentDevice, knownDevice, personOfDevice, type SignedClaims } from '../../src/backend/domain/devices/device-request.ts';
import { greetDevice } from '../../src/backend/domain/devices/greet-device.ts';
import { clearAway, expireDue } from '../../src/backend/domain/housekeeping.ts';
import { newId, newSecret } from '../../src/backend/domain/identifiers.ts';
import { type CurrentSession, currentSession } from '../../src/backend/domain/sessions/current-session.ts';
import { signOut } from '../../src/backend/domain/sessions/sign-out.ts';
import { DoorstepError, failure, type Outcome } from '../../src/contract/errors.ts';
import type { ApprovalStatement } from '../../src/contract/http/approvals.ts';
import type { Act, Moment } from './acts.ts';
import { burn, lookAfter, mayBurn, typedCode } from './codes.ts';
import { type Cast, castFor, modelSession, sessionRecord } from './people.ts';
import { type Holder, isOpen, type ModelChallenge, type ModelDesktop, type ModelSession, type SentDecision } from './state.ts';
import { checkEnd } from './verdict.ts';
import { demand } from './violation.ts';
import type { World } from './world.ts';

/** What the model says of an act before it happens, and what it makes of the answer. */
interface Plan {
  run(): Promise<unknown>;
  /** `alone`: nothing else happened at the same moment, so that what the model promises must come. */
  settle(outcome: Outcome<unknown>, alone: boolean): void;
}

const BROWSER = { source: '10.0.0.1' };
const DESK = { source: '10.0.0.2' };
const TRIES = 3;
const MINUTE = 60_000;

const pick = <T>(all: readonly T[], index: number): T | null => all[index % Math.max(1, all.length)] ?? null;
/** 0 is the last one: the interesting request is mostly the one that was made last. */
const pickLast = <T>(all: readonly T[], index: number): T | null => all[all.length - 1 - (index % Math.max(1, all.length))] ?? null;

export class History {
  readonly #world: World;
  readonly #cast: Cast;
  readonly #firstRow: number;
  /** Counts of what must be in the trail, beyond the endings. */
  readonly seen = { wrongNumbers: 0, wrongCodes: 0, notMe: 0, secondSteps: 0 };

  private constructor(world: World, cast: Cast, firstRow: number) {
    this.#world = world;
    this.#cast = cast;
    this.#firstRow = firstRow;
  }

  static async run(world: World, moments: readonly Moment[], firstRow: number): Promise<number> {
    const history = new History(world, await castFor(world), firstRow);
    for (const moment of moments) await history.#live(moment);
    return checkEnd(world, history.#cast.person, history.seen, history.#firstRow);
  }

  get #now(): number {
    return this.#world.clock.now();
  }

  async #live(moment: Moment): Promise<void> {
    const { person } = this.#cast;
    for (const act of moment) this.#before(act);
    const plans = moment.map((act) => this.#plan(act)).filter((plan) => plan !== null);
    const outcomes = await Promise.all(plans.map((plan) => attempt(plan.run)));
    const alone = plans.length === 1;
    for (const [index, plan] of plans.entries()) plan.settle(outcomes[index] as Outcome<unknown>, alone);
    if (!alone) await this.#reconcile();
    if (moment.some(({ act }) => act === 'type-code')) {
      const wrong = outcomes.filter((outcome) => !outcome.ok && outcome.code === 'code.wrong').length;
      await lookAfter(this.#world, person.record.id, person.sources, alone ? wrong : null);
    }
    demand(person.challenges.filter((one) => isOpen(one, this.#now)).length <= 1, 'two requests wait for one person');
  }

  /** Of several acts at once the model does not know the order: what was not told to anybody is read from the store. */
  async #reconcile(): Promise<void> {
    const { read } = this.#world.domain.store;
    const { person } = this.#cast;
    for (const challenge of person.challenges) {
      const stored = await read.challenges.byId(challenge.id);
      demand(stored !== null, 'a request that was made is not there');
      if (challenge.state === 'pending') {
        challenge.state = stored.state;
        challenge.tries = stored.numberTries;
        const shows = person.sessions.find(({ id }) => id === stored.sessionId) ?? null;
        if (shows !== challenge.session) challenge.unsure = true;
        challenge.session = shows;
        if (stored.numberHash === null) challenge.number = null;
      } else demand(stored.state === challenge.state, `a request that was ${challenge.state} is ${stored.state}`);
      if (stored.redeemedAt !== null) challenge.redeemed = true;
    }
    for (const desktop of person.desktops) {
      const stored = await read.authenticators.byId(desktop.id);
      demand(stored !== null, 'a desktop that was paired is not there');
      if (desktop.state === 'active' && stored.state !== 'pending') desktop.state = stored.state;
      moveTo(desktop, stored.generation);
      desktop.given = new Set((stored.nextGenerations ?? '').split(' ').filter((one) => one !== ''));
    }
    for (const session of person.sessions) {
      if (session.state === 'gone' || this.#over(session)) continue;
      if ((await currentSession(this.#world.domain, session.token)) === null && !person.disabled) session.state = 'gone';
    }
  }

  /** What happens to the world, and not at the backend. */
  #before(act: Act): void {
    if (act.act === 'wait') this.#world.clock.advance(act.milliseconds);
    if (act.act !== 'copy-key') return;
    const desktop = pick(this.#cast.person.desktops, act.desktop);
    const generation = desktop?.holders[0]?.generation ?? null;
    if (desktop !== null && desktop.holders.length < 3) desktop.holders.push({ generation });
  }

  #plan(act: Act): Plan | null {
    const { person } = this.#cast;
    const { domain, service } = this.#world;
    switch (act.act) {
      case 'service-asks':
        return this.#serviceAsks(act.wantsKey);
      case 'service-cancels': {
        const challenge = pickLast(
          person.challenges.filter(({ kind }) => kind === 'service'),
          act.challenge,
        );
        if (challenge === null) return null;
        const promised = isOpen(challenge, this.#now);
        return {
          run: () => cancelChallenge(domain, BROWSER, service, challenge.id),
          settle: (outcome, alone) => {
            if (outcome.ok) end(challenge, 'canceled', promised);
            else if (alone) demand(!promised, `the service could not take its request back: ${outcome.code}`);
          },
        };
      }
      case 'sign-in': {
        const token = newSecret();
        const record = sessionRecord(person.record.id, token, this.#now);
        return {
          run: () => domain.store.transaction((tx) => tx.sessions.insert(record)),
          settle: () => void person.sessions.push(modelSession(record.id, token, record.createdAt)),
        };
      }
      case 'sign-out': {
        const session = pick(person.sessions, act.session);
        if (session === null) return null;
        return {
          run: () => signOut(domain, BROWSER, session.token),
          settle: (outcome, alone) => {
            if (!outcome.ok) return;
            if (alone && session.state !== 'gone') this.#letGo(session);
            session.state = 'gone';
          },
        };
      }
      case 'begin':
        return this.#begin(act);
      case 'cancel': {
        const session = pick(person.sessions, act.session);
        const challenge = pickLast(person.challenges, act.challenge);
        if (session === null || challenge === null) return null;
        const may = challenge.session === session && isOpen(challenge, this.#now) && this.#alive(session);
        return {
          run: async () => cancelApproval(domain, BROWSER, await this.#current(session), challenge.id),
          settle: (outcome, alone) => {
            if (outcome.ok) {
              demand(!alone || may, 'a request was taken back that could not be');
              if (challenge.kind === 'page') end(challenge, 'canceled', isOpen(challenge, this.#now));
              else letGo(challenge);
            } else if (alone) demand(!may, `the page could not take its request back: ${outcome.code}`);
          },
        };
      }
      case 'finish':
        return this.#finish(act);
      case 'decide':
        return this.#decide(act);
      case 'type-code':
        return this.#typeCode(act);
      case 'replay':
        return this.#replay(act.request);
      case 'greet':
        return this.#greet(act);
      case 'copy-key':
      case 'wait':
        return null;
      case 'remove-desktop':
        return this.#remove(act.desktop);
      case 'resume':
        return {
          run: async () => resumeApprovals(domain, BROWSER, await this.#currentOf(this.#cast.keyToken)),
          settle: (outcome) => {
            if (outcome.ok) person.stopped = false;
          },
        };
      case 'close-account':
        return {
          run: () => domain.store.transaction((tx) => tx.people.disable(person.record.id, this.#now)),
          settle: () => {
            person.disabled = true;
          },
        };
      case 'keep-house':
        return {
          run: () => expireDue(domain).then(() => clearAway(domain)),
          settle: () => undefined,
        };
    }
  }

  #serviceAsks(wantsKey: boolean): Plan {
    const { person } = this.#cast;
    const { domain, service } = this.#world;
    const now = this.#now;
    const may = !person.disabled && !person.challenges.some((one) => isOpen(one, now));
    const wanted = wantsKey ? ('required' as const) : ('preferred' as const);
    return {
      run: () => createChallenge(domain, BROWSER, service, { username: person.record.username, userVerification: wanted }),
      settle: (outcome, alone) => {
        if (!outcome.ok) {
          if (alone) demand(!may || outcome.code === 'request.rate-limited', `a service could not ask: ${outcome.code}`);
          return;
        }
        demand(may || !alone, 'a service asked while it could not');
        const { id, number, expiresAt } = outcome.value as { id: string; number: string | null; expiresAt: string };
        if (alone)
          demand(
            (number !== null) === (this.#mayApprove() && !wantsKey),
            'a number is shown where nobody could type it, or none where somebody could',
          );
        person.challenges.push(
          newChallenge({
            id,
            kind: 'service',
            serviceName: service.name,
            wantsKey,
            behind: null,
            expiresAt: Date.parse(expiresAt),
            number,
            session: null,
          }),
        );
      },
    };
  }

  #begin(act: Act & { act: 'begin' }): Plan | null {
    const { person } = this.#cast;
    const { domain } = this.#world;
    const session = pick(person.sessions, act.session);
    if (session === null) return null;
    const behind = act.forService ? (person.challenges.filter(({ kind }) => kind === 'service').at(-1) ?? null) : null;
    const now = this.#now;
    const others = person.challenges.filter(
      (one) => isOpen(one, now) && one !== behind && !(one.session === session && one.kind === 'page'),
    );
    const takesOver = behind !== null;
    const may =
      this.#alive(session) &&
      this.#mayApprove() &&
      (behind === null || (isOpen(behind, now) && !behind.wantsKey && (behind.session === null || behind.session === session))) &&
      others.length === 0;
    return {
      run: async () => beginApproval(domain, BROWSER, await this.#current(session), { challengeId: behind?.id ?? null, browser: null }),
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

  #finish(act: Act & { act: 'finish' }): Plan | null {
    const { person } = this.#cast;
    const { domain } = this.#world;
    const session = pick(person.sessions, act.session);
    const challenge = pickLast(person.challenges, act.challenge);
    if (session === null || challenge === null) return null;
    const now = this.#now;
    const redeemable =
      challenge.state === 'approved' &&
      challenge.approvedBy !== null &&
      challenge.session === session &&
      !challenge.redeemed &&
      now - challenge.approvedAt < MINUTE &&
      now < challenge.expiresAt;
    const mayNow =
      redeemable &&
      this.#alive(session) &&
      !person.stopped &&
      challenge.approvedBy?.state === 'active' &&
      (challenge.behind === null || isOpen(challenge.behind, now));
    return {
      run: async () => finishApproval(domain, BROWSER, await this.#current(session), challenge.id),
      settle: (outcome, alone) => {
        if (!outcome.ok) {
          if (alone) demand(!mayNow, `an approval could not be redeemed: ${outcome.code}`);
          if (redeemable && outcome.code !== 'session.missing' && outcome.code !== 'person.disabled') challenge.redeemed = true;
          return;
        }
        demand(mayNow || (!alone && !challenge.redeemed && challenge.session === session), 'an approval was redeemed that could not be');
        demand(!challenge.redeemed, 'an approval was redeemed twice');
        challenge.redeemed = true;
        session.token = outcome.value as string;
        session.state = 'full';
        session.shownWith = challenge.approvedBy;
        if (challenge.behind === null) this.seen.secondSteps += 1;
        else end(challenge.behind, 'approved', true);
      },
    };
  }

  #decide(act: Act & { act: 'decide' }): Plan | null {
    const { person } = this.#cast;
    const { domain } = this.#world;
    const desktop = pick(person.desktops, act.desktop);
    const holder = desktop === null ? null : pick(desktop.holders, act.holder);
    const challenge = pickLast(person.challenges, act.challenge);
    if (desktop === null || holder === null || challenge === null) return null;
    const now = this.#now;
    const statement = this.#statement(act, desktop, challenge);
    const admissible = this.#admissible(desktop, holder);
    const right = statement.number !== null && statement.number === challenge.number;
    const fits = act.twist === 'none' && admissible;
    const open = isOpen(challenge, now);
    const mayApprove = fits && open && right && challenge.tries < TRIES && !person.stopped;
    const signed = this.#signed(holder);
    const sentAs: { current: CurrentDevice | null } = { current: null };
    return {
      run: async () => {
        sentAs.current = await this.#device(desktop, signed);
        await decideChallenge(domain, DESK, sentAs.current, { challengeId: challenge.id, statement });
      },
      settle: (outcome, alone) => {
        const admitted = this.#settleAdmission(desktop, holder, outcome, alone);
        if (admitted && sentAs.current !== null)
          person.sent.push({ desktop, current: sentAs.current, challengeId: challenge.id, statement });
        if (!outcome.ok) {
          if (alone) {
            const promised = act.decision === 'approve' ? mayApprove && !challenge.unsure : fits && (open || act.decision === 'not-me');
            demand(!promised, `a desktop could not ${act.decision}: ${outcome.code}`);
          }
          if (outcome.code === 'approval.number-wrong') this.#countWrong(challenge, outcome.detail, alone);
          return;
        }
        demand(fits || !alone, 'a request was decided by somebody who could not');
        demand(act.twist === 'none', 'a statement was taken that does not fit');
        switch (act.decision) {
          case 'approve':
            demand(mayApprove || challenge.unsure || !alone, 'a request was approved that could not be');
            demand(!open ? !alone : true, 'a request was approved that had ended');
            end(challenge, 'approved', open);
            challenge.approvedAt = now;
            challenge.approvedBy = desktop;
            return;
          case 'deny':
            end(challenge, 'denied', open);
            return;
          case 'not-me':
            this.seen.notMe += 1;
            person.stopped = true;
            if (alone && challenge.state === 'pending' && open) challenge.state = 'denied';
            for (const one of person.sessions) if (alone && one.state === 'password') one.state = 'gone';
            return;
        }
      },
    };
  }

  #countWrong(challenge: ModelChallenge, detail: Readonly<Record<string, unknown>>, alone: boolean): void {
    this.seen.wrongNumbers += 1;
    challenge.tries += 1;
    if (alone) demand(detail['triesLeft'] === Math.max(0, TRIES - challenge.tries), 'the tries that are left are not those that are left');
    demand(challenge.tries <= TRIES || !alone, 'more numbers were tried than may be');
    if (detail['triesLeft'] === 0 && challenge.state === 'pending') challenge.state = 'canceled';
  }

  #statement(act: Act & { act: 'decide' }, desktop: ModelDesktop, challenge: ModelChallenge): ApprovalStatement {
    const { person } = this.#cast;
    const typed =
      { shown: challenge.number, old: challenge.oldNumbers.at(-1) ?? null, wrong: null }[act.number] ?? notThe(challenge.number);
    const other = person.challenges.find((one) => one !== challenge)?.id ?? newId();
    return {
      decision: act.decision,
      number: act.decision === 'approve' ? typed : null,
      challengeId: act.twist === 'challenge' ? other : challenge.id,
      service: act.twist === 'service' ? 'Bank' : challenge.serviceName,
      person: act.twist === 'person' ? newId() : person.record.id,
      device: act.twist === 'device' ? newId() : desktop.id,
      iat: Math.floor(this.#now / 1_000) - (act.twist === 'late' ? 120 : 0),
    };
  }

  #typeCode(act: Act & { act: 'type-code' }): Plan | null {
    const { person } = this.#cast;
    const { domain, service } = this.#world;
    const session = pick(person.sessions, act.session);
    const source = pick(person.sources, act.source);
    const challenge = act.where === 'page' ? null : (person.challenges.filter(({ kind }) => kind === 'service').at(-1) ?? null);
    if (session === null || source === null || (act.where === 'service' && challenge === null)) return null;
    const now = this.#now;
    const typed = typedCode(person.sources, source, act.ahead, now);
    const reaches = challenge === null || (isOpen(challenge, now) && !challenge.wantsKey);
    const may = reaches && !person.disabled && (act.where === 'service' || this.#alive(session));
    return {
      run: async () =>
        act.where === 'service'
          ? answerWithCode(domain, BROWSER, service, { challengeId: challenge?.id ?? '', code: typed.code })
          : codeStep(domain, BROWSER, await this.#current(session), { code: typed.code, challengeId: challenge?.id ?? null }),
      settle: (outcome, alone) => {
        if (!outcome.ok) {
          if (alone) demand(!(may && typed.due), `a code that was due was refused: ${outcome.code}`);
          if (outcome.code === 'code.wrong') this.seen.wrongCodes += 1;
          // It was burned, and the request had ended in between.
          if (outcome.code === 'challenge.ended' && !alone) mayBurn(person.sources, typed.code, now);
          return;
        }
        demand(may || !alone, 'a code was good where none could be');
        burn(person.sources, typed.code, now);
        if (challenge !== null) end(challenge, 'approved', isOpen(challenge, now));
        else this.seen.secondSteps += 1;
        if (act.where === 'service') return;
        session.token = outcome.value as string;
        session.state = 'full';
        session.shownWith = null;
      },
    };
  }

  #replay(index: number): Plan | null {
    const { person } = this.#cast;
    const sent: SentDecision | null = pick(person.sent, index);
    // Older ones are refused for their age, before the domain sees them.
    if (sent === null || this.#now - sent.current.signed.signedAt > MINUTE) return null;
    return {
      run: async () => decideChallenge(this.#world.domain, DESK, await this.#device(sent.desktop, sent.current.signed), sent),
      settle: (outcome) => {
        demand(!outcome.ok, 'a signed request was good twice');
        demand(outcome.code !== 'approval.number-wrong', 'a signed request was counted twice');
      },
    };
  }

  #greet(act: Act & { act: 'greet' }): Plan | null {
    const desktop = pick(this.#cast.person.desktops, act.desktop);
    const holder = desktop === null ? null : pick(desktop.holders, act.holder);
    if (desktop === null || holder === null) return null;
    const admissible = this.#admissible(desktop, holder);
    const signed = this.#signed(holder);
    return {
      run: async () => greetDevice(this.#world.domain, DESK, await this.#device(desktop, signed)),
      settle: (outcome, alone) => {
        this.#settleAdmission(desktop, holder, outcome, alone);
        if (!outcome.ok) {
          if (alone) demand(!admissible, `a desktop could not connect: ${outcome.code}`);
          return;
        }
        demand(admissible || !alone, 'a desktop connected that could not');
        const { generation } = outcome.value as { generation: string };
        // Of several at once it is read from the store what was given.
        if (alone) desktop.given.add(generation);
        // Else it ended before it had written it down.
        if (act.keeps) holder.generation = generation;
      },
    };
  }

  #remove(index: number): Plan | null {
    const { person, keyToken } = this.#cast;
    const { domain } = this.#world;
    const desktop = pick(person.desktops, index);
    if (desktop === null) return null;
    return {
      run: async () => {
        const { session, person: record } = await this.#currentOf(keyToken);
        await removeAuthenticator(domain, BROWSER, { kind: 'session', session, person: record }, { id: desktop.id });
      },
      settle: (outcome) => {
        if (!outcome.ok) return;
        demand(desktop.state !== 'removed', 'a desktop was removed twice');
        desktop.state = 'removed';
        for (const one of person.sessions) if (one.shownWith === desktop) one.state = 'gone';
      },
    };
  }

  /** Whether the desktop was let in; by that, the generation that it shows has become the one. */
  #settleAdmission(desktop: ModelDesktop, holder: Holder, outcome: Outcome<unknown>, alone: boolean): boolean {
    const { person } = this.#cast;
    if (!outcome.ok && outcome.code === 'device.copied') {
      if (alone) demand(!this.#admissible(desktop, holder), 'a desktop was taken for a copy and is none');
      if (desktop.state === 'active') desktop.state = 'suspended';
      for (const one of person.sessions) if (one.shownWith === desktop) one.state = 'gone';
      return false;
    }
    const admitted = outcome.ok || !/^device\.|^authenticator\.suspended/.test(outcome.code);
    if (admitted && alone) moveTo(desktop, holder.generation);
    return admitted;
  }

  #admissible(desktop: ModelDesktop, { generation }: Holder): boolean {
    const known = generation === desktop.current || (generation !== null && desktop.given.has(generation));
    return desktop.state === 'active' && !this.#cast.person.disabled && known;
  }

  #signed({ generation }: Holder): SignedClaims {
    return { nonce: newId(), generation, signedAt: this.#now };
  }

  /** What the HTTP room finds out before the use case sees the request. */
  async #device(desktop: ModelDesktop, signed: SignedClaims): Promise<CurrentDevice> {
    const device = await knownDevice(this.#world.domain, desktop.id);
    return { device, person: await personOfDevice(this.#world.domain, device), signed };
  }

  async #current(session: ModelSession): Promise<CurrentSession> {
    const found = await this.#currentOf(session.token);
    demand(
      found.session.state === session.state || session.state === 'gone',
      `a session is ${found.session.state} that was ${session.state}`,
    );
    return found;
  }

  async #currentOf(token: string): Promise<CurrentSession> {
    const found = await currentSession(this.#world.domain, token);
    if (found === null) throw new DoorstepError('session.missing');
    return found;
  }

  #mayApprove(): boolean {
    const { person } = this.#cast;
    return !person.disabled && !person.stopped && person.desktops.some(({ state }) => state === 'active');
  }

  #over({ state, createdAt }: ModelSession): boolean {
    return this.#now - createdAt >= (state === 'full' ? 60 : 10) * MINUTE;
  }

  #alive(session: ModelSession): boolean {
    return session.state !== 'gone' && !this.#over(session) && !this.#cast.person.disabled;
  }

  #letGo(session: ModelSession): void {
    for (const one of this.#cast.person.challenges) if (one.session === session && isOpen(one, this.#now)) letGo(one);
  }
}

async function attempt(run: () => Promise<unknown>): Promise<Outcome<unknown>> {
  try {
    return { ok: true, value: await run() };
  } catch (error) {
    if (error instanceof DoorstepError) return failure(error);
    throw error;
  }
}

function newChallenge(
  from: Pick<ModelChallenge, 'id' | 'kind' | 'serviceName' | 'wantsKey' | 'behind' | 'expiresAt' | 'number' | 'session'>,
): ModelChallenge {
  return { ...from, state: 'pending', oldNumbers: [], tries: 0, approvedAt: 0, approvedBy: null, redeemed: false, unsure: false };
}

function end(challenge: ModelChallenge, state: 'approved' | 'denied' | 'canceled', open: boolean): void {
  demand(challenge.state === 'pending', `a request that was ${challenge.state} was ${state}`);
  demand(open, `a request was ${state} after its time`);
  challenge.state = state;
}

/** The page leaves it: its own ends, a service's goes on without a number. */
function letGo(challenge: ModelChallenge): void {
  if (challenge.kind === 'page') challenge.state = 'canceled';
  else {
    if (challenge.number !== null) challenge.oldNumbers.push(challenge.number);
    challenge.number = null;
    challenge.session = null;
    challenge.tries = 0;
  }
}

function moveTo(desktop: ModelDesktop, generation: string | null): void {
  if (generation === desktop.current) return;
  demand(!desktop.left.has(generation), 'a generation came back that had been left');
  desktop.left.add(desktop.current);
  for (const one of desktop.given) if (one !== generation) desktop.left.add(one);
  desktop.current = generation;
  desktop.given = new Set();
}

function notThe(number: string | null): string {
  return number === '123456' ? '654321' : '123456';
}
