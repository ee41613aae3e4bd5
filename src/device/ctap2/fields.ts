/** Typed members of a map from a token. Every reader throws `token.misbehaved` where the type is another. */
import { DoorstepError } from '../../contract/errors.ts';
import { type CborKey, type CborMap, type CborValue, isCborMap } from './cbor.ts';

function wrong(key: CborKey): DoorstepError {
  return new DoorstepError('token.misbehaved', { reason: 'member', member: key });
}

/** A member that may be absent; `read` gives undefined where the type is wrong. */
function optional<T>(map: CborMap, key: CborKey, read: (value: CborValue) => T | undefined): T | undefined {
  const value = map.get(key);
  if (value === undefined) return undefined;
  const member = read(value);
  if (member === undefined) throw wrong(key);
  return member;
}

const asBytes = (value: CborValue) => (value instanceof Uint8Array ? value : undefined);
const asText = (value: CborValue) => (typeof value === 'string' ? value : undefined);
const asCount = (value: CborValue) => (typeof value === 'number' && value >= 0 ? value : undefined);
const asFlag = (value: CborValue) => (typeof value === 'boolean' ? value : undefined);
const asMap = (value: CborValue) => (isCborMap(value) ? value : undefined);
const asList = (value: CborValue) => (Array.isArray(value) ? (value as readonly CborValue[]) : undefined);

export const bytesAt = (map: CborMap, key: CborKey) => optional(map, key, asBytes);
export const textAt = (map: CborMap, key: CborKey) => optional(map, key, asText);
/** A non-negative integer up to 2^53 - 1. */
export const countAt = (map: CborMap, key: CborKey) => optional(map, key, asCount);
export const flagAt = (map: CborMap, key: CborKey) => optional(map, key, asFlag);
export const mapAt = (map: CborMap, key: CborKey) => optional(map, key, asMap);
export const listAt = (map: CborMap, key: CborKey) => optional(map, key, asList);

/** A list whose members are all read by `read`. */
export function listOf<T>(map: CborMap, key: CborKey, read: (value: CborValue) => T | undefined): readonly T[] | undefined {
  return listAt(map, key)?.map((value) => {
    const member = read(value);
    if (member === undefined) throw wrong(key);
    return member;
  });
}

export const textsAt = (map: CborMap, key: CborKey) => listOf(map, key, asText);
export const countsAt = (map: CborMap, key: CborKey) => listOf(map, key, asCount);

/** The member, which must be there. */
export function must<T>(member: T | undefined, key: CborKey): T {
  if (member === undefined) throw wrong(key);
  return member;
}
