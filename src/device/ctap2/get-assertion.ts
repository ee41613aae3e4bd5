/** authenticatorGetAssertion (CTAP 2.1 section 6.2). */
import type { CallOptions, Link } from '../link.ts';
import { type AuthenticatorData, parseAuthenticatorData } from './auth-data.ts';
import { type CborMap, cborMap } from './cbor.ts';
import { type Answer, COMMAND, encodeCommand, sendAs } from './command.ts';
import { decodeDescriptor, decodeUser, encodeDescriptors, type UserEntity } from './credentials.ts';
import { bytesAt, countAt, flagAt, mapAt, must } from './fields.ts';

export interface GetAssertionRequest {
  readonly rpId: string;
  /** SHA-256 of clientDataJSON. */
  readonly clientDataHash: Uint8Array;
  readonly allowList?: readonly Uint8Array[];
  readonly extensions?: CborMap;
  /** false asks silently whether the token knows a credential; true is the default and not sent. */
  readonly userPresence?: boolean;
  readonly userVerification?: boolean;
  readonly pinUvAuth?: { readonly protocol: number; readonly param: Uint8Array };
}

export interface Assertion {
  /** Absent only where the allow list had one entry. */
  readonly credentialId: Uint8Array | undefined;
  readonly authData: AuthenticatorData;
  readonly signature: Uint8Array;
  readonly user: UserEntity | undefined;
  /** How many credentials the token holds for this; in the first answer only. */
  readonly numberOfCredentials: number;
  /** The person chose on the token's own display. */
  readonly userSelected: boolean;
  readonly largeBlobKey: Uint8Array | undefined;
}

export function encodeGetAssertion(request: GetAssertionRequest): CborMap {
  const options = cborMap([
    ['up', request.userPresence === false ? false : undefined],
    ['uv', request.userVerification || undefined],
  ]);
  return cborMap([
    [1, request.rpId],
    [2, request.clientDataHash],
    [3, encodeDescriptors(request.allowList)],
    [4, request.extensions === undefined || request.extensions.size === 0 ? undefined : request.extensions],
    [5, options.size === 0 ? undefined : options],
    [6, request.pinUvAuth?.param],
    [7, request.pinUvAuth?.protocol],
  ]);
}

/** Throws `token.misbehaved` for an answer that is not one. */
export function decodeAssertion(map: CborMap): Assertion {
  const user = mapAt(map, 4);
  return {
    credentialId: decodeDescriptor(mapAt(map, 1)),
    authData: parseAuthenticatorData(must(bytesAt(map, 2), 2)),
    signature: must(bytesAt(map, 3), 3),
    user: user === undefined ? undefined : decodeUser(user),
    numberOfCredentials: countAt(map, 5) ?? 1,
    userSelected: flagAt(map, 6) ?? false,
    largeBlobKey: bytesAt(map, 7),
  };
}

export function sizeOfGetAssertion(request: GetAssertionRequest): number {
  return encodeCommand(COMMAND.getAssertion, encodeGetAssertion(request)).length;
}

export function getAssertion(link: Link, request: GetAssertionRequest, options: CallOptions = {}): Promise<Answer<Assertion>> {
  return sendAs(link, COMMAND.getAssertion, encodeGetAssertion(request), decodeAssertion, options);
}
