/** What every call of the token process is given, and how it takes hold of tokens. */
import { DoorstepError } from '../contract/errors.ts';
import type { TokenCall, TokenCalls } from '../contract/tokens.ts';
import type { Background } from './background.ts';
import type { Clock } from './clock.ts';
import type { Roster } from './roster.ts';
import { chooseToken } from './session/choose-token.ts';
import type { Ceremony, Human } from './session/human.ts';
import type { SessionToken } from './session/token.ts';

/** What a call gets beside its request. */
export interface CallContext {
  readonly roster: Roster;
  /** Ids of the tokens that a call works with now. */
  readonly busy: Set<string>;
  readonly background: Background;
  readonly clock: Clock;
  readonly human: Human;
  /** Aborts when the person stops the call. */
  readonly stopped: AbortSignal;
}

export type CallHandlers = {
  readonly [C in TokenCall]: (request: TokenCalls[C]['request'], context: CallContext) => Promise<TokenCalls[C]['answer']>;
};

type Flow<T> = (token: SessionToken, ceremony: Ceremony) => Promise<T>;

/** The ladder says "canceled" whenever its signal aborts; the signal knows why. */
export function whyStopped(signal: AbortSignal, error: unknown): unknown {
  const canceled = error instanceof DoorstepError && error.code === 'token.canceled';
  return canceled && signal.aborted && signal.reason instanceof DoorstepError ? signal.reason : error;
}

/** Stops the call with `token.not-touched` after `ms` milliseconds. */
export async function timed<T>(context: CallContext, ms: number, run: (context: CallContext) => Promise<T>): Promise<T> {
  const over = new AbortController();
  const stopTimer = context.clock.after(ms, () => over.abort(new DoorstepError('token.not-touched', { reason: 'time-over' })));
  const stopped = AbortSignal.any([context.stopped, over.signal]);
  try {
    return await run({ ...context, stopped });
  } catch (error) {
    throw whyStopped(stopped, error);
  } finally {
    stopTimer();
  }
}

/** Runs `flow` on one token. Throws `token.gone`, `token.busy` where another call has it, and what it failed to open with. */
export async function withToken<T>(id: string, context: CallContext, flow: Flow<T>): Promise<T> {
  return holding([await context.roster.usable(id, context.stopped)], context, ([token], ceremony) => flow(token, ceremony));
}

/** Runs `flow` on the token named, or on the one that is touched, or on the next one that is plugged in. */
export async function withSomeToken<T>(id: string | undefined, context: CallContext, flow: Flow<T>): Promise<T> {
  if (id !== undefined) return withToken(id, context, flow);
  const tokens = await someTokens(context);
  return withToken(await holding(tokens, context, async (held, ceremony) => (await chooseToken(held, ceremony)).id), context, flow);
}

type NotEmpty<T> = readonly [T, ...T[]];

async function someTokens(context: CallContext): Promise<NotEmpty<SessionToken>> {
  const { roster, stopped, human, busy } = context;
  await roster.until(() => !roster.opening, stopped);
  const free = () => roster.ready().filter(({ id }) => !busy.has(id));
  if (free().length === 0) {
    if (roster.ready().length > 0) throw new DoorstepError('token.busy');
    const [failed] = roster.failures();
    if (failed !== undefined) throw new DoorstepError(failed);
    human.tell({ kind: 'plug-in' });
    await roster.until(() => !roster.opening && free().length > 0, stopped);
    human.tell(null);
  }
  const [first, ...others] = free();
  if (first === undefined) throw new DoorstepError('token.gone');
  return [first, ...others];
}

/** No other call may use these tokens meanwhile. Where there is one alone, pulling it out ends the flow with `token.gone`. */
async function holding<T>(
  tokens: NotEmpty<SessionToken>,
  context: CallContext,
  flow: (tokens: NotEmpty<SessionToken>, ceremony: Ceremony) => Promise<T>,
): Promise<T> {
  const { busy, background, roster, stopped, human, clock } = context;
  if (tokens.some(({ id }) => busy.has(id))) throw new DoorstepError('token.busy', { reason: 'another-call' });
  const [only] = tokens;
  const signal = tokens.length === 1 ? AbortSignal.any([stopped, roster.goneSignal(only.id)]) : stopped;
  const ids = tokens.map(({ id }) => id);
  for (const id of ids) busy.add(id);
  try {
    await background.giveWay(ids);
    for (const token of tokens) if (token.outdated) await token.refreshAfter();
    return await flow(tokens, { human, signal, clock });
  } catch (error) {
    throw whyStopped(signal, error);
  } finally {
    for (const id of ids) busy.delete(id);
  }
}
