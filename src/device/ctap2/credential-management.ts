/** authenticatorCredentialManagement (CTAP 2.1 section 6.8), and the same under its preview byte on FIDO_2_1_PRE tokens. */
import { concat } from '../bytes.ts';
import type { CallOptions, Link } from '../link.ts';
import { type CborMap, cborMap, encodeCbor } from './cbor.ts';
import { type Answer, COMMAND, sendAs } from './command.ts';
import { decodeDescriptor, decodeUser, encodeDescriptor, encodeUser, type UserEntity } from './credentials.ts';
import { bytesAt, countAt, mapAt, must, textAt } from './fields.ts';

const SUB = {
  getCredsMetadata: 0x01,
  enumerateRpsBegin: 0x02,
  enumerateRpsNext: 0x03,
  enumerateCredentialsBegin: 0x04,
  enumerateCredentialsNext: 0x05,
  deleteCredential: 0x06,
  updateUserInformation: 0x07,
} as const;

/** How to speak with one token: by which command, and with which pinUvAuthToken. */
export interface Manager {
  readonly link: Link;
  readonly preview: boolean;
  readonly protocol: number;
  readonly sign: (message: Uint8Array) => Uint8Array;
}

export interface CredentialsMetadata {
  readonly existing: number;
  readonly remaining: number;
}

export interface StoredRp {
  readonly id: string;
  readonly idHash: Uint8Array;
  /** How many relying parties there are; in the first answer only. */
  readonly total: number | undefined;
}

export interface StoredCredential {
  readonly credentialId: Uint8Array;
  readonly user: UserEntity;
  readonly publicKey: CborMap;
  /** How many credentials there are for this relying party; in the first answer only. */
  readonly total: number | undefined;
  readonly credProtect: number | undefined;
  readonly largeBlobKey: Uint8Array | undefined;
}

/** What pinUvAuthParam covers: the subcommand and its parameters (section 6.8.2 and on). */
export function managementMessage(subCommand: number, parameters: CborMap | undefined): Uint8Array {
  return parameters === undefined ? Uint8Array.of(subCommand) : concat(Uint8Array.of(subCommand), encodeCbor(parameters));
}

function manage<T>(
  manager: Manager,
  subCommand: number,
  parameters: CborMap | undefined,
  decode: (answer: CborMap) => T,
  options: CallOptions,
): Promise<Answer<T>> {
  // The "next" subcommands go on with what was authorized at the beginning.
  const next = subCommand === SUB.enumerateRpsNext || subCommand === SUB.enumerateCredentialsNext;
  const request = cborMap([
    [1, subCommand],
    [2, parameters],
    [3, next ? undefined : manager.protocol],
    [4, next ? undefined : manager.sign(managementMessage(subCommand, parameters))],
  ]);
  const command = manager.preview ? COMMAND.credentialManagementPreview : COMMAND.credentialManagement;
  return sendAs(manager.link, command, request, decode, { silenceMs: 30_000, ...options });
}

export function getCredsMetadata(manager: Manager, options: CallOptions = {}): Promise<Answer<CredentialsMetadata>> {
  const decode = (map: CborMap) => ({ existing: must(countAt(map, 1), 1), remaining: must(countAt(map, 2), 2) });
  return manage(manager, SUB.getCredsMetadata, undefined, decode, options);
}

function decodeRp(map: CborMap): StoredRp {
  return { id: must(textAt(must(mapAt(map, 3), 3), 'id'), 'id'), idHash: must(bytesAt(map, 4), 4), total: countAt(map, 5) };
}

export function enumerateRpsBegin(manager: Manager, options: CallOptions = {}): Promise<Answer<StoredRp>> {
  return manage(manager, SUB.enumerateRpsBegin, undefined, decodeRp, options);
}

export function enumerateRpsNext(manager: Manager, options: CallOptions = {}): Promise<Answer<StoredRp>> {
  return manage(manager, SUB.enumerateRpsNext, undefined, decodeRp, options);
}

function decodeStored(map: CborMap): StoredCredential {
  return {
    user: decodeUser(must(mapAt(map, 6), 6)),
    credentialId: must(decodeDescriptor(mapAt(map, 7)), 7),
    publicKey: must(mapAt(map, 8), 8),
    total: countAt(map, 9),
    credProtect: countAt(map, 0x0a),
    largeBlobKey: bytesAt(map, 0x0b),
  };
}

export function enumerateCredentialsBegin(
  manager: Manager,
  rpIdHash: Uint8Array,
  options: CallOptions = {},
): Promise<Answer<StoredCredential>> {
  return manage(manager, SUB.enumerateCredentialsBegin, cborMap([[1, rpIdHash]]), decodeStored, options);
}

export function enumerateCredentialsNext(manager: Manager, options: CallOptions = {}): Promise<Answer<StoredCredential>> {
  return manage(manager, SUB.enumerateCredentialsNext, undefined, decodeStored, options);
}

export function deleteCredential(manager: Manager, credentialId: Uint8Array, options: CallOptions = {}): Promise<Answer<null>> {
  return manage(manager, SUB.deleteCredential, cborMap([[2, encodeDescriptor(credentialId)]]), () => null, options);
}

/** Not known to preview tokens. `user.id` must be the one that is stored. */
export function updateUserInformation(
  manager: Manager,
  credentialId: Uint8Array,
  user: UserEntity,
  options: CallOptions = {},
): Promise<Answer<null>> {
  const parameters = cborMap([
    [2, encodeDescriptor(credentialId)],
    [3, encodeUser(user)],
  ]);
  return manage(manager, SUB.updateUserInformation, parameters, () => null, options);
}
