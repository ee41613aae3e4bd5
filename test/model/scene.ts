/** One history's person in the world, as the model knows them, and what every act asks of it. */
import type { Asker } from '../../src/backend/domain/ceremonies/asker.ts';
import {
  admitted,
  type CurrentDevice,
  knownDevice,
  personOfDevice,
  type SignedClaims,
} from '../../src/backend/domain/devices/device-request.ts';
import { newId } from '../../src/backend/domain/identifiers.ts';
import { type CurrentSession, currentSession } from '../../src/backend/domain/sessions/current-session.ts';
import { DoorstepError, type Outcome } from '../../src/contract/errors.ts';
import { Invariants } from './invariants.ts';
import type { Cast } from './people.ts';
import { DESK } from './plan.ts';
import {
  type Holder,
  isOpen,
  type ModelAuthenticator,
  type ModelChallenge,
  type ModelDesktop,
  type ModelPerson,
  type ModelSession,
  type ModelSheet,
} from './state.ts';
import { demand } from './violation.ts';
import type { World } from './world.ts';

const MINUTE = 60_000;

export class Scene {
  readonly world: World;
  readonly person: ModelPerson;
  /** Token of a session whose second step was the key: it removes, enrolls, and opens requests again. */
  readonly keyToken: string;
  readonly invariants = new Invariants();
  /** Counts of what must be in the trail, beyond the endings. */
  readonly seen = { wrongNumbers: 0, wrongCodes: 0, wrongSpareCodes: 0, spareCodes: 0, notMe: 0, secondSteps: 0 };
  /** Whether a sheet was made, removed or used at this moment. */
  sheetMoved = false;
  /** Sheets made at this moment. */
  newSheets: ModelSheet[] = [];

  constructor(world: World, { person, keyToken }: Cast) {
    this.world = world;
    this.person = person;
    this.keyToken = keyToken;
  }

  get now(): number {
    return this.world.clock.now();
  }

  get authenticators(): readonly ModelAuthenticator[] {
    const { key, desktops, sources } = this.person;
    return [key, ...desktops, ...sources];
  }

  /** The sheet whose codes are good, or would be if they were not stopped. */
  get sheet(): ModelSheet | null {
    return this.person.sheets.findLast(({ state }) => state !== 'removed') ?? null;
  }

  mayApprove(): boolean {
    const { person } = this;
    return !person.disabled && !person.stopped && person.desktops.some(({ state }) => state === 'active');
  }

  over({ state, createdAt }: ModelSession): boolean {
    return this.now - createdAt >= (state === 'full' ? 60 : 10) * MINUTE;
  }

  alive(session: ModelSession): boolean {
    return session.state !== 'gone' && !this.over(session) && !this.person.disabled;
  }

  /** The session has shown its second step. */
  stepUp(session: ModelSession, { token, shownWith }: { readonly token: string; readonly shownWith: string | null }): void {
    this.invariants.works('session', session.id);
    this.invariants.works('person', this.person.record.id);
    if (shownWith !== null) this.invariants.works('authenticator', shownWith);
    this.invariants.letIn(session.id);
    session.token = token;
    session.state = 'full';
    session.shownWith = shownWith;
  }

  /** It has ended, and with it what it has opened and the codes that it gives. */
  gone(authenticator: ModelAuthenticator | ModelSheet, state: 'removed' | 'suspended'): void {
    authenticator.state = state;
    for (const one of this.person.sessions) if (one.shownWith !== null && one.shownWith === authenticator.id) one.state = 'gone';
    for (const source of this.person.sources) {
      if (source.heldBy === authenticator && (source.state === 'active' || (state === 'removed' && source.state === 'suspended')))
        this.gone(source, state);
    }
  }

  async current(session: ModelSession): Promise<CurrentSession> {
    const found = await this.currentOf(session.token);
    this.invariants.works('session', session.id);
    demand(
      found.session.state === session.state || session.state === 'gone',
      `a session is ${found.session.state} that was ${session.state}`,
    );
    return found;
  }

  async currentOf(token: string): Promise<CurrentSession> {
    const found = await currentSession(this.world.domain, token);
    if (found === null) throw new DoorstepError('session.missing');
    return found;
  }

  /** The browser that has shown the key. */
  async keyAsker(): Promise<Asker> {
    const { session, person } = await this.currentOf(this.keyToken);
    return { kind: 'session', session, person };
  }

  /** What the HTTP room finds out before the use case sees the request. */
  async device(desktop: ModelDesktop, signed: SignedClaims): Promise<CurrentDevice> {
    const device = await knownDevice(this.world.domain, desktop.id);
    return { device, person: await personOfDevice(this.world.domain, device), signed };
  }

  /** The same where the HTTP room lets the request in by itself. */
  async deviceAsker(desktop: ModelDesktop, signed: SignedClaims): Promise<Asker> {
    const current = await this.device(desktop, signed);
    await admitted(this.world.domain, DESK, current, async () => ({ value: null }));
    return { kind: 'device', device: current.device, person: current.person };
  }

  admissible(desktop: ModelDesktop, { generation }: Holder): boolean {
    const known = generation === desktop.current || (generation !== null && desktop.given.has(generation));
    return desktop.state === 'active' && !this.person.disabled && known;
  }

  signed({ generation }: Holder): SignedClaims {
    return { nonce: newId(), generation, signedAt: this.now };
  }

  /** Whether the desktop was let in; by that, the generation that it shows has become the one. */
  settleAdmission(desktop: ModelDesktop, holder: Holder, outcome: Outcome<unknown>, alone: boolean): boolean {
    const admissible = this.admissible(desktop, holder);
    if (!outcome.ok && outcome.code === 'device.copied') {
      if (alone) demand(!admissible, 'a desktop was taken for a copy and is none');
      if (desktop.state === 'active') this.gone(desktop, 'suspended');
      return false;
    }
    if (outcome.ok) {
      this.invariants.works('authenticator', desktop.id);
      this.invariants.works('person', this.person.record.id);
    }
    if (alone) {
      if (admissible) moveTo(desktop, holder.generation);
      return outcome.ok || admissible;
    }
    return outcome.ok || !/^device\.|^authenticator\.suspended|^person\.disabled/.test(outcome.code);
  }

  letGoOf(session: ModelSession): void {
    for (const one of this.person.challenges) if (one.session === session && isOpen(one, this.now)) letGo(one);
  }

  /** `open`: before its time was over. */
  end(challenge: ModelChallenge, state: 'approved' | 'denied' | 'canceled', open: boolean): void {
    this.invariants.spend('request', challenge.id);
    demand(challenge.state === 'pending', `a request that was ${challenge.state} was ${state}`);
    demand(open, `a request was ${state} after its time`);
    challenge.state = state;
  }
}

/** The page leaves it: its own ends, a service's goes on without a number. */
export function letGo(challenge: ModelChallenge): void {
  if (challenge.kind === 'page') challenge.state = 'canceled';
  else {
    if (challenge.number !== null) challenge.oldNumbers.push(challenge.number);
    challenge.number = null;
    challenge.session = null;
    challenge.tries = 0;
  }
}

export function moveTo(desktop: ModelDesktop, generation: string | null): void {
  if (generation === desktop.current) return;
  demand(!desktop.left.has(generation), 'a generation came back that had been left');
  desktop.left.add(desktop.current);
  for (const one of desktop.given) if (one !== generation) desktop.left.add(one);
  desktop.current = generation;
  desktop.given = new Set();
}
