/**
 * The way back to a service. A request that names nobody may be finished by whoever is sent its address, so its
 * starter must not learn the answer by knowing its id alone: the browser that answered takes a code along, and the
 * service shows it to be told (the lesson of the authorization code, RFC 6749 section 10.5 and RFC 9700 section 4.5).
 */
import { createHash } from 'node:crypto';

/** 43 base64url letters, known to this session alone: they follow from its bearer secret's stored hash. */
export function returnCode(session: { readonly tokenHash: string }, challengeId: string): string {
  return createHash('sha256').update(`return\n${session.tokenHash}\n${challengeId}`).digest('base64url');
}
