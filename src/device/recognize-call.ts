/** Recognizing a token on the side: it takes no token from a call, and gives way to every one. */
import { DoorstepError } from '../contract/errors.ts';
import type { TokenCalls } from '../contract/tokens.ts';
import { type CallContext, timed, whyStopped } from './call-context.ts';
import { recognize } from './session/recognize.ts';

/** The most that it may take, whatever the token does. Milliseconds. */
const MOST_MS = 15_000;

/** Throws `token.busy` where a call has the token or wants it meanwhile, `token.gone`, and what `recognize` throws. */
export async function recognizeCall(
  request: TokenCalls['recognize']['request'],
  context: CallContext,
): Promise<TokenCalls['recognize']['answer']> {
  const { roster, busy, background } = context;
  return timed(context, MOST_MS, async ({ stopped }) => {
    const token = await roster.usable(request.tokenId, stopped);
    const another = new DoorstepError('token.busy', { reason: 'another-call' });
    const free = () => !busy.has(token.id) && !stopped.aborted;
    const ran = await background.run(token.id, free, async (givingWay) => {
      const signal = AbortSignal.any([stopped, roster.goneSignal(token.id), givingWay]);
      try {
        return await recognize(token, request, signal);
      } catch (error) {
        throw givingWay.aborted ? another : whyStopped(signal, error);
      }
    });
    if (ran === null) throw another;
    return { credentialId: ran.value };
  });
}
