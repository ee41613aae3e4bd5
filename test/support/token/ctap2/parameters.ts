import type { Cbor, CborKey, CborMap } from '../cbor.ts';
import { Status, StatusError } from '../status.ts';

/** Readers for request maps: absent is undefined, or MISSING_PARAMETER where needed; a wrong type ends the command. */

const wrongType = (): never => {
  throw new StatusError(Status.CBOR_UNEXPECTED_TYPE);
};

export function optionalBytes(map: CborMap, key: CborKey): Buffer | undefined {
  const value = map.get(key);
  if (value === undefined) return undefined;
  return value instanceof Uint8Array ? Buffer.from(value) : wrongType();
}

export function optionalText(map: CborMap, key: CborKey): string | undefined {
  const value = map.get(key);
  return value === undefined || typeof value === 'string' ? value : wrongType();
}

/** A non-negative integer. */
export function optionalCount(map: CborMap, key: CborKey): number | undefined {
  const value = map.get(key);
  if (value === undefined) return undefined;
  return typeof value === 'number' && value >= 0 ? value : wrongType();
}

export function optionalFlag(map: CborMap, key: CborKey): boolean | undefined {
  const value = map.get(key);
  return value === undefined || typeof value === 'boolean' ? value : wrongType();
}

export function optionalMap(map: CborMap, key: CborKey): CborMap | undefined {
  const value = map.get(key);
  return value === undefined || value instanceof Map ? value : wrongType();
}

export function optionalList(map: CborMap, key: CborKey): Cbor[] | undefined {
  const value = map.get(key);
  return value === undefined || Array.isArray(value) ? value : wrongType();
}

/** @throws StatusError MISSING_PARAMETER */
export function required<T>(value: T | undefined): T {
  if (value === undefined) throw new StatusError(Status.MISSING_PARAMETER);
  return value;
}

/** The ids of a list of PublicKeyCredentialDescriptor; members of other types are passed over. */
export function descriptorIds(list: readonly Cbor[]): Buffer[] {
  const ids: Buffer[] = [];
  for (const item of list) {
    if (!(item instanceof Map)) return wrongType();
    if (required(optionalText(item, 'type')) === 'public-key') ids.push(required(optionalBytes(item, 'id')));
  }
  return ids;
}
