/** Requests are made at the page, approved at the desktop, and redeemed, one after the other. */
import type { AuditRow } from '../../../src/backend/domain/audit.ts';
import type { ApprovalRequest, ApprovalStatus } from '../../../src/contract/http/approvals.ts';
import type { Session } from '../../../src/contract/http/shapes.ts';
import type { Visitor } from './arena.ts';
import { type Actor, codeOf, demand, Flight, must, type Scenario } from './scenario.ts';

type Phase = 'asking' | 'asked' | 'approving' | 'approved' | 'redeeming' | 'redeemed';

class Approver implements Actor {
  readonly flight = new Flight();
  readonly #visitor: Visitor;
  #phase: Phase = 'redeemed';
  #request: ApprovalRequest | null = null;
  readonly #done: string[] = [];

  constructor(visitor: Visitor) {
    this.#visitor = visitor;
  }

  async act(): Promise<void> {
    const { browser } = this.#visitor;
    this.#phase = 'asking';
    this.#request = null;
    const request = must(await this.flight.of(browser.call<ApprovalRequest>('beginApproval', { body: {} })), 201, 'the page could not ask');
    this.#request = request;
    this.#phase = 'asked';
    this.#phase = 'approving';
    must(await this.flight.of(this.#visitor.desktop.approve(request, request.number)), 204, 'the desktop could not approve');
    this.#phase = 'approved';
    this.#phase = 'redeeming';
    must(await this.flight.of(this.#finish(request)), 200, 'the page could not redeem');
    this.#phase = 'redeemed';
    this.#done.push(request.id);
  }

  #finish({ id }: ApprovalRequest) {
    return this.#visitor.browser.call<Session>('finishApproval', { params: { id } });
  }

  async check(): Promise<void> {
    const { browser, desktop } = this.#visitor;
    const request = this.#request;
    // Every redeemed one stays redeemed.
    for (const id of this.#done.slice(-2)) {
      const code = codeOf(await browser.call('finishApproval', { params: { id } }));
      demand(code === 'challenge.ended' || code === 'session.missing', `a redeemed approval: ${code}`);
    }
    if (request === null || this.#phase === 'redeemed') return;
    if (this.#phase === 'redeeming' && (await browser.call('session')).status === 200) {
      const finished = await this.#finish(request);
      // The new token never arrived where it had happened: then the old one is dead.
      demand(finished.status === 200 || codeOf(finished) === 'session.missing', `a redemption that was under way: ${codeOf(finished)}`);
      if (finished.status === 200) demand(codeOf(await this.#finish(request)) === 'challenge.ended', 'an approval was redeemed twice');
      this.#done.push(request.id);
      return;
    }
    const { state } = must(await browser.call<ApprovalStatus>('approval', { params: { id: request.id } }), 200, 'a request was lost');
    demand(this.#phase !== 'asked' || state === 'pending', `a request that was asked is ${state}`);
    demand(state === 'pending' || state === 'approved', `a request that was ${this.#phase} is ${state}`);
    if (state === 'pending') must(await desktop.approve(request, request.number), 204, 'the number does not fit any more');
    demand(codeOf(await desktop.approve(request, request.number)) === 'challenge.ended', 'a request was approved twice');
    must(await this.#finish(request), 200, 'an approval could not be redeemed');
    demand(codeOf(await this.#finish(request)) === 'challenge.ended', 'an approval was redeemed twice');
    this.#done.push(request.id);
  }

  checkTrail(rows: readonly AuditRow[]): void {
    const { personId } = this.#visitor;
    const count = (event: string, subjectId: string): number =>
      rows.filter((row) => row.event === event && row.subjectId === subjectId && row.outcome === 'done').length;
    for (const id of this.#done) {
      demand(count('challenge.created', id) === 1 && count('challenge.approved', id) === 1, 'an approval was not recorded once');
    }
    const steps = rows.filter((row) => row.personId === personId && row.event === 'session.second-step' && row.outcome === 'done');
    demand(steps.length === this.#done.length, `${this.#done.length} redemptions left ${steps.length} records`);
  }
}

export const approval: Scenario = {
  name: 'approval',
  prepare: async (arena, count) => (await arena.visitors(count, 'password')).map((visitor) => new Approver(visitor)),
};
