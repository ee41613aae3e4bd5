import type { ErrorCode } from '../../src/contract/errors.ts';
import type { FromTokenProcess, PromptAnswer, TokenCall, TokenCalls, TokenSummary, ToTokenProcess } from '../../src/contract/tokens.ts';
import { type DeviceSource, startTokenService, type TokenService } from '../../src/device/index.ts';

export type Outcome<C extends TokenCall> =
  | { readonly ok: true; readonly value: TokenCalls[C]['answer'] }
  | { readonly ok: false; readonly code: ErrorCode };

/** Doorstep's own host, through the door that the app uses: calls in, prompts answered, outcomes out. */
export class Ladder {
  /** What is typed where a PIN is asked for, old or new. */
  pin = '';
  tokens: readonly TokenSummary[] = [];
  /** Called when a prompt for a PIN comes up, just before it is answered. */
  onPinAsked: () => void = () => {};
  /** Called when the person is to pull the token out, and when to plug it in again. */
  onReplug: (step: 'pull-out' | 'plug-in') => void = () => {};
  readonly #service: TokenService;
  readonly #watchers = new Set<() => void>();
  readonly #calls = new Map<number, (outcome: Outcome<TokenCall>) => void>();
  #send: (message: ToTokenProcess) => void = () => {};
  #next = 1;

  constructor(...sources: DeviceSource[]) {
    this.#service = startTokenService({
      sources,
      port: {
        post: (message) => this.#take(message),
        onMessage: (listener) => {
          this.#send = listener;
        },
      },
    });
  }

  call<C extends TokenCall>(call: C, request: TokenCalls[C]['request']): Promise<Outcome<C>> {
    const id = this.#next;
    this.#next += 1;
    return new Promise((resolve) => {
      this.#calls.set(id, resolve as (outcome: Outcome<TokenCall>) => void);
      this.#send({ kind: 'call', id, call, request });
    });
  }

  /** The answer of a call, or a failed test. */
  async answer<C extends TokenCall>(call: C, request: TokenCalls[C]['request']): Promise<TokenCalls[C]['answer']> {
    const outcome = await this.call(call, request);
    if (!outcome.ok) throw new Error(`${call} failed with ${outcome.code}`);
    return outcome.value;
  }

  /** Resolves with the tokens once `wanted` holds for them. */
  async until(wanted: (tokens: readonly TokenSummary[]) => boolean, timeoutMs = 20_000): Promise<readonly TokenSummary[]> {
    if (wanted(this.tokens)) return this.tokens;
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => end(() => reject(new Error(`the tokens stayed ${JSON.stringify(this.tokens)}`))), timeoutMs);
      const end = (finish: () => void): void => {
        clearTimeout(timer);
        this.#watchers.delete(look);
        finish();
      };
      const look = (): void => {
        if (wanted(this.tokens)) end(() => resolve(this.tokens));
      };
      this.#watchers.add(look);
    });
  }

  /** The one token that is plugged in, once its getInfo is read. */
  async ready(): Promise<TokenSummary> {
    const [token] = await this.until((tokens) => tokens[0]?.state.kind === 'ready');
    if (token === undefined) throw new Error('no token is ready');
    return token;
  }

  stop(): Promise<void> {
    return this.#service.stop();
  }

  #take(message: FromTokenProcess): void {
    switch (message.kind) {
      case 'tokens':
        this.tokens = message.tokens;
        for (const watcher of this.#watchers) watcher();
        return;
      case 'prompt': {
        const kind = message.prompt?.kind;
        if (message.prompt?.kind === 'replug') this.onReplug(message.prompt.step);
        if (kind === 'pin' || kind === 'new-pin') {
          this.onPinAsked();
          this.#reply(message.id, { kind, pin: this.pin });
        }
        return;
      }
      case 'done':
        this.#calls.get(message.id)?.(
          message.ok ? { ok: true, value: message.value as TokenCalls[TokenCall]['answer'] } : { ok: false, code: message.code },
        );
        this.#calls.delete(message.id);
        return;
      case 'ready':
        return;
    }
  }

  #reply(id: number, answer: PromptAnswer): void {
    queueMicrotask(() => this.#send({ kind: 'answer', id, answer }));
  }
}
