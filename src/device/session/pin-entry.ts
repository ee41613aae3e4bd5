/** Asking for a token's PIN until it is right, it is stopped, or the token has had enough. */
import { DoorstepError } from '../../contract/errors.ts';
import { getKeyAgreement, getPinRetries } from '../ctap2/client-pin.ts';
import { type Answer, unwrap } from '../ctap2/command.ts';
import { agree, type SharedSecret } from '../ctap2/pin-protocol.ts';
import { STATUS, statusError } from '../ctap2/status.ts';
import type { Ceremony } from './human.ts';
import { canBePin, hashPin, readPin } from './pin-text.ts';
import type { KnownRetries, SessionToken } from './token.ts';

export interface AcceptedPin<T> {
  readonly value: T;
  /** Good for this operation alone; kept by nobody. */
  readonly pinHash: Uint8Array;
  readonly secret: SharedSecret;
}

/** No token has more tries (CTAP 2.1 section 6.5.2.2), so one that says this many has all of its own. */
const ALL_TRIES = 8;

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
    const retries = await triesLeft(token, ceremony, wrong);
    const { pinHash, secret } = await askForPin(token, ceremony, retries, wrong);
    const before = token.known;
    // From here on a try may be gone, also where the answer is lost.
    token.known = undefined;
    const answer = await use(secret, pinHash);
    if (answer.ok) {
      // The right PIN gives the token all of its tries again, however many those are.
      if (before?.retries === ALL_TRIES) token.known = before;
      return { value: answer.value, pinHash, secret };
    }
    // The token has made itself a new key agreement key now, so the next turn starts from that as well.
    if (answer.status === STATUS.pinInvalid) {
      wrong = true;
      continue;
    }
    // Getting these means that what is known of the token is old: another program has reset it, or set its rules.
    if (answer.status === STATUS.pinNotSet || answer.status === STATUS.pinPolicyViolation) await token.refreshAfter();
    throw remember(token, answer.status, retries);
  }
}

/**
 * Reads how many tries the PIN has left, so that the windows can say "blocked" before anybody types. Where the token
 * does not answer, nothing is known: the next flow will say why.
 */
export async function glanceAtPin(token: SessionToken): Promise<void> {
  if (token.option('clientPin') !== true) return;
  try {
    await readRetries(token);
  } catch {
    token.known = undefined;
  }
}

/**
 * Asked for again, unless the token had all of its tries and nobody else has spoken with it since: whatever is fewer, or
 * would end the flow, people must be able to rely on.
 */
async function triesLeft(token: SessionToken, ceremony: Ceremony, wrong: boolean): Promise<number> {
  if (!wrong && token.retries === ALL_TRIES && token.known?.lockedUntilReplug === false) return ALL_TRIES;
  const { retries, lockedUntilReplug } = await readRetries(token, ceremony.signal);
  if (retries === 0) throw new DoorstepError('pin.blocked');
  if (lockedUntilReplug) throw new DoorstepError('pin.locked-until-replug', { retries });
  return retries;
}

async function readRetries(token: SessionToken, signal?: AbortSignal): Promise<KnownRetries> {
  const { foreign } = token.link.packets;
  const answer = await getPinRetries(token.link, token.pinProtocol, signal === undefined ? {} : { signal });
  const { retries, powerCycleState } = unwrap(answer);
  token.known = { retries, lockedUntilReplug: powerCycleState, foreign };
  return token.known;
}

function remember(token: SessionToken, status: number, retries: number): DoorstepError {
  const { foreign } = token.link.packets;
  if (status === STATUS.pinBlocked) token.known = { retries: 0, lockedUntilReplug: false, foreign };
  // Which try it was that locked the token, and so how many are left, is read at the next glance.
  if (status === STATUS.pinAuthBlocked) token.known = { retries, lockedUntilReplug: true, foreign: -1 };
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
