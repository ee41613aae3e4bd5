/** The way to a reset: the person pulls the token out and plugs it in again, and it must be the same one, alone. */
import { DoorstepError } from '../contract/errors.ts';
import type { TokenSummary } from '../contract/tokens.ts';
import { type CallContext, timed, withToken } from './call-context.ts';
import { checkResettable, isSameToken, reset } from './session/reset.ts';
import { summaryOf } from './session/summary.ts';
import type { SessionToken } from './session/token.ts';

/** How long the person may take to pull the token out and to plug it in, each. */
const REPLUG_MS = 2 * 60_000;

/**
 * Throws `token.not-allowed` with the reason `several-tokens` or `another-token`, and what the reset throws.
 * The token has another id afterwards.
 */
export async function resetCall(id: string, context: CallContext): Promise<TokenSummary> {
  const { roster } = context;
  const before = await withToken(id, context, async (token) => {
    checkResettable(token);
    return token;
  });
  // A wipe of the wrong token cannot be undone: there may be no choice.
  requireOnly(context);
  await waiting(id, 'pull-out', context, () => !roster.has(id));
  await waiting(id, 'plug-in', context, () => roster.ready().length > 0 && !roster.opening);
  const after = requireOnly(context);
  if (!isSameToken(before, after)) throw new DoorstepError('token.not-allowed', { reason: 'another-token' });
  return withToken(after.id, context, async (token, ceremony) => {
    await reset(token, ceremony);
    return summaryOf(token);
  });
}

function requireOnly({ roster }: CallContext): SessionToken {
  const [token] = roster.ready();
  if (token === undefined) throw new DoorstepError('token.gone');
  if (roster.size > 1) throw new DoorstepError('token.not-allowed', { reason: 'several-tokens' });
  return token;
}

async function waiting(id: string, step: 'pull-out' | 'plug-in', context: CallContext, holds: () => boolean): Promise<void> {
  context.human.tell({ kind: 'replug', tokenId: id, step });
  try {
    await timed(context, REPLUG_MS, ({ stopped }) => context.roster.until(holds, stopped));
  } finally {
    context.human.tell(null);
  }
}
