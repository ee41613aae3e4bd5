/** The security page: what a person sees and changes of their own ways to sign in. */
import type { Outcome } from '../../contract/errors.ts';
import type { CodeEnrollment, SpareCodes } from '../../contract/http/codes.ts';
import type { Authenticator, Session } from '../../contract/http/shapes.ts';
import type { RemovalWipe } from '../../contract/http/sync.ts';
import type { Failed } from '../ui/failed.ts';
import { language } from '../ui/messages/language.svelte.ts';
import { toasts } from '../ui/toasts.svelte.ts';
import { inOrder, isWorkingWay } from '../ui/working-ways.ts';
import { call } from './api.ts';
import { Prover } from './prover.svelte.ts';
import { type SignInWay, signInWays } from './sign-in-ways.ts';
import { enrollKey } from './webauthn.ts';

export type SecurityView = 'opening' | 'failed' | 'enroll' | 'enrolled' | 'list' | 'sheet';

export type SecurityDialog =
  | { readonly kind: 'add' }
  | { readonly kind: 'add-key' }
  | { readonly kind: 'add-codes' }
  | { readonly kind: 'spare-codes' }
  | { readonly kind: 'rename'; readonly authenticator: Authenticator }
  | { readonly kind: 'remove'; readonly authenticator: Authenticator }
  | { readonly kind: 'pairing' };

/** What the page may do besides talking to the backend. */
export interface Surroundings {
  readonly challengeId: string | null;
  readonly go: (address: string) => void;
}

export class Security {
  view = $state<SecurityView>('opening');
  session = $state.raw<Session | null>(null);
  authenticators = $state.raw<readonly Authenticator[]>([]);
  dialog = $state.raw<SecurityDialog | null>(null);
  /** Belongs to the page as a whole; dialogs keep their own. */
  failed = $state.raw<Failed | null>(null);
  /** Whether the second step is asked for again, over whatever is open. */
  proving = $state(false);
  /** The person said "this wasn't me": no computer is asked until requests are opened again. */
  approvalsStopped = $state(false);
  /** The sheet that was just made, shown once; and when the one before it was made. */
  sheet = $state.raw<{ readonly made: SpareCodes; readonly before: string | null } | null>(null);
  busy = $state(false);
  enrolled = $state.raw<Authenticator | null>(null);
  readonly prover: Prover;
  #proved: ((sure: boolean) => void) | null = null;
  readonly #around: Surroundings;

  constructor(around: Surroundings) {
    this.#around = around;
    this.prover = new Prover({ challengeId: null, onproved: () => this.#settle(true), onfailed: (failed) => void this.#away(failed) });
  }

  /** Ways that work now. */
  get working(): readonly Authenticator[] {
    return this.authenticators.filter((one) => isWorkingWay(one, !this.approvalsStopped));
  }

  async open(): Promise<void> {
    this.failed = null;
    const answer = await call('session', undefined);
    if (!answer.ok) {
      this.#fail(answer);
      this.view = 'failed';
      return;
    }
    this.session = answer.value;
    if (answer.value.state === 'enrolling') this.view = 'enroll';
    else if (answer.value.state === 'full') await this.#openList();
    else if (!(await this.#isFullApartFromRequest())) this.#around.go(this.signInAddress);
  }

  /** While a service waits, a full session is described as one that misses the second step; the list tells. */
  async #isFullApartFromRequest(): Promise<boolean> {
    if (this.session?.state !== 'password' || this.session.service === null) return false;
    const list = await call('authenticators', undefined);
    if (!list.ok) return false;
    this.#take(list.value);
    this.view = 'list';
    return true;
  }

  async #openList(): Promise<void> {
    const failed = await this.refresh();
    this.failed = failed;
    this.view = failed === null ? 'list' : 'failed';
  }

  /** Reads the list again. @returns what went wrong, or null */
  async refresh(): Promise<Failed | null> {
    const list = await call('authenticators', undefined);
    if (!list.ok) return this.#away(list);
    this.#take(list.value);
    return null;
  }

  #take(list: { authenticators: readonly Authenticator[]; approvalsStopped?: boolean }): void {
    this.authenticators = inOrder(list.authenticators);
    this.approvalsStopped = list.approvalsStopped ?? false;
  }

  /** The sheet of spare codes, or null. */
  get spareCodes(): Authenticator | null {
    return this.authenticators.find(({ kind, state }) => kind === 'recovery-codes' && state === 'active') ?? null;
  }

  get signInAddress(): string {
    const { challengeId } = this.#around;
    return challengeId === null ? '/sign-in' : `/sign-in?${new URLSearchParams({ challenge: challengeId })}`;
  }

  /** Somebody who is still on the way to a service stays on that way. */
  get #wayBack(): string {
    return this.view === 'enroll' ? this.signInAddress : '/sign-in';
  }

  /** Makes a credential on a key and gives it its name. */
  async addKey(name: string): Promise<Failed | null> {
    const begun = await this.#sure(() => call('registrationOptions', {}));
    if (!begun.ok) return this.#away(begun);
    const made = await enrollKey(begun.value.options);
    if (!made.ok) return made;
    const { ceremonyId } = begun.value;
    const done = await call('registration', { ceremonyId, name, credential: made.value });
    if (!done.ok) return this.#away(done);
    await this.#added(done.value.authenticator);
    return null;
  }

  async #added(authenticator: Authenticator): Promise<void> {
    if (this.view !== 'enroll') {
      await this.refresh();
      const say = language.say.web;
      toasts.say((authenticator.kind === 'security-key' ? say.security.added : say.codes.added)({ name: authenticator.name }));
      return;
    }
    const answer = await call('session', undefined);
    if (answer.ok) this.session = answer.value;
    this.enrolled = authenticator;
    this.view = 'enrolled';
  }

  async rename(authenticator: Authenticator, name: string): Promise<Failed | null> {
    const answer = await this.#sure(() => call('changeAuthenticator', { name }, { id: authenticator.id }));
    if (!answer.ok) return this.#away(answer);
    await this.refresh();
    toasts.say(language.say.ways.renamed({ name }));
    return null;
  }

  async prefer(authenticator: Authenticator): Promise<void> {
    this.failed = null;
    const answer = await this.#sure(() => call('changeAuthenticator', { preferred: true }, { id: authenticator.id }));
    if (!answer.ok) {
      this.#fail(this.#away(answer));
      return;
    }
    await this.refresh();
    toasts.say(language.say.ways.preferred({ name: authenticator.name }));
  }

  /** @param wipe how much a removed computer forgets at its next contact */
  async remove(authenticator: Authenticator, wipe: RemovalWipe | null = null): Promise<Failed | null> {
    const query = wipe === null ? {} : { query: { wipe } };
    const answer = await this.#sure(() => call('removeAuthenticator', undefined, { id: authenticator.id, ...query }));
    if (!answer.ok) return this.#away(answer);
    await this.refresh();
    toasts.say(language.say.ways.removed({ name: authenticator.name }));
    return null;
  }

  /** A new code for the app on some computer. */
  async pairingCode(): Promise<Outcome<{ code: string; expiresAt: string }>> {
    return this.#sure(() => call('pairingCode', {}));
  }

  async signOut(): Promise<void> {
    const answer = await call('signOut', undefined);
    if (answer.ok) this.#around.go(this.#wayBack);
    else this.#fail(answer);
  }

  /** A seed of a new source of codes; it opens nothing until one code is proved. */
  async beginCodes(kind: 'totp' | 'hotp'): Promise<Outcome<CodeEnrollment>> {
    return this.#awayUnless(await this.#sure(() => call('codeEnrollment', { kind })));
  }

  async finishCodes(enrollmentId: string, code: string, name: string): Promise<Failed | null> {
    const done = await this.#sure(() => call('finishCodeEnrollment', { code, name }, { id: enrollmentId }));
    if (!done.ok) return this.#away(done);
    await this.#added(done.value.authenticator);
    return null;
  }

  /** Makes a new sheet and shows it. The one before stops working. */
  async makeSpareCodes(): Promise<Failed | null> {
    const before = this.spareCodes?.addedAt ?? null;
    const made = await this.#sure(() => call('spareCodes', {}));
    if (!made.ok) return this.#away(made);
    this.sheet = { made: made.value, before };
    this.dialog = null;
    this.view = 'sheet';
    return null;
  }

  /** The sheet is printed or written down: it is not shown again. */
  async putSheetAway(): Promise<void> {
    this.sheet = null;
    await this.#openList();
  }

  /** Opens requests again after "this wasn't me". */
  async resumeApprovals(): Promise<void> {
    if (this.busy) return;
    this.busy = true;
    this.failed = null;
    const answer = await this.#sure(() => call('resumeApprovals', {}));
    this.busy = false;
    if (!answer.ok) {
      this.#fail(this.#away(answer));
      return;
    }
    await this.refresh();
    toasts.say(language.say.web.security.resumed);
  }

  stopProving(): void {
    this.prover.reset();
    this.#settle(false);
  }

  #settle(sure: boolean): void {
    this.proving = false;
    this.#proved?.(sure);
    this.#proved = null;
  }

  /** Does it; where the backend wants a fresh second step, or that of a key, asks for that and does it again. */
  async #sure<T>(action: () => Promise<Outcome<T>>): Promise<Outcome<T>> {
    const first = await action();
    if (first.ok || (first.code !== 'session.stale' && first.code !== 'approvals.want-key')) return first;
    const keyOnly = first.code === 'approvals.want-key';
    const ways = this.#provingWays.filter((way) => !keyOnly || way === 'security-key');
    if (ways.length === 0) return first;
    this.prover.reset();
    this.prover.offer(ways);
    const sure = await new Promise<boolean>((resolve) => {
      this.#proved = resolve;
      this.proving = true;
    });
    return sure ? action() : { ok: false, code: 'token.canceled', detail: {} };
  }

  get #provingWays(): readonly SignInWay[] {
    const there = this.authenticators.filter(({ kind, state }) => state === 'active' && (kind !== 'desktop' || !this.approvalsStopped));
    if (there.length === 0) return signInWays(this.session?.ways ?? [], this.session?.preferred ?? null);
    return signInWays(
      there.map(({ kind }) => kind),
      there.find(({ preferred }) => preferred)?.kind ?? null,
    );
  }

  #awayUnless<T>(outcome: Outcome<T>): Outcome<T> {
    if (!outcome.ok) this.#away(outcome);
    return outcome;
  }

  /** A session that is over leads to the sign-in page. */
  #away(failed: Failed): Failed {
    if (failed.code === 'session.missing' || failed.code === 'session.second-step-missing') this.#around.go(this.#wayBack);
    return failed;
  }

  #fail(failed: Failed): void {
    this.failed = failed.code === 'token.canceled' ? null : { code: failed.code, detail: failed.detail };
  }
}
