/** Asking for a token's PIN until it is right, it is stopped, or the token has had enough. */
import { DoorstepError } from '../../contract/errors.ts';
import { getKeyAgreement, getPinRetries } from '../ctap2/client-pin.ts';
import { type Answer, unwrap } from '../ctap2/command.ts';
import { agree, type SharedSecret } from '../ctap2/pin-protocol.ts';
import { STATUS, statusError } from '../ctap2/status.ts';
import type { Ceremony } from './human.ts';
import { canBePin, hashPin, readPin } from './pin-text.ts';
import type { SessionToken } from './token.ts';

export interface AcceptedPin<T> {
  readonly value: T;
  /** Good for this operation alone; kept by nobody. */
  readonly pinHash: Uint8Array;
  readonly secret: SharedSecret;
}

/** A fresh shared secret with the token. */
export async function agreeWith(token: SessionToken, ceremony: Ceremony): Promise<SharedSecret> {
  const protocol = token.pinProtocol;
  return agree(protocol, unwrap(await getKeyAgreement(token.link, protocol, { signal: ceremony.signal })));
}

/**
 * Shows how many tries are left, asks, and hands the PIN's hash to `use`; a wrong PIN is asked for again.
 * The PIN itself never leaves this function, and no PIN is ever sent twice without the person.
 * Throws `pin.blocked`, `pin.locked-until-replug`, `token.canceled`, and what else `use` answers.
 */
export async function withPin<T>(
  token: SessionToken,
  ceremony: Ceremony,
  use: (secret: SharedSecret, pinHash: Uint8Array) => Promise<Answer<T>>,
): Promise<AcceptedPin<T>> {
  for (let wrong = false; ; ) {
    const retries = await readRetries(token, ceremony);
    const { pinHash, secret } = await askForPin(token, ceremony, retries, wrong);
    const answer = await use(secret, pinHash);
    if (answer.ok) {
      token.known = undefined;
      return { value: answer.value, pinHash, secret };
    }
    // The token has made itself a new key agreement key now, so the next turn starts from that as well.
    if (answer.status === STATUS.pinInvalid) {
      wrong = true;
      continue;
    }
    // Getting these means that what is known of the token is old: another program has reset it, or set its rules.
    if (answer.status === STATUS.pinNotSet || answer.status === STATUS.pinPolicyViolation) await token.refreshAfter();
    throw remember(token, answer.status);
  }
}

/**
 * Reads how many tries the PIN has left, so that the windows can say "blocked" before anybody types. Where the token
 * does not answer, nothing is known: the next flow will say why.
 */
export async function glanceAtPin(token: SessionToken): Promise<void> {
  if (token.option('clientPin') !== true) return;
  try {
    const { retries, powerCycleState } = unwrap(await getPinRetries(token.link, token.pinProtocol));
    token.known = { retries, lockedUntilReplug: powerCycleState };
  } catch {
    token.known = undefined;
  }
}

async function readRetries(token: SessionToken, ceremony: Ceremony): Promise<number> {
  const { retries, powerCycleState } = unwrap(await getPinRetries(token.link, token.pinProtocol, { signal: ceremony.signal }));
  token.known = { retries, lockedUntilReplug: powerCycleState };
  if (retries === 0) throw new DoorstepError('pin.blocked');
  if (powerCycleState) throw new DoorstepError('pin.locked-until-replug', { retries });
  return retries;
}

function remember(token: SessionToken, status: number): DoorstepError {
  const retries = token.known?.retries ?? 0;
  if (status === STATUS.pinBlocked) token.known = { retries: 0, lockedUntilReplug: false };
  if (status === STATUS.pinAuthBlocked) token.known = { retries, lockedUntilReplug: true };
  return statusError(status);
}

/** The key agreement is fetched while the person types. */
async function askForPin(
  token: SessionToken,
  ceremony: Ceremony,
  retries: number,
  wrong: boolean,
): Promise<{ pinHash: Uint8Array; secret: SharedSecret }> {
  const stop = new AbortController();
  const signal = AbortSignal.any([ceremony.signal, stop.signal]);
  const { minPinLength } = token.ctap2;
  const ask = async () => {
    for (let again = wrong; ; again = true) {
      const answer = await ceremony.human.ask({ kind: 'pin', tokenId: token.id, retries, wrong: again, minLength: minPinLength }, signal);
      const pin = readPin(answer.pin);
      if (canBePin(pin)) return hashPin(pin);
    }
  };
  try {
    const before = token.link.packets.foreign;
    const [pinHash, secret] = await Promise.all([ask(), agreeWith(token, ceremony)]);
    // Another program has used the token meanwhile. A wrong PIN of theirs gives it a new key, and with the old one ours
    // would look wrong and cost a try.
    const disturbed = token.link.packets.foreign !== before;
    return { pinHash, secret: disturbed ? await agreeWith(token, ceremony) : secret };
  } catch (error) {
    stop.abort();
    throw error;
  }
}
