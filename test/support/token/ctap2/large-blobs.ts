import type { Cbor, CborMap } from '../cbor.ts';
import { sha256 } from '../state.ts';
import { Status, StatusError } from '../status.ts';
import type { Body } from './body.ts';
import { optionalBytes, optionalCount, required } from './parameters.ts';
import { Permission } from './pin-uv-auth.ts';

/** An empty array and 16 bytes of hash. */
const MIN_ARRAY_LENGTH = 17;
const HASH_LENGTH = 16;

/** authenticatorLargeBlobs (CTAP 2.1, 6.10). */
export function largeBlobs(body: Body, request: CborMap): CborMap | null {
  const offset = optionalCount(request, 3);
  const get = optionalCount(request, 1);
  const set = optionalBytes(request, 2);
  if (offset === undefined || (get === undefined) === (set === undefined)) throw new StatusError(Status.INVALID_PARAMETER);
  const longest = body.profile.maxMsgSize - 64;
  if (get !== undefined) {
    if (request.has(4) || request.has(5) || request.has(6)) throw new StatusError(Status.INVALID_PARAMETER);
    if (get > longest) throw new StatusError(Status.INVALID_LENGTH);
    if (offset > body.state.largeBlobs.length) throw new StatusError(Status.INVALID_PARAMETER);
    return new Map<number, Cbor>([[1, body.state.largeBlobs.subarray(offset, offset + get)]]);
  }
  const fragment = required(set);
  if (fragment.length > longest) throw new StatusError(Status.INVALID_LENGTH);
  return write(body, request, offset, fragment);
}

function write(body: Body, request: CborMap, offset: number, fragment: Buffer): null {
  const length = optionalCount(request, 4);
  if (offset === 0) {
    if (length === undefined) throw new StatusError(Status.INVALID_PARAMETER);
    if (length > body.profile.maxSerializedLargeBlobArray) throw new StatusError(Status.LARGE_BLOB_STORAGE_FULL);
    if (length < MIN_ARRAY_LENGTH) throw new StatusError(Status.INVALID_PARAMETER);
    body.largeBlobWrite = { length, data: Buffer.alloc(length), filled: 0 };
  } else if (length !== undefined) {
    throw new StatusError(Status.INVALID_PARAMETER);
  }
  const current = body.largeBlobWrite;
  if (current === null || offset !== current.filled) throw new StatusError(Status.INVALID_SEQ);
  authorize(body, request, offset, fragment);
  if (offset + fragment.length > current.length) throw new StatusError(Status.INVALID_PARAMETER);
  current.filled += fragment.copy(current.data, offset);
  if (current.filled < current.length) return null;

  body.largeBlobWrite = null;
  const end = current.length - HASH_LENGTH;
  if (!sha256(current.data.subarray(0, end)).subarray(0, HASH_LENGTH).equals(current.data.subarray(end))) {
    throw new StatusError(Status.INTEGRITY_FAILURE);
  }
  body.state.largeBlobs = current.data;
  body.save();
  return null;
}

/** The message is 32 x FF || 0C 00 || offset (4 bytes, little-endian) || SHA-256 of the fragment. */
function authorize(body: Body, request: CborMap, offset: number, fragment: Buffer): void {
  const mac = optionalBytes(request, 5);
  if (!body.protected && !body.state.alwaysUv && mac === undefined) return;
  if (mac === undefined) throw new StatusError(Status.PUAT_REQUIRED);
  const protocol = body.protocol(required(optionalCount(request, 6)));
  const at = Buffer.alloc(4);
  at.writeUInt32LE(offset);
  const message = Buffer.concat([Buffer.alloc(32, 0xff), Buffer.of(0x0c, 0x00), at, sha256(fragment)]);
  body.auth.check(protocol, message, mac, Permission.lbw, 'any');
}
