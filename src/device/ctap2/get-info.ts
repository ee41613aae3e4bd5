/** authenticatorGetInfo (CTAP 2.1 section 6.4). */
import { DoorstepError } from '../../contract/errors.ts';
import type { CallOptions, Link } from '../link.ts';
import { type CborMap, isCborMap } from './cbor.ts';
import { type Answer, COMMAND, sendAs } from './command.ts';
import { bytesAt, countAt, countsAt, flagAt, listOf, mapAt, must, textsAt } from './fields.ts';

export interface AuthenticatorInfo {
  readonly versions: readonly string[];
  readonly extensions: readonly string[];
  /** 16 bytes. */
  readonly aaguid: Uint8Array;
  /** Absent: unsupported; false: supported, not set up; true: set up. */
  readonly options: ReadonlyMap<string, boolean>;
  /** Bytes; 1024 where the token gives none. */
  readonly maxMsgSize: number;
  readonly pinUvAuthProtocols: readonly number[];
  readonly maxCredentialCountInList: number | undefined;
  readonly maxCredentialIdLength: number | undefined;
  readonly transports: readonly string[];
  /** COSE algorithm numbers in the token's order, or undefined where it gives none. */
  readonly algorithms: readonly number[] | undefined;
  readonly maxSerializedLargeBlobArray: number | undefined;
  readonly forcePinChange: boolean;
  /** Code points. */
  readonly minPinLength: number;
  readonly maxCredBlobLength: number | undefined;
  readonly maxRpIdsForSetMinPinLength: number | undefined;
  readonly preferredPlatformUvAttempts: number | undefined;
  readonly remainingDiscoverableCredentials: number | undefined;
  readonly longTouchForReset: boolean;
  readonly transportsForReset: readonly string[] | undefined;
  /** Code points; 63 where the token gives none. */
  readonly maxPinLength: number;
}

const DEFAULT_MESSAGE_SIZE = 1024;
const DEFAULT_MIN_PIN = 4;
const DEFAULT_MAX_PIN = 63;

/** Sends getInfo. Nobody has to touch anything, so the default patience is short. */
export function getInfo(link: Link, options: CallOptions = {}): Promise<Answer<AuthenticatorInfo>> {
  return sendAs(link, COMMAND.getInfo, null, decodeInfo, { silenceMs: 10_000, ...options });
}

/** Reads the answer's map. Members that are not known are passed over; those that are must have their type. */
export function decodeInfo(map: CborMap): AuthenticatorInfo {
  const aaguid = must(bytesAt(map, 3), 3);
  if (aaguid.length !== 16) throw new DoorstepError('token.misbehaved', { reason: 'aaguid' });
  const options = new Map<string, boolean>();
  for (const [name, value] of mapAt(map, 4) ?? []) {
    if (typeof name === 'string' && typeof value === 'boolean') options.set(name, value);
  }
  return {
    versions: must(textsAt(map, 1), 1),
    extensions: textsAt(map, 2) ?? [],
    aaguid,
    options,
    maxMsgSize: countAt(map, 5) ?? DEFAULT_MESSAGE_SIZE,
    pinUvAuthProtocols: countsAt(map, 6) ?? [],
    maxCredentialCountInList: countAt(map, 7),
    maxCredentialIdLength: countAt(map, 8),
    transports: textsAt(map, 9) ?? [],
    algorithms: listOf(map, 0x0a, (entry) => {
      const algorithm = isCborMap(entry) ? entry.get('alg') : undefined;
      return typeof algorithm === 'number' ? algorithm : undefined;
    }),
    maxSerializedLargeBlobArray: countAt(map, 0x0b),
    forcePinChange: flagAt(map, 0x0c) ?? false,
    minPinLength: Math.max(DEFAULT_MIN_PIN, countAt(map, 0x0d) ?? DEFAULT_MIN_PIN),
    maxCredBlobLength: countAt(map, 0x0f),
    maxRpIdsForSetMinPinLength: countAt(map, 0x10),
    preferredPlatformUvAttempts: countAt(map, 0x11),
    remainingDiscoverableCredentials: countAt(map, 0x14),
    longTouchForReset: flagAt(map, 0x18) ?? false,
    transportsForReset: textsAt(map, 0x1a),
    maxPinLength: countAt(map, 0x1d) ?? DEFAULT_MAX_PIN,
  };
}
