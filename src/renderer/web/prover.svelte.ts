/** The second step, by whichever way: for signing in, and again for a change that wants it fresh. */
import type { Outcome } from '../../contract/errors.ts';
import type { Session } from '../../contract/http/shapes.ts';
import type { Failed } from '../ui/failed.ts';
import { call } from './api.ts';
import { NumberRequest } from './number-request.svelte.ts';
import { firstWay, type SignInWay } from './sign-in-ways.ts';
import { canUseKeys, stopAskingKey, useKey } from './webauthn.ts';

export interface ProverSurroundings {
  /** The request of a service that it is for. */
  readonly challengeId: string | null;
  onproved(session: Session): void;
  /** What went wrong, apart from what the person stopped; it stands in `failed` too. */
  onfailed(failed: Failed): void;
}

export class Prover {
  ways = $state.raw<readonly SignInWay[]>([]);
  way = $state<SignInWay | null>(null);
  failed = $state.raw<Failed | null>(null);
  busy = $state(false);
  readonly number: NumberRequest;
  readonly #around: ProverSurroundings;
  /** Counts the tries, so that one that was let go says nothing any more. */
  #attempt = 0;

  constructor(around: ProverSurroundings) {
    this.#around = around;
    this.number = new NumberRequest({
      onproved: (session) => around.onproved(session),
      onfailed: (failed) => around.onfailed(failed),
    });
  }

  /** Says which ways there are, the first choice first. The way that is open stays open where it is still there. */
  offer(ways: readonly SignInWay[]): void {
    this.ways = ways;
    if (this.way === null || !ways.includes(this.way)) this.way = firstWay(ways, canUseKeys());
  }

  get otherWays(): readonly SignInWay[] {
    return this.ways.filter((way) => way !== this.way);
  }

  /** A key that is waited for is let go; an answer that is on its way already is waited for. */
  choose(way: SignInWay): void {
    if (this.busy && this.way !== 'security-key') return;
    this.#letGo();
    this.failed = null;
    this.way = way;
  }

  /** Forgets what was begun. */
  reset(): void {
    this.number.leave();
    this.#letGo();
    this.failed = null;
    this.way = null;
  }

  async askDesktop(): Promise<void> {
    await this.number.begin(this.#around.challengeId);
  }

  async showKey(): Promise<void> {
    await this.#prove(async () => {
      const begun = await call('assertionOptions', this.#request);
      if (!begun.ok) return begun;
      const shown = await useKey(begun.value.options);
      if (!shown.ok) return shown;
      return call('assertionStep', { ceremonyId: begun.value.ceremonyId, credential: shown.value });
    });
  }

  async giveCode(code: string): Promise<void> {
    await this.#prove(() => call('codeStep', { code, ...this.#request }));
  }

  async giveSpareCode(code: string): Promise<void> {
    await this.#prove(() => call('spareCodeStep', { code, ...this.#request }));
  }

  get #request(): { challengeId?: string } {
    return this.#around.challengeId === null ? {} : { challengeId: this.#around.challengeId };
  }

  #letGo(): void {
    if (!this.busy) return;
    this.#attempt += 1;
    this.busy = false;
    stopAskingKey();
  }

  async #prove(step: () => Promise<Outcome<Session>>): Promise<void> {
    if (this.busy) return;
    this.#attempt += 1;
    const attempt = this.#attempt;
    this.busy = true;
    this.failed = null;
    const answer = await step();
    if (attempt !== this.#attempt) return;
    this.busy = false;
    if (answer.ok) this.#around.onproved(answer.value);
    else if (answer.code !== 'token.canceled') {
      this.failed = { code: answer.code, detail: answer.detail };
      this.#around.onfailed(this.failed);
    }
  }
}
