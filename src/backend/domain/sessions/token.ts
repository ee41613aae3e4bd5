/**
 * The bearer token of a browser's session: when it was made, and 256 random bits, of which only the hash is ever stored. The
 * time goes before the hash as well. So the tokens of those who sign in at the same time lie side by side in the store, and
 * are written together: else each would be two more places among those of all sessions.
 */
import { hashSecret, newSecret } from '../identifiers.ts';

/** Milliseconds since 1970, in base 36: in order as text, because all have one length (until the year 5188). */
const TIME = /^[0-9a-z]{9}\./;

export function newSessionToken(now: number): string {
  return `${now.toString(36).padStart(9, '0')}.${newSecret()}`;
}

/** What is stored of a token, and what a session is found by. */
export function hashSessionToken(token: string): string {
  const time = TIME.exec(token)?.[0] ?? '';
  return `${time}${hashSecret(token)}`;
}
