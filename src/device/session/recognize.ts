/** Which of a person's credentials a token holds, found out without the person: no touch, no PIN, no prompt. */
import type { TokenCalls } from '../../contract/tokens.ts';
import { equalBytes, sha256, toBase64url, utf8 } from '../bytes.ts';
import { isMine } from '../ctap1/authenticate.ts';
import type { CallOptions } from '../link.ts';
import { readIds } from './options.ts';
import { findHeld, possibleIds } from './preflight.ts';
import type { SessionToken } from './token.ts';

/** Nobody has to do anything for the answer, so that a token that says nothing for this long has hung up. Milliseconds. */
const SILENCE_MS = 3_000;

/**
 * The first of the ids (base64url) that the token holds; null where it holds none, hides it behind user verification
 * (credProtect level 3, CTAP 2.1 section 12.1), or wants a touch before it says so.
 * A hint for the windows and no proof: nothing that the token signs here is checked.
 * Throws `request.malformed`, `token.canceled` when `signal` aborts, and what a link and a refusing token throw.
 */
export async function recognize(
  token: SessionToken,
  { rpId, credentialIds }: Omit<TokenCalls['recognize']['request'], 'tokenId'>,
  signal: AbortSignal,
): Promise<string | null> {
  const ids = readIds(credentialIds, 'credentialIds');
  const touchless = new AbortController();
  const options: CallOptions = {
    signal: AbortSignal.any([signal, touchless.signal]),
    silenceMs: SILENCE_MS,
    // A token that begins to blink all the same would have the person touch for nothing.
    onKeepalive: (state) => {
      if (state === 'touch-needed') touchless.abort();
    },
  };
  try {
    const held = token.info === null ? await firstMine(token, rpId, ids, options) : await firstHeld(token, rpId, ids, options);
    return held === null ? null : toBase64url(held);
  } catch (error) {
    if (touchless.signal.aborted && !signal.aborted) return null;
    throw error;
  }
}

async function firstHeld(token: SessionToken, rpId: string, ids: readonly Uint8Array[], options: CallOptions): Promise<Uint8Array | null> {
  const held = await findHeld(token, rpId, possibleIds(token.ctap2, ids), { kind: 'none' }, options);
  return held === null ? null : (ids.find((id) => equalBytes(id, held)) ?? null);
}

async function firstMine(token: SessionToken, rpId: string, ids: readonly Uint8Array[], options: CallOptions): Promise<Uint8Array | null> {
  const application = sha256(utf8(rpId));
  for (const id of ids) if (await isMine(token.link, application, id, options)) return id;
  return null;
}
