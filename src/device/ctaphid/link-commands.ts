/** CTAPHID commands that carry no CTAP message: PING, WINK and LOCK (CTAP 2.1 section 11.2.9). */
import { DoorstepError } from '../../contract/errors.ts';
import { equalBytes } from '../bytes.ts';
import { type CallOptions, LINK_COMMAND, type Link } from '../link.ts';

/** Nobody has to touch anything for these. */
const QUIET: CallOptions = { silenceMs: 5_000 };
const LONGEST_LOCK_S = 10;

/** Sends `payload` there and back. Throws `token.misbehaved` where it comes back changed. */
export async function ping(link: Link, payload: Uint8Array, options: CallOptions = {}): Promise<void> {
  const echo = await link.call(LINK_COMMAND.ping, payload, { ...QUIET, ...options });
  if (!equalBytes(echo, payload)) throw new DoorstepError('token.misbehaved', { reason: 'ping' });
}

/** Makes the token blink. Throws `token.unsupported` where it cannot. */
export async function wink(link: Link, options: CallOptions = {}): Promise<void> {
  if (!link.capabilities.wink) throw new DoorstepError('token.unsupported', { reason: 'wink' });
  const answer = await link.call(LINK_COMMAND.wink, new Uint8Array(0), { ...QUIET, ...options });
  if (answer.length > 0) throw new DoorstepError('token.misbehaved', { reason: 'wink' });
}

/** Keeps the token for this channel for `seconds` (1 to 10); 0 lets go. */
export async function lock(link: Link, seconds: number, options: CallOptions = {}): Promise<void> {
  if (!Number.isInteger(seconds) || seconds < 0 || seconds > LONGEST_LOCK_S)
    throw new DoorstepError('token.unsupported', { reason: 'lock' });
  const answer = await link.call(LINK_COMMAND.lock, Uint8Array.of(seconds), { ...QUIET, ...options });
  if (answer.length > 0) throw new DoorstepError('token.misbehaved', { reason: 'lock' });
}
