/** The token process from the inside: answers every `TokenCalls` member over a message port, all failures as data. */
import { DoorstepError, failure } from '../contract/errors.ts';
import type { FromTokenProcess, PromptAnswer, TokenCall, ToTokenProcess } from '../contract/tokens.ts';
import { Background } from './background.ts';
import { timed } from './call-context.ts';
import { CALLS } from './calls.ts';
import { type Clock, pause, systemClock } from './clock.ts';
import type { DeviceSource } from './hid/source.ts';
import { Roster } from './roster.ts';
import type { AnswerTo, Asking, Human, Telling } from './session/human.ts';
import { glanceAtPin } from './session/pin-entry.ts';
import type { SessionToken } from './session/token.ts';

export interface TokenPort {
  post(message: FromTokenProcess): void;
  onMessage(listener: (message: ToTokenProcess) => void): void;
}

export interface TokenServiceOptions {
  readonly port: TokenPort;
  readonly sources: readonly DeviceSource[];
  readonly clock?: Clock;
}

export interface TokenService {
  /** Cancels every call and lets go of every token. */
  stop(): Promise<void>;
}

/** How long a person may take over one question; after that it counts as stopped. */
const ASK_MS = 5 * 60_000;
/** The most that a call may take in all, whatever the person and the token do. */
const CALL_MS = 30 * 60_000;
/** Milliseconds after plugging in. */
const GLANCE_AFTER_MS = 1_500;

/** Starts to look for tokens and to answer calls. Posts `ready`, then the tokens at each change. */
export function startTokenService(options: TokenServiceOptions): TokenService {
  const { port } = options;
  const clock = options.clock ?? systemClock;
  const calls = new Map<number, ActiveCall>();
  const busy = new Set<string>();
  const glancing = new Set<string>();
  const background = new Background();
  const roster = new Roster({
    sources: options.sources,
    clock,
    onChange: (tokens) => port.post({ kind: 'tokens', tokens }),
    onReady: (token) => void glanceLater(token),
  });

  /** Not at once: whoever plugs a token in to use it should not wait for what only the windows show. */
  const glanceLater = async (token: SessionToken) => {
    if (glancing.has(token.id)) return;
    glancing.add(token.id);
    await pause(clock, GLANCE_AFTER_MS, roster.goneSignal(token.id));
    glancing.delete(token.id);
    if (token.retries === null) await aside(token, () => glanceAtPin(token));
  };

  /** What a call has left to be read again, of the tokens that have it. */
  const lookAgain = async (token: SessionToken) => {
    if (token.outdated) await aside(token, () => token.refreshAfter());
    if (token.option('clientPin') === true && token.retries === null) void glanceLater(token);
  };

  const aside = async (token: SessionToken, look: () => Promise<void>) => {
    const gone = roster.goneSignal(token.id);
    const free = () => !gone.aborted && !busy.has(token.id);
    if ((await background.run(token.id, free, look)) !== null) roster.touched();
  };

  const run = async (id: number, call: TokenCall, request: unknown) => {
    if (calls.has(id)) return;
    const active = new ActiveCall(id, port, clock);
    calls.set(id, active);
    // Recognizing concerns a token that is there: nobody waits for another one.
    if (call !== 'recognize') roster.hurry();
    try {
      const answer = Object.hasOwn(CALLS, call) ? CALLS[call] : undefined;
      if (answer === undefined) throw new DoorstepError('request.malformed', { call: String(call) });
      const context = { roster, busy, background, clock, human: active, stopped: active.signal };
      const value = await timed(context, CALL_MS, async (within): Promise<unknown> => answer(request as never, within));
      if (active.signal.aborted) throw active.signal.reason;
      port.post({ kind: 'done', id, ok: true, value });
    } catch (error) {
      // The ladder says "canceled" whenever it was stopped; why it was stopped is known here.
      const { reason, aborted } = active.signal;
      const outcome = failure(aborted && isCanceled(error) ? reason : error);
      if (!outcome.ok) port.post({ kind: 'done', id, ok: false, code: outcome.code, detail: outcome.detail });
    } finally {
      calls.delete(id);
      active.end();
      roster.touched();
      for (const token of roster.ready()) void lookAgain(token);
    }
  };

  const stop = async () => {
    for (const active of calls.values()) active.cancel();
    await roster.stop();
  };

  port.onMessage((message) => {
    switch (message.kind) {
      case 'call':
        void run(message.id, message.call, message.request);
        return;
      case 'answer':
        calls.get(message.id)?.answer(message.answer);
        return;
      case 'cancel':
        calls.get(message.id)?.cancel();
        return;
      case 'stop':
        void stop();
        return;
    }
  });
  port.post({ kind: 'ready' });
  roster.start();
  return { stop };
}

function isCanceled(error: unknown): boolean {
  return error instanceof DoorstepError && error.code === 'token.canceled';
}

/** One call under way: its prompts go out under its number, its answers come back to it. */
class ActiveCall implements Human {
  readonly #id: number;
  readonly #port: TokenPort;
  readonly #clock: Clock;
  readonly #abort = new AbortController();
  #question: { readonly kind: PromptAnswer['kind']; readonly resolve: (answer: PromptAnswer) => void } | null = null;
  #shown = false;

  constructor(id: number, port: TokenPort, clock: Clock) {
    this.#id = id;
    this.#port = port;
    this.#clock = clock;
  }

  get signal(): AbortSignal {
    return this.#abort.signal;
  }

  tell(prompt: Telling | null): void {
    this.#show(prompt);
  }

  async ask<Q extends Asking>(prompt: Q, signal: AbortSignal): Promise<AnswerTo<Q>> {
    const stopped = () => (signal.reason instanceof DoorstepError ? signal.reason : new DoorstepError('token.canceled'));
    if (signal.aborted) throw stopped();
    let settle = () => {};
    try {
      const answer = await new Promise<PromptAnswer>((resolve, reject) => {
        const onAbort = () => reject(stopped());
        signal.addEventListener('abort', onAbort, { once: true });
        const stopTimer = this.#clock.after(ASK_MS, () => reject(new DoorstepError('token.canceled', { reason: 'no-answer' })));
        settle = () => {
          signal.removeEventListener('abort', onAbort);
          stopTimer();
        };
        this.#question = { kind: prompt.kind === 'choose-passkey' ? 'passkey' : prompt.kind, resolve };
        // Last, because the answer may come before this returns.
        this.#show(prompt);
      });
      return answer as AnswerTo<Q>;
    } finally {
      settle();
      this.#question = null;
      this.#show(null);
    }
  }

  /** An answer to a question that is no longer open is passed over. */
  answer(answer: PromptAnswer): void {
    if (answer.kind === 'cancel') this.cancel();
    else if (this.#question?.kind === answer.kind) this.#question.resolve(answer);
  }

  cancel(): void {
    this.#abort.abort(new DoorstepError('token.canceled'));
  }

  end(): void {
    this.#show(null);
  }

  #show(prompt: Telling | Asking | null): void {
    if (prompt === null && !this.#shown) return;
    this.#shown = prompt !== null;
    this.#port.post({ kind: 'prompt', id: this.#id, prompt });
  }
}
