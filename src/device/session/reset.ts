/** Wiping a token (CTAP 2.1 section 6.6), as far as the token itself is concerned. */
import { DoorstepError } from '../../contract/errors.ts';
import { equalBytes } from '../bytes.ts';
import { unwrap } from '../ctap2/command.ts';
import { reset as sendReset } from '../ctap2/reset.ts';
import type { Ceremony } from './human.ts';
import type { SessionToken } from './token.ts';
import { touching } from './touch.ts';

/** Throws `token.unsupported` for a token that cannot be wiped over USB. */
export function checkResettable(token: SessionToken): void {
  const transports = token.ctap2.transportsForReset;
  if (transports !== undefined && !transports.includes('usb')) throw new DoorstepError('token.unsupported', { reason: 'reset-over-usb' });
}

/** Whether what is plugged in now is the token that was pulled out: its place may have changed, its make and number not. */
export function isSameToken(before: SessionToken, after: SessionToken): boolean {
  const same = before.identity.serial === after.identity.serial && before.identity.product === after.identity.product;
  return same && before.info !== null && after.info !== null && equalBytes(before.info.aaguid, after.info.aaguid);
}

/**
 * Sends the reset, within ten seconds of plugging in. Everything on the token is gone afterwards.
 * Throws `token.not-allowed` when that time is over, `token.not-touched`, `token.refused`, `token.canceled`.
 */
export async function reset(token: SessionToken, ceremony: Ceremony): Promise<void> {
  unwrap(await touching([token], 'reset', ceremony, () => sendReset(token.link, { signal: ceremony.signal })));
  token.known = undefined;
  token.changed({
    options: { clientPin: false, uv: false, bioEnroll: false, userVerificationMgmtPreview: false },
    passkeysLeft: 'unknown',
  });
}
