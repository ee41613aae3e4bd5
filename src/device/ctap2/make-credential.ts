/** authenticatorMakeCredential (CTAP 2.1 section 6.1). */
import type { CallOptions, Link } from '../link.ts';
import { type AuthenticatorData, parseAuthenticatorData } from './auth-data.ts';
import { type CborMap, cborMap } from './cbor.ts';
import { type Answer, COMMAND, encodeCommand, sendAs } from './command.ts';
import { encodeAlgorithms, encodeDescriptors, encodeRp, encodeUser, type RpEntity, type UserEntity } from './credentials.ts';
import { bytesAt, flagAt, mapAt, must, textAt } from './fields.ts';

export interface MakeCredentialRequest {
  /** SHA-256 of clientDataJSON. */
  readonly clientDataHash: Uint8Array;
  readonly rp: RpEntity;
  readonly user: UserEntity;
  /** COSE algorithm numbers, best first. */
  readonly algorithms: readonly number[];
  readonly excludeList?: readonly Uint8Array[];
  readonly extensions?: CborMap;
  /** Defaults of the token are left out: an option that is not sent costs nothing and offends no old token. */
  readonly residentKey?: boolean;
  readonly userVerification?: boolean;
  readonly pinUvAuth?: { readonly protocol: number; readonly param: Uint8Array };
  /** 1 vendor-facilitated, 2 platform-managed. */
  readonly enterpriseAttestation?: 1 | 2;
}

export interface MadeCredential {
  readonly format: string;
  readonly authData: AuthenticatorData;
  readonly statement: CborMap;
  readonly enterprise: boolean;
  readonly largeBlobKey: Uint8Array | undefined;
}

export function encodeMakeCredential(request: MakeCredentialRequest): CborMap {
  const options = cborMap([
    ['rk', request.residentKey || undefined],
    ['uv', request.userVerification || undefined],
  ]);
  return cborMap([
    [1, request.clientDataHash],
    [2, encodeRp(request.rp)],
    [3, encodeUser(request.user)],
    [4, encodeAlgorithms(request.algorithms)],
    [5, encodeDescriptors(request.excludeList)],
    [6, request.extensions === undefined || request.extensions.size === 0 ? undefined : request.extensions],
    [7, options.size === 0 ? undefined : options],
    [8, request.pinUvAuth?.param],
    [9, request.pinUvAuth?.protocol],
    [0x0a, request.enterpriseAttestation],
  ]);
}

/** Throws `token.misbehaved` for an answer that is not one. */
export function decodeMadeCredential(map: CborMap): MadeCredential {
  return {
    format: must(textAt(map, 1), 1),
    authData: parseAuthenticatorData(must(bytesAt(map, 2), 2)),
    // CTAP 2.1 makes the statement optional with the format "none".
    statement: mapAt(map, 3) ?? cborMap([]),
    enterprise: flagAt(map, 4) ?? false,
    largeBlobKey: bytesAt(map, 5),
  };
}

export function sizeOfMakeCredential(request: MakeCredentialRequest): number {
  return encodeCommand(COMMAND.makeCredential, encodeMakeCredential(request)).length;
}

export function makeCredential(link: Link, request: MakeCredentialRequest, options: CallOptions = {}): Promise<Answer<MadeCredential>> {
  return sendAs(link, COMMAND.makeCredential, encodeMakeCredential(request), decodeMadeCredential, options);
}
