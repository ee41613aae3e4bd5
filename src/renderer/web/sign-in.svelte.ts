/** Signing in: password, then a second step. One model, so that the screens only draw. */
import type { Session } from '../../contract/http/shapes.ts';
import type { Failed } from '../ui/failed.ts';
import { call } from './api.ts';
import { Prover } from './prover.svelte.ts';
import { signInWays } from './sign-in-ways.ts';

export type SignInView = 'opening' | 'failed' | 'password' | 'second' | 'ended' | 'done';

export class SignIn {
  view = $state<SignInView>('opening');
  session = $state.raw<Session | null>(null);
  failed = $state.raw<Failed | null>(null);
  busy = $state(false);
  readonly prover: Prover;
  readonly #challengeId: string | null;
  readonly #go: (address: string) => void;

  /**
   * @param challengeId the request of a service that the page was opened with
   * @param go leaves the page
   */
  constructor(challengeId: string | null, go: (address: string) => void) {
    this.#challengeId = challengeId;
    this.#go = go;
    this.prover = new Prover({
      challengeId,
      onproved: (session) => this.#enter(session),
      onfailed: (failed) => void this.#notProved(failed),
    });
  }

  async open(): Promise<void> {
    this.view = 'opening';
    this.failed = null;
    const query = this.#challengeId === null ? {} : { query: { challenge: this.#challengeId } };
    const answer = await call('session', undefined, query);
    if (!answer.ok) {
      this.#fail(answer, 'failed');
      return;
    }
    this.#enter(answer.value);
    // A request that nobody can answer any more, opened by somebody who is signed in already.
    if (answer.value.state === 'full' && this.#challengeId !== null && answer.value.returnTo === null) this.view = 'ended';
  }

  async givePassword(username: string, password: string): Promise<void> {
    if (this.busy) return;
    this.#begin();
    const challenge = this.#challengeId === null ? {} : { challengeId: this.#challengeId };
    const answer = await call('passwordStep', { username, password, ...challenge });
    this.busy = false;
    if (answer.ok) this.#enter(answer.value);
    else this.#fail(answer, 'password');
  }

  /** The step itself shows what went wrong; here is what ends it. */
  async #notProved(failed: Failed): Promise<void> {
    if (failed.code === 'session.missing') {
      await this.open();
      this.#fail(failed, this.view);
    } else if (this.#isOver(failed)) {
      this.#fail(failed, 'ended');
    }
  }

  /** Somebody else's name stands there: forget it and begin again. */
  async startOver(): Promise<void> {
    this.prover.reset();
    await call('signOut', undefined);
    await this.open();
  }

  #begin(): void {
    this.busy = true;
    this.failed = null;
  }

  #enter(session: Session): void {
    this.session = session;
    if (session.state === 'none') this.view = 'password';
    else if (session.state === 'password') this.#askSecond(session);
    else if (session.state === 'enrolling') this.#leave(this.#withRequest('/security'));
    else if (session.returnTo !== null) this.#leave(session.returnTo);
    else if (this.#challengeId === null) this.#leave('/security');
    else this.view = 'done';
  }

  #askSecond(session: Session): void {
    this.prover.offer(signInWays(session.ways, session.preferred));
    this.view = 'second';
  }

  #withRequest(path: string): string {
    return this.#challengeId === null ? path : `${path}?${new URLSearchParams({ challenge: this.#challengeId })}`;
  }

  #leave(address: string): void {
    this.view = 'done';
    this.#go(address);
  }

  #fail(failed: Failed, view: SignInView): void {
    this.failed = { code: failed.code, detail: failed.detail };
    this.view = this.#isOver(failed) ? 'ended' : view;
  }

  /** An address with half a request in it is as good as one whose request has ended. */
  #isOver({ code }: Failed): boolean {
    return code === 'challenge.ended' || code === 'challenge.not-found' || (code === 'request.malformed' && this.#challengeId !== null);
  }
}
