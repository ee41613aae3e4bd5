/** Setting the first PIN of a token, and changing it (CTAP 2.1 sections 6.5.5.5 and 6.5.5.6). */
import { DoorstepError } from '../../contract/errors.ts';
import { changePin as sendChangePin, setPin as sendSetPin } from '../ctap2/client-pin.ts';
import { unwrap } from '../ctap2/command.ts';
import { STATUS } from '../ctap2/status.ts';
import type { Ceremony } from './human.ts';
import { agreeWith, withPin } from './pin-entry.ts';
import { newPinFault, type PinText, padPin, readPin } from './pin-text.ts';
import type { SessionToken } from './token.ts';

/**
 * Asks for a first PIN and sets it. Throws `token.unsupported` where the token takes none, `token.not-allowed` where it has one,
 * `pin.policy` where it refuses this one, `token.canceled`.
 */
export async function setPin(token: SessionToken, ceremony: Ceremony): Promise<void> {
  if (await hasPin(token, false)) throw new DoorstepError('token.not-allowed', { reason: 'pin-is-set' });
  const pin = await askForNewPin(token, ceremony);
  const secret = await agreeWith(token, ceremony);
  const answer = await sendSetPin(token.link, secret, padPin(pin), { signal: ceremony.signal });
  if (answer.ok) return token.changed({ options: { clientPin: true } });
  await token.refreshAfter();
  // How a token says that it has a PIN already (section 6.5.5.5): set by another program meanwhile.
  if (answer.status === STATUS.pinAuthInvalid) throw new DoorstepError('token.not-allowed', { reason: 'pin-is-set' });
  unwrap(answer);
}

/**
 * Asks for the old PIN, then for the new one, and changes it; a wrong old PIN is asked for again, the new one is not.
 * Throws `pin.not-set`, `pin.blocked`, `pin.locked-until-replug`, `pin.policy`, `token.canceled`.
 */
export async function changePin(token: SessionToken, ceremony: Ceremony): Promise<void> {
  if (!(await hasPin(token, true))) throw new DoorstepError('pin.not-set');
  let pin: PinText | null = null;
  await withPin(token, ceremony, async (secret, pinHash) => {
    pin ??= await askForNewPin(token, ceremony);
    return sendChangePin(token.link, secret, pinHash, padPin(pin), { signal: ceremony.signal });
  });
  token.changed({ options: { clientPin: true } });
}

/** Whether a PIN is set. What is known may be old, so an answer that would end the flow is asked for again. */
async function hasPin(token: SessionToken, wanted: boolean): Promise<boolean> {
  if (token.info !== null && token.option('clientPin') === !wanted) await token.refresh();
  const set = token.option('clientPin');
  if (set === undefined) throw new DoorstepError('token.unsupported', { reason: 'pin' });
  return set;
}

async function askForNewPin(token: SessionToken, { human, signal }: Ceremony): Promise<PinText> {
  const { minPinLength: minLength, maxPinLength } = token.ctap2;
  for (let refused: { minLength: number; typed: number; tooLong?: boolean } | null = null; ; ) {
    const answer = await human.ask({ kind: 'new-pin', tokenId: token.id, minLength, refused }, signal);
    const pin = readPin(answer.pin);
    const fault = newPinFault(pin, { min: minLength, max: maxPinLength });
    if (fault === null) return pin;
    refused = { minLength, typed: pin.length, ...(fault === 'too-short' ? {} : { tooLong: true }) };
  }
}
