/** What each call of the token process does: find the token, hold it for this call alone, run the flow. */
import { type CallHandlers, timed, withSomeToken, withToken } from './call-context.ts';
import { wink } from './ctaphid/link-commands.ts';
import { recognizeCall } from './recognize-call.ts';
import { resetCall } from './reset-call.ts';
import { assert } from './session/assert.ts';
import { deletePasskey, listPasskeys, renamePasskeyUser } from './session/passkeys.ts';
import { register } from './session/register.ts';
import { changePin, setPin } from './session/set-pin.ts';
import { summaryOf } from './session/summary.ts';

/** A ceremony takes this long where the relying party does not say, and stays within the bounds in any case (WebAuthn section 15.1). */
const DEFAULT_MS = 5 * 60_000;
const LEAST_MS = 30_000;
const MOST_MS = 10 * 60_000;

export const CALLS: CallHandlers = {
  list: async (_request, { roster }) => roster.summaries(),
  register: (request, context) =>
    timed(context, ceremonyMs(request.options.timeout), (timedContext) =>
      withSomeToken(request.tokenId, timedContext, async (token, ceremony) => ({
        tokenId: token.id,
        credential: await register(token, request, ceremony),
      })),
    ),
  assert: (request, context) =>
    timed(context, ceremonyMs(request.options.timeout), (timedContext) =>
      withSomeToken(request.tokenId, timedContext, async (token, ceremony) => ({
        tokenId: token.id,
        credential: await assert(token, request, ceremony),
      })),
    ),
  setPin: (request, context) =>
    withToken(request.tokenId, context, async (token, ceremony) => {
      await setPin(token, ceremony);
      return summaryOf(token);
    }),
  changePin: (request, context) =>
    withToken(request.tokenId, context, async (token, ceremony) => {
      await changePin(token, ceremony);
      return summaryOf(token);
    }),
  reset: (request, context) => resetCall(request.tokenId, context),
  passkeys: (request, context) => withToken(request.tokenId, context, listPasskeys),
  deletePasskey: (request, context) =>
    withToken(request.tokenId, context, async (token, ceremony) => {
      await deletePasskey(token, request.credentialId, ceremony);
      return null;
    }),
  renamePasskeyUser: (request, context) =>
    withToken(request.tokenId, context, async (token, ceremony) => {
      await renamePasskeyUser(token, request, ceremony);
      return null;
    }),
  recognize: recognizeCall,
  wink: (request, context) =>
    withToken(request.tokenId, context, async ({ link }, { signal }) => {
      await wink(link, { signal });
      return null;
    }),
};

function ceremonyMs(timeout: number | undefined): number {
  return Math.min(Math.max(timeout ?? DEFAULT_MS, LEAST_MS), MOST_MS);
}
