import type { CborMap } from '../cbor.ts';
import { Status, StatusError } from '../status.ts';
import type { Body } from './body.ts';
import { optionalBytes, optionalCount, required } from './parameters.ts';

/** Where a command finds its pinUvAuthParam and pinUvAuthProtocol. */
export interface AuthKeys {
  readonly param: number;
  readonly protocol: number;
}

/**
 * A zero-length pinUvAuthParam asks for a touch alone: how a platform lets people choose among several CTAP 2.0 keys.
 * Always ends the command. Also checks that the protocol is one of ours (CTAP 2.1, 6.1.2 and 6.2.2, steps 1 and 2).
 */
export async function startOfCommand(body: Body, request: CborMap, keys: AuthKeys, signal: AbortSignal): Promise<void> {
  const param = optionalBytes(request, keys.param);
  if (param === undefined) return;
  if (param.length === 0 && body.profile.clientPin) {
    await body.touch(signal);
    throw new StatusError(body.state.pin === null ? Status.PIN_NOT_SET : Status.PIN_INVALID);
  }
  body.protocol(required(optionalCount(request, keys.protocol)));
}

/**
 * Verifies the person by the pinUvAuthToken, or by the sensor where the platform asked with the option `uv`.
 * Returns whether the person is verified, and whether that was a touch already.
 */
export async function verifyUser(
  body: Body,
  request: CborMap,
  asked: { readonly keys: AuthKeys; readonly permission: number; readonly rpId: string; readonly hash: Buffer; readonly uv: boolean },
  signal: AbortSignal,
): Promise<{ uv: boolean; up: boolean }> {
  const param = optionalBytes(request, asked.keys.param);
  if (param !== undefined) {
    const protocol = body.protocol(required(optionalCount(request, asked.keys.protocol)));
    body.auth.check(protocol, asked.hash, param, asked.permission, asked.rpId);
    if (!body.auth.verified) throw new StatusError(Status.PIN_AUTH_INVALID);
    body.auth.bind(asked.rpId);
    return { uv: true, up: body.auth.present };
  }
  if (!asked.uv) return { uv: false, up: false };
  try {
    await body.verifyFinger(signal);
  } catch (error) {
    // A platform that can ask for the PIN should (6.1.2, step 11.2).
    const failed = error instanceof StatusError && (error.status === Status.UV_BLOCKED || error.status === Status.UV_INVALID);
    if (failed && body.state.pin !== null) throw new StatusError(Status.PUAT_REQUIRED);
    if (failed) throw new StatusError(Status.OPERATION_DENIED);
    throw error;
  }
  return { uv: true, up: true };
}
