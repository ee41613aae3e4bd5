import type { Cbor, CborMap } from '../cbor.ts';
import type { PinProtocol } from '../crypto/pin-protocol.ts';
import { sha256 } from '../state.ts';
import { Status, StatusError } from '../status.ts';
import type { Body } from './body.ts';
import { optionalBytes, optionalCount, optionalText, required } from './parameters.ts';
import { Permission } from './pin-uv-auth.ts';

/** Three wrong PINs in a row lock the PIN until the token is plugged in again (CTAP 2.1, 6.5.1). */
const MISMATCHES_UNTIL_REPLUG = 3;

const PADDED_PIN_LENGTH = 64;

/** authenticatorClientPIN (CTAP 2.1, 6.5.5). */
export async function clientPin(body: Body, request: CborMap, signal: AbortSignal): Promise<CborMap | null> {
  const subCommand = required(optionalCount(request, 2));
  switch (subCommand) {
    case 0x01:
      return getPinRetries(body);
    case 0x02:
      return new Map<number, Cbor>([[1, protocolOf(body, request).keyAgreement()]]);
    case 0x03:
      return setPin(body, request);
    case 0x04:
      return changePin(body, request);
    case 0x05:
      return getPinToken(body, request);
    case 0x06:
      return getTokenUsingUv(body, request, signal);
    case 0x07:
      if (!body.hasSensor) throw new StatusError(Status.INVALID_SUBCOMMAND);
      return new Map<number, Cbor>([[5, body.state.uvRetries]]);
    case 0x09:
      return getTokenUsingPin(body, request);
    default:
      throw new StatusError(Status.INVALID_SUBCOMMAND);
  }
}

function protocolOf(body: Body, request: CborMap): PinProtocol {
  return body.protocol(required(optionalCount(request, 1)));
}

function getPinRetries(body: Body): CborMap {
  const response = new Map<number, Cbor>([[3, body.state.pinRetries]]);
  if (body.pinMismatches >= MISMATCHES_UNTIL_REPLUG) response.set(4, true);
  return response;
}

/** setPIN (6.5.5.5): the first one. */
function setPin(body: Body, request: CborMap): null {
  const protocol = protocolOf(body, request);
  const keyAgreement = required(request.get(3));
  const newPinEnc = required(optionalBytes(request, 5));
  const mac = required(optionalBytes(request, 4));
  if (body.state.pin !== null) throw new StatusError(Status.PIN_AUTH_INVALID);
  const secret = protocol.decapsulate(keyAgreement);
  if (!protocol.verify(secret, newPinEnc, mac)) throw new StatusError(Status.PIN_AUTH_INVALID);
  store(body, newPinOf(body, protocol, secret, newPinEnc));
  return null;
}

/** changePIN (6.5.5.6). */
function changePin(body: Body, request: CborMap): null {
  const protocol = protocolOf(body, request);
  const keyAgreement = required(request.get(3));
  const newPinEnc = required(optionalBytes(request, 5));
  const pinHashEnc = required(optionalBytes(request, 6));
  const mac = required(optionalBytes(request, 4));
  checkUsable(body);
  const secret = protocol.decapsulate(keyAgreement);
  if (!protocol.verify(secret, Buffer.concat([newPinEnc, pinHashEnc]), mac)) throw new StatusError(Status.PIN_AUTH_INVALID);
  checkPin(body, protocol, secret, pinHashEnc);
  const fresh = newPinOf(body, protocol, secret, newPinEnc);
  if (body.state.forcePinChange && body.state.pin?.hash.equals(fresh.hash)) throw new StatusError(Status.PIN_POLICY_VIOLATION);
  store(body, fresh);
  return null;
}

/** getPinToken (6.5.5.7.1), as CTAP 2.0 keys know it. */
function getPinToken(body: Body, request: CborMap): CborMap {
  const protocol = protocolOf(body, request);
  const keyAgreement = required(request.get(3));
  const pinHashEnc = required(optionalBytes(request, 6));
  if (request.has(9) || request.has(0x0a)) throw new StatusError(Status.INVALID_PARAMETER);
  checkUsable(body);
  const secret = protocol.decapsulate(keyAgreement);
  checkPin(body, protocol, secret, pinHashEnc);
  if (body.state.forcePinChange) throw new StatusError(Status.PIN_INVALID);
  if (body.profile.noMcGaPermissionsWithClientPin) throw new StatusError(Status.UNAUTHORIZED_PERMISSION);
  // A CTAP 2.0 token knows no permissions: it serves for whatever the key can do.
  const permissions = body.profile.pinUvAuthToken ? Permission.mc | Permission.ga : 0xff;
  return issue(body, protocol, secret, permissions, null, false);
}

/** getPinUvAuthTokenUsingPinWithPermissions (6.5.5.7.2). */
function getTokenUsingPin(body: Body, request: CborMap): CborMap {
  if (!body.profile.pinUvAuthToken) throw new StatusError(Status.INVALID_SUBCOMMAND);
  const protocol = protocolOf(body, request);
  const keyAgreement = required(request.get(3));
  const pinHashEnc = required(optionalBytes(request, 6));
  const { permissions, rpId } = permissionsOf(body, request);
  if (body.profile.noMcGaPermissionsWithClientPin && (permissions & (Permission.mc | Permission.ga)) !== 0) {
    throw new StatusError(Status.UNAUTHORIZED_PERMISSION);
  }
  checkUsable(body);
  const secret = protocol.decapsulate(keyAgreement);
  checkPin(body, protocol, secret, pinHashEnc);
  if (body.state.forcePinChange) throw new StatusError(Status.PIN_POLICY_VIOLATION);
  return issue(body, protocol, secret, permissions, rpId, false);
}

/** getPinUvAuthTokenUsingUvWithPermissions (6.5.5.7.3). */
async function getTokenUsingUv(body: Body, request: CborMap, signal: AbortSignal): Promise<CborMap> {
  if (!body.profile.pinUvAuthToken || !body.hasSensor) throw new StatusError(Status.INVALID_SUBCOMMAND);
  const protocol = protocolOf(body, request);
  const keyAgreement = required(request.get(3));
  const { permissions, rpId } = permissionsOf(body, request);
  // Only the PIN opens the enrollment of fingers and the configuration: no uvBioEnroll, no uvAcfg here.
  if ((permissions & (Permission.be | Permission.acfg)) !== 0) throw new StatusError(Status.UNAUTHORIZED_PERMISSION);
  if (!body.uvConfigured) throw new StatusError(Status.NOT_ALLOWED);
  const secret = protocol.decapsulate(keyAgreement);
  await body.verifyFinger(signal);
  return issue(body, protocol, secret, permissions, rpId, true);
}

function permissionsOf(body: Body, request: CborMap): { permissions: number; rpId: string | null } {
  const permissions = required(optionalCount(request, 9));
  const rpId = optionalText(request, 0x0a) ?? null;
  const { profile } = body;
  if (permissions === 0) throw new StatusError(Status.INVALID_PARAMETER);
  const possible =
    Permission.mc |
    Permission.ga |
    (profile.credMgmt === 'none' ? 0 : Permission.cm) |
    (profile.bio === 'none' ? 0 : Permission.be) |
    (profile.largeBlobs ? Permission.lbw : 0) |
    (profile.authnrCfg ? Permission.acfg : 0);
  if ((permissions & ~possible) !== 0) throw new StatusError(Status.UNAUTHORIZED_PERMISSION);
  if ((permissions & (Permission.mc | Permission.ga)) !== 0 && rpId === null) throw new StatusError(Status.MISSING_PARAMETER);
  return { permissions, rpId };
}

function checkUsable(body: Body): void {
  if (body.state.pin === null) throw new StatusError(Status.PIN_NOT_SET);
  if (body.state.pinRetries === 0) throw new StatusError(Status.PIN_BLOCKED);
  if (body.pinMismatches >= MISMATCHES_UNTIL_REPLUG) throw new StatusError(Status.PIN_AUTH_BLOCKED);
}

/** Compares the PIN; the try is counted and kept before, so that pulling the token out does not win one back. */
function checkPin(body: Body, protocol: PinProtocol, secret: Buffer, pinHashEnc: Buffer): void {
  const { state } = body;
  state.pinRetries -= 1;
  body.save();
  let given: Buffer | null = null;
  try {
    given = protocol.decrypt(secret, pinHashEnc);
  } catch {
    given = null;
  }
  if (given === null || state.pin === null || !given.equals(state.pin.hash)) {
    protocol.regenerate();
    body.pinMismatches += 1;
    if (state.pinRetries === 0) throw new StatusError(Status.PIN_BLOCKED);
    if (body.pinMismatches >= MISMATCHES_UNTIL_REPLUG) throw new StatusError(Status.PIN_AUTH_BLOCKED);
    throw new StatusError(Status.PIN_INVALID);
  }
  body.pinMismatches = 0;
  state.pinRetries = body.profile.maxPinRetries;
  body.save();
}

interface NewPin {
  readonly hash: Buffer;
  readonly length: number;
}

function newPinOf(body: Body, protocol: PinProtocol, secret: Buffer, newPinEnc: Buffer): NewPin {
  const padded = protocol.decrypt(secret, newPinEnc);
  if (padded.length !== PADDED_PIN_LENGTH) throw new StatusError(Status.INVALID_PARAMETER);
  let end = padded.length;
  while (end > 0 && padded[end - 1] === 0) end -= 1;
  const pin = padded.subarray(0, end);
  let length: number;
  try {
    length = [...new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(pin)].length;
  } catch {
    throw new StatusError(Status.PIN_POLICY_VIOLATION);
  }
  if (length < body.state.minPinLength || end >= PADDED_PIN_LENGTH) throw new StatusError(Status.PIN_POLICY_VIOLATION);
  return { hash: sha256(pin).subarray(0, 16), length };
}

function store(body: Body, pin: NewPin): void {
  body.state.pin = pin;
  body.state.pinRetries = body.profile.maxPinRetries;
  body.state.forcePinChange = false;
  body.pinMismatches = 0;
  body.resetPinUvAuthTokens();
  body.save();
}

function issue(body: Body, protocol: PinProtocol, secret: Buffer, permissions: number, rpId: string | null, present: boolean): CborMap {
  body.resetPinUvAuthTokens();
  body.auth.begin(permissions, rpId, present);
  return new Map<number, Cbor>([[2, protocol.encrypt(secret, protocol.token)]]);
}
