import { type CborMap, encodeCbor } from '../cbor.ts';
import { Status, StatusError } from '../status.ts';
import type { Body } from './body.ts';
import { optionalBytes, optionalCount, optionalFlag, optionalList, optionalMap, required } from './parameters.ts';
import { Permission } from './pin-uv-auth.ts';

const NOTHING: CborMap = new Map();

/** authenticatorConfig (CTAP 2.1, 6.11). */
export function authenticatorConfig(body: Body, request: CborMap): null {
  const subCommand = required(optionalCount(request, 1));
  const params = optionalMap(request, 2);
  authorize(body, request, subCommand, params);
  switch (subCommand) {
    case 0x01:
      if (!body.profile.ep) throw new StatusError(Status.INVALID_SUBCOMMAND);
      body.state.enterprise = true;
      break;
    case 0x02:
      if (body.profile.alwaysUv === 'unsupported') throw new StatusError(Status.INVALID_SUBCOMMAND);
      body.state.alwaysUv = !body.state.alwaysUv;
      break;
    case 0x03:
      setMinPinLength(body, params ?? NOTHING);
      break;
    default:
      throw new StatusError(Status.INVALID_SUBCOMMAND);
  }
  body.save();
  return null;
}

function authorize(body: Body, request: CborMap, subCommand: number, params: CborMap | undefined): void {
  const mac = optionalBytes(request, 4);
  if (!body.protected && !body.state.alwaysUv && mac === undefined) return;
  if (mac === undefined) throw new StatusError(Status.PUAT_REQUIRED);
  const protocol = body.protocol(required(optionalCount(request, 3)));
  const message = Buffer.concat([
    Buffer.alloc(32, 0xff),
    Buffer.of(0x0d, subCommand),
    params === undefined ? Buffer.alloc(0) : encodeCbor(params),
  ]);
  body.auth.check(protocol, message, mac, Permission.acfg, 'any');
}

/** setMinPINLength (6.11.4): it can only be raised; a shorter PIN must then be changed. */
function setMinPinLength(body: Body, params: CborMap): void {
  const { state, profile } = body;
  const wanted = optionalCount(params, 1) ?? state.minPinLength;
  if (wanted < state.minPinLength || wanted > 63) throw new StatusError(Status.PIN_POLICY_VIOLATION);
  const force = optionalFlag(params, 3) ?? false;
  if (force && state.pin === null) throw new StatusError(Status.PIN_NOT_SET);
  const list = optionalList(params, 2);
  if (list !== undefined) {
    if (list.length > profile.maxRpIdsForSetMinPinLength) throw new StatusError(Status.KEY_STORE_FULL);
    state.minPinRpIds = list.map((rpId) => {
      if (typeof rpId !== 'string') throw new StatusError(Status.CBOR_UNEXPECTED_TYPE);
      return rpId;
    });
  }
  state.minPinLength = wanted;
  if (force || (state.pin !== null && state.pin.length < wanted)) {
    state.forcePinChange = true;
    body.resetPinUvAuthTokens();
  }
}
