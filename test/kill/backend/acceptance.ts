/** Codes are typed, one counter after the other. */
import type { AuditRow } from '../../../src/backend/domain/audit.ts';
import type { Session } from '../../../src/contract/http/shapes.ts';
import { hotp } from '../../../src/oath/hotp.ts';
import type { Browser } from '../../support/backend.ts';
import { type Arena, fromSomewhere, type Visitor } from './arena.ts';
import { type Actor, codeOf, demand, Flight, must, type Scenario } from './scenario.ts';

const FORM = { algorithm: 'SHA1', digits: 6 } as const;

class Typist implements Actor {
  readonly flight = new Flight();
  readonly #arena: Arena;
  readonly #visitor: Visitor;
  /** The next counter that was not acknowledged. */
  #next = 0;

  constructor(arena: Arena, visitor: Visitor) {
    this.#arena = arena;
    this.#visitor = visitor;
  }

  #type(page: Browser, counter: number) {
    return page.call<Session>('codeStep', { headers: fromSomewhere(), body: { code: hotp(this.#visitor.hotp.seed, counter, FORM) } });
  }

  async act(): Promise<void> {
    const session = must(await this.flight.of(this.#type(this.#visitor.browser, this.#next)), 200, 'a code was not good');
    demand(session.state === 'full', `the session is ${session.state}`);
    this.#next += 1;
  }

  async check(): Promise<void> {
    const page = await this.#arena.signIn(this.#visitor);
    if (this.#next > 0) demand(codeOf(await this.#type(page, this.#next - 1)) === 'code.wrong', 'a code that was accepted was good again');
    // What was under way happened or did not; either way it is good once in all.
    const underWay = await this.#type(page, this.#next);
    demand(
      underWay.status === 200 || codeOf(underWay) === 'code.wrong',
      `a code that was under way: ${underWay.status} ${codeOf(underWay)}`,
    );
    demand(codeOf(await this.#type(page, this.#next)) === 'code.wrong', 'a code that was under way was good twice');
    must(await this.#type(page, this.#next + 1), 200, 'the next code was not good');
    this.#next += 2;
  }

  checkTrail(rows: readonly AuditRow[]): void {
    const own = rows.filter(
      (row) => row.personId === this.#visitor.personId && row.event === 'session.second-step' && row.outcome === 'done',
    );
    demand(own.length === this.#next, `${this.#next} codes were good and left ${own.length} records`);
  }
}

export const acceptance: Scenario = {
  name: 'code acceptance',
  prepare: async (arena, count) => (await arena.visitors(count, 'password')).map((visitor) => new Typist(arena, visitor)),
};
