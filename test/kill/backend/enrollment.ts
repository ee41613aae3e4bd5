/** Codes are enrolled, one source after the other; the oldest is removed again. */
import type { AuditRow } from '../../../src/backend/domain/audit.ts';
import type { CodeEnrollment } from '../../../src/contract/http/codes.ts';
import type { Authenticator } from '../../../src/contract/http/shapes.ts';
import { decodeBase32 } from '../../../src/oath/base32.ts';
import { hotp } from '../../../src/oath/hotp.ts';
import { type Arena, fromSomewhere, type Visitor } from './arena.ts';
import { type Actor, codeOf, demand, Flight, must, type Scenario } from './scenario.ts';

const FORM = { algorithm: 'SHA1', digits: 6 } as const;

/** A person may have a few sources of codes and no more: beyond these the oldest is removed. */
const MOST = 4;

interface Enrollment {
  readonly id: string;
  readonly seed: Uint8Array;
  state: 'begun' | 'finishing' | 'finished' | 'removing' | 'removed';
}

class Enroller implements Actor {
  readonly flight = new Flight();
  readonly #arena: Arena;
  readonly #visitor: Visitor;
  readonly #all: Enrollment[] = [];

  constructor(arena: Arena, visitor: Visitor) {
    this.#arena = arena;
    this.#visitor = visitor;
  }

  async act(): Promise<void> {
    const { browser } = this.#visitor;
    const kept = this.#all.filter(({ state }) => state === 'finished');
    if (kept[0] !== undefined && kept.length === MOST) {
      kept[0].state = 'removing';
      must(await this.#remove(kept[0]), 204, 'a source could not be removed');
      kept[0].state = 'removed';
    }
    const begun = must(
      await this.flight.of(browser.call<CodeEnrollment>('codeEnrollment', { body: { kind: 'hotp' } })),
      201,
      'a source was not begun',
    );
    const one: Enrollment = { id: begun.enrollmentId, seed: decodeBase32(begun.secret), state: 'begun' };
    this.#all.push(one);
    one.state = 'finishing';
    must(await this.flight.of(this.#finish(one)), 201, 'a source was not proved');
    one.state = 'finished';
  }

  #finish({ id, seed }: Enrollment) {
    return this.#visitor.browser.call('finishCodeEnrollment', { params: { id }, body: { code: hotp(seed, 0, FORM), name: 'App' } });
  }

  #remove({ id }: Enrollment) {
    return this.#visitor.browser.call('removeAuthenticator', { params: { id } });
  }

  async check(): Promise<void> {
    const { browser } = this.#visitor;
    const removing = this.#all.find(({ state }) => state === 'removing');
    if (removing !== undefined) {
      const again = await this.#remove(removing);
      demand(
        again.status === 204 || codeOf(again) === 'authenticator.not-found',
        `a source that was being removed: ${again.status} ${codeOf(again)}`,
      );
      removing.state = 'removed';
    }
    const last = this.#all.at(-1);
    if (last === undefined) return;
    if (last.state === 'finishing') {
      const again = await this.#finish(last);
      demand(
        again.status === 201 || codeOf(again) === 'ceremony.ended',
        `a source that was being proved: ${again.status} ${codeOf(again)}`,
      );
      last.state = 'finished';
    }
    demand(codeOf(await this.#finish(last)) === 'ceremony.ended', 'a source was proved twice');
    const { authenticators } = must(await browser.call<{ authenticators: Authenticator[] }>('authenticators'), 200, 'no list');
    for (const { id, state } of this.#all) {
      const found = authenticators.filter((one) => one.id === id);
      demand(found.length === (state === 'finished' ? 1 : 0), `a source that was ${state} is there ${found.length} times`);
      demand(
        found.every((one) => one.state === 'active' && one.kind === 'hotp'),
        'a source that was proved is not active',
      );
    }
    // Its seed is there too, and the code that proved it is burned.
    const page = await this.#arena.signIn(this.#visitor);
    const type = (counter: number) => page.call('codeStep', { headers: fromSomewhere(), body: { code: hotp(last.seed, counter, FORM) } });
    demand(codeOf(await type(0)) === 'code.wrong', 'the proving code was good again');
    must(await type(1), 200, 'the next code was not good');
  }

  checkTrail(rows: readonly AuditRow[]): void {
    const count = (event: string, { id }: Enrollment): number =>
      rows.filter((row) => row.event === event && row.subjectId === id && row.outcome === 'done').length;
    for (const one of this.#all) {
      demand(count('authenticator.added', one) === 1, 'a source that was proved was not recorded once');
      demand(count('authenticator.removed', one) === (one.state === 'removed' ? 1 : 0), 'a removal was not recorded once');
    }
  }
}

export const enrollment: Scenario = {
  name: 'code enrollment',
  prepare: async (arena, count) => (await arena.visitors(count, 'full')).map((visitor) => new Enroller(arena, visitor)),
};
