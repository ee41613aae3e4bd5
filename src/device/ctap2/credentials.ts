/** Entities and descriptors as the CTAP2 commands carry them (WebAuthn sections 5.4 and 5.8.3, as CBOR maps). */
import { type CborMap, type CborValue, cborMap, isCborMap } from './cbor.ts';
import { bytesAt, must, textAt } from './fields.ts';

export interface RpEntity {
  readonly id: string;
  readonly name?: string;
}

export interface UserEntity {
  readonly id: Uint8Array;
  readonly name?: string;
  readonly displayName?: string;
}

export function encodeRp(rp: RpEntity): CborMap {
  return cborMap([
    ['id', rp.id],
    ['name', rp.name || undefined],
  ]);
}

export function encodeUser(user: UserEntity): CborMap {
  return cborMap([
    ['id', user.id],
    ['name', user.name || undefined],
    ['displayName', user.displayName || undefined],
  ]);
}

export function decodeUser(map: CborMap): UserEntity {
  const name = textAt(map, 'name');
  const displayName = textAt(map, 'displayName');
  return {
    id: must(bytesAt(map, 'id'), 'id'),
    ...(name === undefined ? {} : { name }),
    ...(displayName === undefined ? {} : { displayName }),
  };
}

/** The id alone: transports say nothing to the token that holds the credential, and cost packets. */
export function encodeDescriptor(id: Uint8Array): CborMap {
  return cborMap([
    ['id', id],
    ['type', 'public-key'],
  ]);
}

export function encodeDescriptors(ids: readonly Uint8Array[] | undefined): CborValue | undefined {
  return ids === undefined || ids.length === 0 ? undefined : ids.map(encodeDescriptor);
}

/** The id in a descriptor map. */
export function decodeDescriptor(value: CborValue | undefined): Uint8Array | undefined {
  return isCborMap(value) ? must(bytesAt(value, 'id'), 'id') : undefined;
}

export function encodeAlgorithms(algorithms: readonly number[]): CborValue {
  return algorithms.map((alg) =>
    cborMap([
      ['alg', alg],
      ['type', 'public-key'],
    ]),
  );
}
