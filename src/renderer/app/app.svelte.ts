/** All that the desktop window knows, and what the person is doing with it. */
import type { CodeEntry } from '../../contract/codes.ts';
import type { Authenticator, WaitingChallenge } from '../../contract/http/shapes.ts';
import type { PasskeySummary, PromptAnswer, TokenSummary } from '../../contract/tokens.ts';
import { language } from '../ui/messages/language.svelte.ts';
import { toasts } from '../ui/toasts.svelte.ts';
import { inOrder, isWorkingWay } from '../ui/working-ways.ts';
import { CODES, Codes } from './codes/codes.svelte.ts';
import { MainLink } from './main-link.svelte.ts';

export const SCREENS = ['home', 'codes', 'keys', 'settings'] as const;
export type Screen = (typeof SCREENS)[number];
/** What there is without a backend: the codes of sites, and Home, which connects. */
const ALONE: readonly Screen[] = ['home', 'codes', 'settings'];

/** What a dialog is about. Prompts of the token process are not here: they come with the state. */
export type AppDialog =
  | { readonly kind: 'add-key'; readonly tokenId: string }
  | { readonly kind: 'wipe'; readonly tokenId: string }
  | { readonly kind: 'passkeys'; readonly tokenId: string }
  | { readonly kind: 'rename'; readonly authenticator: Authenticator }
  | { readonly kind: 'remove'; readonly authenticator: Authenticator }
  | { readonly kind: 'disconnect' }
  | { readonly kind: 'add-code' }
  | { readonly kind: 'own-codes' }
  | { readonly kind: 'rename-code'; readonly entry: CodeEntry }
  | { readonly kind: 'remove-code'; readonly entry: CodeEntry }
  | { readonly kind: 'guard-pin' }
  | { readonly kind: 'guard-key' }
  | { readonly kind: 'export' }
  | { readonly kind: 'import' };

/** What is being done to one of the sign-ins that are kept on a key. */
export type PasskeyStep = { readonly kind: 'rename' | 'remove'; readonly passkey: PasskeySummary };

export class App extends MainLink {
  /** Where the person went last. */
  #screen = $state<Screen>('home');
  dialog = $state.raw<AppDialog | null>(null);
  /** Requests that ended while they were being answered, until they are dealt with. */
  over = $state.raw<readonly WaitingChallenge[]>([]);
  /** What the key of the open 'passkeys' dialog keeps. */
  passkeys = $state.raw<readonly PasskeySummary[]>([]);
  passkeyStep = $state.raw<PasskeyStep | null>(null);
  readonly codes = new Codes(this);
  /** The last wish of a menu of the system that was followed. */
  #followed = 0;

  /** Goes where a menu of the system sent the person, once for each wish. */
  follow(): void {
    const wish = this.state?.goTo;
    if (wish === undefined || wish.number === this.#followed) return;
    this.#followed = wish.number;
    this.#screen = wish.screen;
  }

  go(screen: Screen): void {
    this.#screen = screen;
  }

  get isPaired(): boolean {
    return this.state?.pairing.state === 'paired';
  }

  /** The screens that there are now. */
  get screens(): readonly Screen[] {
    return this.isPaired ? SCREENS : ALONE;
  }

  /** The one that is on show. */
  get screen(): Screen {
    return this.screens.includes(this.#screen) ? this.#screen : 'home';
  }

  /** All that the person has to sign in with, also what is stopped. */
  get ways(): readonly Authenticator[] {
    return inOrder(this.state?.authenticators ?? []).filter((one) => one.state !== 'removed');
  }

  /** Whether computers may approve now. */
  get desktopsApprove(): boolean {
    const { approvals, approvalsStopped } = this.state?.policy ?? { approvals: false, approvalsStopped: false };
    return approvals && !approvalsStopped;
  }

  /** Ways that work now. */
  get working(): readonly Authenticator[] {
    return this.ways.filter((one) => isWorkingWay(one, this.desktopsApprove));
  }

  get keys(): readonly Authenticator[] {
    return this.ways.filter((one) => one.kind === 'security-key');
  }

  /** What stands where a code is not there yet. */
  get codeWait(): string {
    const { keychain } = this.state ?? { keychain: 'checking' };
    if (keychain !== 'ready' && keychain !== 'checking') return language.say.codes.closed;
    return this.fault(CODES) === null ? language.say.ui.opening : language.say.codes.notRead;
  }

  token(tokenId: string): TokenSummary | null {
    return this.state?.tokens.find((token) => token.id === tokenId) ?? null;
  }

  /** The person's key that this token is, where the token says so. */
  keyOf(tokenId: string): Authenticator | null {
    const id = this.state?.recognized[tokenId];
    return this.keys.find((key) => key.id === id) ?? null;
  }

  /** Ids of the person's keys that are plugged in, as far as that is known. */
  get pluggedIn(): ReadonlySet<string> {
    return new Set(Object.values(this.state?.recognized ?? {}));
  }

  /** What to call a plugged-in token: the person's own name for it, else what it says of itself. */
  nameOf(tokenId: string): string {
    const token = this.token(tokenId);
    const own = this.keyOf(tokenId)?.name ?? token?.product ?? '';
    return own === '' ? language.say.app.keys.unnamed : own;
  }

  async enroll(tokenId: string, name: string): Promise<boolean> {
    const done = await this.ask(`token:${tokenId}`, 'key.enroll', { tokenId, name });
    if (done === null) return false;
    toasts.say(language.say.app.keys.added({ name }));
    return true;
  }

  async try(tokenId: string): Promise<void> {
    const done = await this.ask(`token:${tokenId}`, 'key.try', { tokenId });
    if (done === null) return;
    const { name } = done.value;
    toasts.say(language.say.app.keys.works({ name }));
  }

  async changePin(tokenId: string, how: 'key.set-pin' | 'key.change-pin'): Promise<void> {
    const done = await this.ask(`token:${tokenId}`, how, { tokenId });
    if (done === null) return;
    toasts.say(how === 'key.set-pin' ? language.say.app.keys.pinIsSet : language.say.app.keys.pinIsChanged);
  }

  async wipe(tokenId: string): Promise<void> {
    const done = await this.ask(`token:${tokenId}`, 'key.reset', { tokenId });
    if (done === null) return;
    toasts.say(language.say.app.keys.wiped);
  }

  async wink(tokenId: string): Promise<void> {
    if ((await this.ask(`token:${tokenId}`, 'key.wink', { tokenId })) !== null) toasts.say(language.say.app.keys.winked);
  }

  /** Reads what is kept on a key, which wants its PIN, then shows it. */
  async seePasskeys(tokenId: string): Promise<void> {
    const done = await this.ask(`token:${tokenId}`, 'key.passkeys', { tokenId });
    if (done === null) return;
    this.passkeys = done.value;
    this.passkeyStep = null;
    this.dialog = { kind: 'passkeys', tokenId };
  }

  async removePasskey(tokenId: string, passkey: PasskeySummary): Promise<void> {
    const { credentialId } = passkey;
    const done = await this.ask(`passkeys:${tokenId}`, 'key.delete-passkey', { tokenId, credentialId });
    if (done === null) return;
    this.passkeys = this.passkeys.filter((one) => one.credentialId !== credentialId);
    this.passkeyStep = null;
    toasts.say(language.say.app.passkeys.removed);
  }

  async renamePasskey(tokenId: string, passkey: PasskeySummary, userName: string, userDisplayName: string): Promise<void> {
    const { credentialId, userId } = passkey;
    const request = { tokenId, credentialId, userId, userName, userDisplayName };
    const done = await this.ask(`passkeys:${tokenId}`, 'key.rename-passkey', request);
    if (done === null) return;
    this.passkeys = this.passkeys.map((one) => (one.credentialId === credentialId ? { ...one, userName, userDisplayName } : one));
    this.passkeyStep = null;
    toasts.say(language.say.app.passkeys.renamed);
  }

  async rename(authenticator: Authenticator, name: string): Promise<boolean> {
    const done = await this.ask('rename', 'authenticator.rename', { id: authenticator.id, name });
    if (done !== null) toasts.say(language.say.ways.renamed({ name }));
    return done !== null;
  }

  async prefer(authenticator: Authenticator): Promise<void> {
    const done = await this.ask('authenticator', 'authenticator.prefer', { id: authenticator.id });
    if (done !== null) toasts.say(language.say.ways.preferred({ name: authenticator.name }));
  }

  async remove(authenticator: Authenticator): Promise<boolean> {
    const done = await this.ask('remove', 'authenticator.remove', { id: authenticator.id });
    if (done !== null) toasts.say(language.say.ways.removed({ name: authenticator.name }));
    return done !== null;
  }

  async disconnect(): Promise<void> {
    const done = await this.ask('disconnect', 'pairing.disconnect', {});
    if (done === null) return;
    this.dialog = null;
    this.#screen = 'home';
    toasts.say(language.say.app.settings.disconnected);
  }

  async answerChallenge(challenge: WaitingChallenge): Promise<void> {
    const place = `challenge:${challenge.id}`;
    const done = await this.ask(place, 'challenge.answer', { id: challenge.id });
    if (done !== null) toasts.say(language.say.app.home.answered({ service: challenge.serviceName }));
    else this.#noteOver(challenge, place);
  }

  async denyChallenge(challenge: WaitingChallenge): Promise<void> {
    const place = `challenge:${challenge.id}`;
    const done = await this.ask(place, 'approval.deny', { id: challenge.id });
    if (done !== null) toasts.say(language.say.app.home.denied({ service: challenge.serviceName }));
    else this.#noteOver(challenge, place);
  }

  #noteOver(challenge: WaitingChallenge, place: string): void {
    const code = this.fault(place)?.code;
    if (code !== 'challenge.ended' && code !== 'challenge.not-found') return;
    this.clearFault(place);
    this.over = [...this.over.filter((one) => one.id !== challenge.id), challenge];
  }

  dismissOver(id: string): void {
    this.over = this.over.filter((one) => one.id !== id);
  }

  /** Answers the prompt that is open, if it still is the one that was seen. */
  async answerPrompt(promptId: number, answer: PromptAnswer): Promise<void> {
    await this.ask('prompt', 'prompt.answer', { promptId, answer });
  }
}
