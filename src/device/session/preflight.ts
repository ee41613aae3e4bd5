/** Long lists of credentials: what fits one request, and which of them the token holds where they do not (CTAP 2.1 section 7.1). */

import { encodeCbor } from '../ctap2/cbor.ts';
import { encodeDescriptors } from '../ctap2/credentials.ts';
import { type GetAssertionRequest, getAssertion, sizeOfGetAssertion } from '../ctap2/get-assertion.ts';
import type { AuthenticatorInfo } from '../ctap2/get-info.ts';
import { STATUS, statusError } from '../ctap2/status.ts';
import { type CallOptions, MAX_LINK_MESSAGE } from '../link.ts';
import type { SessionToken } from './token.ts';
import { proofMembers, type UserProof } from './user-proof.ts';

/** Every token takes this much (CTAP 2.1 section 6.4, maxMsgSize). */
const LEAST_MESSAGE = 1024;
/** A pinUvAuthParam, its protocol and their keys. */
const PROOF_BYTES = 40;

function longestMessage(info: AuthenticatorInfo): number {
  return Math.min(Math.max(info.maxMsgSize, LEAST_MESSAGE), MAX_LINK_MESSAGE);
}

/** The ids that the token can hold at all: it says how long its own are. */
export function possibleIds(info: AuthenticatorInfo, ids: readonly Uint8Array[]): readonly Uint8Array[] {
  const longest = info.maxCredentialIdLength;
  return longest === undefined || longest === 0 ? ids : ids.filter((id) => id.length <= longest);
}

/** Whether a request of `size` bytes, proof not counted, with a list of `count` ids can be sent whole. */
export function listFits(info: AuthenticatorInfo, count: number, size: number): boolean {
  return count <= (info.maxCredentialCountInList || Number.POSITIVE_INFINITY) && size + PROOF_BYTES <= longestMessage(info);
}

/**
 * Asks silently, part by part, which of `ids` the token holds; the first one, or null. With a proof it also finds what is
 * protected by user verification. Throws what a refusing token means.
 */
export async function findHeld(
  token: SessionToken,
  rpId: string,
  ids: readonly Uint8Array[],
  proof: UserProof,
  options: CallOptions,
): Promise<Uint8Array | null> {
  const info = token.ctap2;
  const clientDataHash = new Uint8Array(32);
  const members = proofMembers(proof.kind === 'token' ? proof : { kind: 'none' }, clientDataHash);
  const request: GetAssertionRequest = { rpId, clientDataHash, userPresence: false, ...members };
  for (const part of partsOf(info, ids, sizeOfGetAssertion(request))) {
    const answer = await getAssertion(token.link, { ...request, allowList: part }, options);
    if (answer.ok) return answer.value.credentialId ?? (part.length === 1 ? (part[0] ?? null) : null);
    if (answer.status !== STATUS.noCredentials && answer.status !== STATUS.invalidCredential) throw statusError(answer.status);
  }
  return null;
}

function* partsOf(info: AuthenticatorInfo, ids: readonly Uint8Array[], baseSize: number): Generator<readonly Uint8Array[]> {
  const most = info.maxCredentialCountInList || Number.POSITIVE_INFINITY;
  const room = longestMessage(info) - baseSize - PROOF_BYTES;
  let part: Uint8Array[] = [];
  let size = 0;
  for (const id of ids) {
    const bytes = encodeCbor(encodeDescriptors([id]) ?? []).length;
    if (part.length > 0 && (part.length >= most || size + bytes > room)) {
      yield part;
      part = [];
      size = 0;
    }
    part.push(id);
    size += bytes;
  }
  if (part.length > 0) yield part;
}
