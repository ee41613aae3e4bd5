/**
 * Keeps the token process alive while it has something to do: a token may be there, or something was asked of it. node-hid
 * can abort its process at an unplug: here that is one failed call with `token.process-down`, a fault that the person can
 * read, and a new process after a growing wait.
 */
import { DoorstepError, type ErrorCode, type ErrorDetail, isErrorCode } from '../../contract/errors.ts';
import type { FromTokenProcess, Prompt, PromptAnswer, TokenCall, TokenCalls, TokenSummary, ToTokenProcess } from '../../contract/tokens.ts';
import type { Log } from '../app/log.ts';

/** One run of the token process. */
export interface TokenChild {
  post(message: ToTokenProcess): void;
  onMessage(listener: (message: FromTokenProcess) => void): void;
  /** Called once, when the process has ended for whatever reason. */
  onExit(listener: (exitCode: number) => void): void;
  kill(): void;
}

export interface TokenSupervisor {
  /**
   * Calls the token process. `onPrompt` hears what it asks of the person, null when nothing is asked any more.
   * Rejects with the process's code, or with token.process-down where it ended meanwhile.
   */
  call<C extends TokenCall>(
    call: C,
    request: TokenCalls[C]['request'],
    options: { readonly signal: AbortSignal; readonly onPrompt: (prompt: Prompt | null, answer: (answer: PromptAnswer) => void) => void },
  ): Promise<TokenCalls[C]['answer']>;
  /** Ends the process for good: asks it first, then kills it. */
  stop(): Promise<void>;
}

export interface SupervisorOptions {
  readonly start: () => TokenChild;
  /** Tells at first and at each change whether a token may be there, until the returned function is called. */
  readonly presence: (listener: (maybe: boolean) => void) => () => void;
  readonly log: Log;
  readonly onTokens: (tokens: readonly TokenSummary[]) => void;
  readonly onFault: (fault: { readonly code: ErrorCode; readonly detail: ErrorDetail } | null) => void;
  readonly now?: () => number;
}

interface Waiting {
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: DoorstepError) => void;
  readonly onPrompt: (prompt: Prompt | null, answer: (answer: PromptAnswer) => void) => void;
}

const FIRST_WAIT = 100;
const LONGEST_WAIT = 30_000;
/** A process that lived this long has proved itself: the next crash starts the waits anew, and the fault is over. */
const PROVED_AFTER = 5_000;
/** A canceled call that the process does not end by itself is given up. CTAPHID_CANCEL may take a key a moment. */
const CANCEL_PATIENCE = 10_000;
const STOP_PATIENCE = 1_500;
/** A process with no token and nothing to do is ended after so long: it holds tens of megabytes, and looks around. */
const IDLE = 20_000;

export function superviseTokens(options: SupervisorOptions): TokenSupervisor {
  const { start, presence, log, onTokens, onFault, now = Date.now } = options;
  const waiting = new Map<number, Waiting>();
  let child: TokenChild | null = null;
  let nextId = 1;
  let wait = FIRST_WAIT;
  let crashes = 0;
  let stopping = false;
  let maybeThere = false;
  /** How many tokens the process has told of. */
  let tokens = 0;
  let idle: NodeJS.Timeout | undefined;
  let restart: NodeJS.Timeout | undefined;
  let proof: NodeJS.Timeout | undefined;
  let onStopped: (() => void) | null = null;

  const finish = (id: number): Waiting | undefined => {
    const call = waiting.get(id);
    waiting.delete(id);
    restWhenIdle();
    return call;
  };

  const hear = (from: TokenChild, message: FromTokenProcess) => {
    // A message of a process that was given up must not answer a call of its successor.
    if (from !== child) return;
    switch (message.kind) {
      case 'ready':
        log.info('tokens.ready', { crashes });
        proof = setTimeout(() => {
          wait = FIRST_WAIT;
          crashes = 0;
          onFault(null);
        }, PROVED_AFTER);
        return;
      case 'tokens':
        tokens = message.tokens.length;
        onTokens(message.tokens);
        restWhenIdle();
        return;
      case 'prompt':
        waiting.get(message.id)?.onPrompt(message.prompt, (answer) => {
          if (from === child) from.post({ kind: 'answer', id: message.id, answer });
        });
        return;
      case 'done': {
        const call = finish(message.id);
        if (message.ok) call?.resolve(message.value);
        else call?.reject(new DoorstepError(isErrorCode(message.code) ? message.code : 'internal', message.detail));
        return;
      }
    }
  };

  const isWanted = () => maybeThere || tokens > 0 || waiting.size > 0;

  /** Ends a process that has nothing to do. Whoever calls next gets a new one, and need not wait for the end of this one. */
  const restWhenIdle = () => {
    clearTimeout(idle);
    if (child === null || stopping || isWanted()) return;
    idle = setTimeout(() => {
      const resting = child;
      if (resting === null || isWanted()) return;
      child = null;
      clearTimeout(proof);
      log.info('tokens.resting');
      const patience = setTimeout(() => resting.kill(), STOP_PATIENCE);
      resting.onExit(() => clearTimeout(patience));
      resting.post({ kind: 'stop' });
    }, IDLE);
  };

  const run = () => {
    restart = undefined;
    const started = now();
    const running = start();
    child = running;
    running.onMessage((message) => hear(running, message));
    running.onExit((exitCode) => {
      if (child !== running) return;
      child = null;
      clearTimeout(proof);
      clearTimeout(idle);
      tokens = 0;
      onTokens([]);
      for (const id of [...waiting.keys()]) finish(id)?.reject(new DoorstepError('token.process-down'));
      if (stopping) {
        onStopped?.();
        return;
      }
      crashes += 1;
      log.error('tokens.ended', { exitCode, crashes, lived: now() - started, wait });
      onFault({ code: 'token.process-down', detail: { crashes } });
      restart = setTimeout(run, wait);
      wait = Math.min(wait * 2, LONGEST_WAIT);
    });
    restWhenIdle();
  };

  const stopPresence = presence((maybe) => {
    maybeThere = maybe;
    if (stopping) return;
    if (maybe && child === null && restart === undefined) run();
    restWhenIdle();
  });

  return {
    call(call, request, { signal, onPrompt }) {
      if (child === null && restart === undefined && !stopping) run();
      const to = child;
      if (to === null) return Promise.reject(new DoorstepError('token.process-down'));
      if (signal.aborted) return Promise.reject(new DoorstepError('token.canceled'));
      const id = nextId++;
      return new Promise((resolve, reject) => {
        let patience: NodeJS.Timeout | undefined;
        const cancel = () => {
          to.post({ kind: 'cancel', id });
          patience = setTimeout(() => finish(id)?.reject(new DoorstepError('token.canceled')), CANCEL_PATIENCE);
        };
        const ended = () => {
          clearTimeout(patience);
          signal.removeEventListener('abort', cancel);
          onPrompt(null, () => undefined);
        };
        waiting.set(id, {
          onPrompt,
          resolve: (value) => {
            ended();
            resolve(value as TokenCalls[typeof call]['answer']);
          },
          reject: (error) => {
            ended();
            reject(error);
          },
        });
        signal.addEventListener('abort', cancel, { once: true });
        to.post({ kind: 'call', id, call, request });
      });
    },
    stop() {
      stopping = true;
      stopPresence();
      clearTimeout(idle);
      clearTimeout(restart);
      clearTimeout(proof);
      const running = child;
      if (running === null) return Promise.resolve();
      return new Promise((resolve) => {
        const patience = setTimeout(() => {
          running.kill();
          resolve();
        }, STOP_PATIENCE);
        onStopped = () => {
          clearTimeout(patience);
          resolve();
        };
        running.post({ kind: 'stop' });
      });
    },
  };
}
