/** Whether an origin may use an RP ID (WebAuthn Level 3, sections 5.1.3 step 8 and 5.1.4.1 step 7). Pure. */
import { parse } from 'tldts';
import { DoorstepError } from '../../contract/errors.ts';

export type RpIdFault = 'origin' | 'scheme' | 'not-a-domain' | 'address' | 'other-domain' | 'public-suffix';

/** The RP ID as ASCII: the form in which URLs give hosts, and over whose bytes the token hashes. */
const DOMAIN = /^[a-z0-9_]([a-z0-9_.-]*[a-z0-9_])?$/;
const LONGEST_DOMAIN = 253;

/** Throws `rp.not-allowed`. */
export function checkRpId(rpId: string, origin: string): void {
  const reason = rpIdFault(rpId, origin);
  if (reason !== null) throw new DoorstepError('rp.not-allowed', { reason, rpId: rpId.slice(0, LONGEST_DOMAIN) });
}

/**
 * The RP ID must be the origin's host or a suffix of it that somebody can register: never a public suffix, never an
 * address. The origin must be https, or http on localhost.
 */
export function rpIdFault(rpId: string, origin: string): RpIdFault | null {
  const url = URL.canParse(origin) ? new URL(origin) : null;
  if (url === null || url.origin !== origin) return 'origin';
  const host = url.hostname;
  const local = host === 'localhost' || host.endsWith('.localhost');
  if (url.protocol !== 'https:' && !(url.protocol === 'http:' && local)) return 'scheme';
  if (!DOMAIN.test(rpId) || rpId.length > LONGEST_DOMAIN) return 'not-a-domain';
  const facts = parse(host, { allowPrivateDomains: true });
  if (facts.isIp === true || host.startsWith('[')) return 'address';
  if (rpId === host) return null;
  // With the dot: "evil-example.com" ends in "example.com" as well.
  if (!host.endsWith(`.${rpId}`)) return 'other-domain';
  if (local) return null;
  const suffix = facts.publicSuffix;
  return suffix === null || rpId === suffix || suffix.endsWith(`.${rpId}`) ? 'public-suffix' : null;
}
