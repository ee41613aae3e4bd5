/** authenticatorLargeBlobs (CTAP 2.1 section 6.10): one array a token, read and written in fragments. */
import { DoorstepError } from '../../contract/errors.ts';
import { concat, equalBytes, sha256 } from '../bytes.ts';
import { type CallOptions, type Link, MAX_LINK_MESSAGE } from '../link.ts';
import { type CborMap, type CborValue, cborMap, decodeCbor, encodeCbor, isCborMap } from './cbor.ts';
import { type Answer, COMMAND, send, sendAs } from './command.ts';
import { bytesAt, must } from './fields.ts';
import type { AuthenticatorInfo } from './get-info.ts';

/** What a message needs beside its fragment (section 6.10.2: maxFragmentLength = maxMsgSize - 64). */
const AROUND_FRAGMENT = 64;
const LEAST_MESSAGE = 1024;
const HASH = 16;
/** Bytes: the greatest array that we read, whatever a token announces. */
const MOST = 65_536;

/** What stands in an array: entries of others are kept as they are. */
export type BlobArray = readonly CborValue[];

/** Bytes that one fragment may have. */
export function fragmentLength(info: AuthenticatorInfo): number {
  return Math.min(Math.max(info.maxMsgSize, LEAST_MESSAGE), MAX_LINK_MESSAGE) - AROUND_FRAGMENT;
}

/** Bytes that the serialized array may have on this token. */
export function capacity(info: AuthenticatorInfo): number {
  return Math.min(info.maxSerializedLargeBlobArray ?? LEAST_MESSAGE, MOST);
}

/** Parses the serialized array; a broken one counts as empty, as section 6.10.2 says. */
export function parseBlobArray(serialized: Uint8Array): BlobArray {
  if (serialized.length <= HASH) return [];
  const array = serialized.subarray(0, serialized.length - HASH);
  if (!equalBytes(sha256(array).subarray(0, HASH), serialized.subarray(serialized.length - HASH))) return [];
  try {
    const entries = decodeCbor(array);
    return Array.isArray(entries) ? (entries as BlobArray) : [];
  } catch {
    return [];
  }
}

export function serializeBlobArray(entries: BlobArray): Uint8Array {
  const array = encodeCbor(entries);
  return concat(array, sha256(array).subarray(0, HASH));
}

/** Reads the whole serialized array. Bounded by `capacity`; throws `token.misbehaved` for a token that sends more. */
export async function readLargeBlobs(link: Link, info: AuthenticatorInfo, options: CallOptions = {}): Promise<Answer<Uint8Array>> {
  const step = fragmentLength(info);
  const most = capacity(info);
  const fragments: Uint8Array[] = [];
  for (let offset = 0; ; ) {
    const parameters = cborMap([
      [1, step],
      [3, offset],
    ]);
    const answer = await sendAs(link, COMMAND.largeBlobs, parameters, (map: CborMap) => must(bytesAt(map, 1), 1), options);
    if (!answer.ok) return answer;
    const fragment = answer.value;
    offset += fragment.length;
    if (fragment.length > step || offset > most) throw new DoorstepError('token.misbehaved', { reason: 'large-blobs' });
    fragments.push(fragment);
    if (fragment.length < step) return { ok: true, value: concat(...fragments) };
  }
}

/** Signs what a fragment's pinUvAuthParam is over; absent on a token without protection. */
export interface BlobProof {
  readonly protocol: number;
  readonly sign: (message: Uint8Array) => Uint8Array;
}

/** What a fragment's MAC covers (section 6.10.2, "authenticatorLargeBlobs", step 5 of set). */
export function fragmentMessage(offset: number, fragment: Uint8Array): Uint8Array {
  const position = new Uint8Array(4);
  new DataView(position.buffer).setUint32(0, offset, true);
  return concat(new Uint8Array(32).fill(0xff), Uint8Array.of(COMMAND.largeBlobs, 0x00), position, sha256(fragment));
}

/** Writes the whole serialized array. */
export async function writeLargeBlobs(
  link: Link,
  info: AuthenticatorInfo,
  serialized: Uint8Array,
  proof: BlobProof | undefined,
  options: CallOptions = {},
): Promise<Answer<null>> {
  const step = fragmentLength(info);
  for (let offset = 0; offset < serialized.length; offset += step) {
    const fragment = serialized.slice(offset, offset + step);
    const parameters = cborMap([
      [2, fragment],
      [3, offset],
      [4, offset === 0 ? serialized.length : undefined],
      [5, proof?.sign(fragmentMessage(offset, fragment))],
      [6, proof?.protocol],
    ]);
    const answer = await send(link, COMMAND.largeBlobs, parameters, options);
    if (!answer.ok) return answer;
  }
  return { ok: true, value: null };
}

/** The members of an entry that is a large blob as section 6.10.3 lays it out; null for any other. */
export function blobEntry(entry: CborValue): { readonly ciphertext: Uint8Array; readonly nonce: Uint8Array; readonly size: number } | null {
  if (!isCborMap(entry)) return null;
  const [ciphertext, nonce, size] = [entry.get(1), entry.get(2), entry.get(3)];
  const whole =
    ciphertext instanceof Uint8Array && nonce instanceof Uint8Array && nonce.length === 12 && typeof size === 'number' && size >= 0;
  return whole ? { ciphertext, nonce, size } : null;
}
