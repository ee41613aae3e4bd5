/** authenticatorClientPIN with each of its subcommands (CTAP 2.1 section 6.5.5). */
import { DoorstepError } from '../../contract/errors.ts';
import { concat } from '../bytes.ts';
import type { CallOptions, Link } from '../link.ts';
import { type CborMap, type CborValue, cborMap } from './cbor.ts';
import { type Answer, COMMAND, sendAs } from './command.ts';
import { bytesAt, countAt, flagAt, mapAt, must } from './fields.ts';
import { isTokenLength, type PinProtocol, type SharedSecret } from './pin-protocol.ts';

const SUB = {
  getPinRetries: 0x01,
  getKeyAgreement: 0x02,
  setPin: 0x03,
  changePin: 0x04,
  getPinToken: 0x05,
  getTokenUsingUv: 0x06,
  getUvRetries: 0x07,
  getTokenUsingPin: 0x09,
} as const;

/** Permission bits of a pinUvAuthToken (section 6.5.5.7). */
export const PERMISSION = {
  makeCredential: 0x01,
  getAssertion: 0x02,
  credentialManagement: 0x04,
  bioEnrollment: 0x08,
  largeBlobWrite: 0x10,
  config: 0x20,
} as const;

export interface PinRetries {
  readonly retries: number;
  /** Three wrong in a row: nothing more until the token was pulled out. */
  readonly powerCycleState: boolean;
}

function pin(
  protocol: PinProtocol | undefined,
  subCommand: number,
  more: readonly (readonly [number, CborValue | undefined])[] = [],
): CborMap {
  return cborMap([[1, protocol], [2, subCommand], ...more]);
}

/** Nobody has to touch anything for these, so silence is judged sooner. */
const QUIET: CallOptions = { silenceMs: 10_000 };

export function getPinRetries(link: Link, protocol: PinProtocol, options: CallOptions = {}): Promise<Answer<PinRetries>> {
  const decode = (map: CborMap) => ({ retries: must(countAt(map, 3), 3), powerCycleState: flagAt(map, 4) ?? false });
  return sendAs(link, COMMAND.clientPin, pin(protocol, SUB.getPinRetries), decode, { ...QUIET, ...options });
}

export function getUvRetries(link: Link, options: CallOptions = {}): Promise<Answer<number>> {
  const decode = (map: CborMap) => must(countAt(map, 5), 5);
  return sendAs(link, COMMAND.clientPin, pin(undefined, SUB.getUvRetries), decode, { ...QUIET, ...options });
}

/** The token's public key as a COSE map, not yet checked: `agree` does that. */
export function getKeyAgreement(link: Link, protocol: PinProtocol, options: CallOptions = {}): Promise<Answer<CborMap>> {
  const decode = (map: CborMap) => must(mapAt(map, 1), 1);
  return sendAs(link, COMMAND.clientPin, pin(protocol, SUB.getKeyAgreement), decode, { ...QUIET, ...options });
}

/** @param padded the new PIN in UTF-8, padded with zeros to 64 bytes */
export function setPin(link: Link, secret: SharedSecret, padded: Uint8Array, options: CallOptions = {}): Promise<Answer<null>> {
  const newPinEnc = secret.encrypt(padded);
  const parameters = pin(secret.protocol, SUB.setPin, [
    [3, secret.platformKey],
    [4, secret.authenticate(newPinEnc)],
    [5, newPinEnc],
  ]);
  return sendAs(link, COMMAND.clientPin, parameters, () => null, { ...QUIET, ...options });
}

/** @param pinHash first 16 bytes of SHA-256 of the old PIN; @param padded as for `setPin` */
export function changePin(
  link: Link,
  secret: SharedSecret,
  pinHash: Uint8Array,
  padded: Uint8Array,
  options: CallOptions = {},
): Promise<Answer<null>> {
  const newPinEnc = secret.encrypt(padded);
  const pinHashEnc = secret.encrypt(pinHash);
  const parameters = pin(secret.protocol, SUB.changePin, [
    [3, secret.platformKey],
    [4, secret.authenticate(concat(newPinEnc, pinHashEnc))],
    [5, newPinEnc],
    [6, pinHashEnc],
  ]);
  return sendAs(link, COMMAND.clientPin, parameters, () => null, { ...QUIET, ...options });
}

function decodeToken(secret: SharedSecret): (map: CborMap) => Uint8Array {
  return (map) => {
    const token = secret.decrypt(must(bytesAt(map, 2), 2));
    if (!isTokenLength(secret.protocol, token.length)) throw new DoorstepError('token.misbehaved', { reason: 'pin-token-length' });
    return token;
  };
}

/** CTAP 2.0's getPinToken: a pinUvAuthToken with no permissions named. */
export function getPinToken(link: Link, secret: SharedSecret, pinHash: Uint8Array, options: CallOptions = {}): Promise<Answer<Uint8Array>> {
  const parameters = pin(secret.protocol, SUB.getPinToken, [
    [3, secret.platformKey],
    [6, secret.encrypt(pinHash)],
  ]);
  return sendAs(link, COMMAND.clientPin, parameters, decodeToken(secret), { ...QUIET, ...options });
}

export interface TokenPermissions {
  /** Bits of `PERMISSION`. */
  readonly permissions: number;
  /** Needed for makeCredential and getAssertion. */
  readonly rpId?: string;
}

export function getPinUvAuthTokenUsingPin(
  link: Link,
  secret: SharedSecret,
  pinHash: Uint8Array,
  wanted: TokenPermissions,
  options: CallOptions = {},
): Promise<Answer<Uint8Array>> {
  const parameters = pin(secret.protocol, SUB.getTokenUsingPin, [
    [3, secret.platformKey],
    [6, secret.encrypt(pinHash)],
    [9, wanted.permissions],
    [0x0a, wanted.rpId],
  ]);
  return sendAs(link, COMMAND.clientPin, parameters, decodeToken(secret), { ...QUIET, ...options });
}

/** The token checks the person itself (a fingerprint, a PIN pad); so this may take as long as a touch. */
export function getPinUvAuthTokenUsingUv(
  link: Link,
  secret: SharedSecret,
  wanted: TokenPermissions,
  options: CallOptions = {},
): Promise<Answer<Uint8Array>> {
  const parameters = pin(secret.protocol, SUB.getTokenUsingUv, [
    [3, secret.platformKey],
    [9, wanted.permissions],
    [0x0a, wanted.rpId],
  ]);
  return sendAs(link, COMMAND.clientPin, parameters, decodeToken(secret), options);
}
