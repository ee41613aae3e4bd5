/** Asserting as a WebAuthn client (WebAuthn Level 3, section 5.1.4; CTAP 2.1 section 6.2.1). */
import { DoorstepError } from '../../contract/errors.ts';
import type { AssertionJson, RequestOptionsJson } from '../../contract/tokens.ts';
import { equalBytes, sha256, utf8 } from '../bytes.ts';
import { FLAG } from '../ctap2/auth-data.ts';
import { PERMISSION } from '../ctap2/client-pin.ts';
import { type Answer, unwrap } from '../ctap2/command.ts';
import { type Assertion, type GetAssertionRequest, getAssertion, sizeOfGetAssertion } from '../ctap2/get-assertion.ts';
import { getNextAssertion } from '../ctap2/get-next-assertion.ts';
import type { SharedSecret } from '../ctap2/pin-protocol.ts';
import { assertionJson } from './assertion-json.ts';
import type { Ceremony } from './human.ts';
import { type Request, readRequest } from './options.ts';
import { findHeld, listFits, possibleIds } from './preflight.ts';
import { requestExtensions } from './request-extensions.ts';
import { shownText } from './shown-text.ts';
import type { SessionToken } from './token.ts';
import { throwIfStopped, touching } from './touch.ts';
import { assertU2f } from './u2f.ts';
import { proofMembers, type UserProof, withProof } from './user-proof.ts';

export interface AssertRequest {
  /** Serialized origin, such as "https://login.example". */
  readonly origin: string;
  readonly options: RequestOptionsJson;
}

/** More passkeys than this for one site are not offered for choice. */
const MOST_PASSKEYS = 64;
/** Bytes that extensions may add to a request whose list is being sized. */
const EXTENSION_ROOM = 240;
/** An id that no token has: with it, a token asks for the touch and then says that it has none. */
const NOBODYS_ID = Uint8Array.of(0);

interface Signed {
  readonly assertion: Assertion;
  readonly secret: SharedSecret | null;
}

/**
 * Signs with a credential of `token`.
 * Throws `rp.not-allowed`, `request.malformed`, `token.no-credentials`, `token.unsupported`, `token.not-touched`,
 * the `pin.*` codes of `withProof`, and what a link throws.
 */
export async function assert(token: SessionToken, request: AssertRequest, ceremony: Ceremony): Promise<AssertionJson> {
  const wanted = readRequest(request.options, request.origin);
  return token.info === null ? assertU2f(token, wanted, ceremony) : assertCtap2(token, wanted, ceremony);
}

async function assertCtap2(token: SessionToken, request: Request, ceremony: Ceremony): Promise<AssertionJson> {
  const info = token.ctap2;
  const extensions = requestExtensions(token, request, ceremony);
  const base: GetAssertionRequest = { rpId: request.rpId, clientDataHash: request.clientDataHash };
  const allow = possibleIds(info, request.allow);
  const room = Object.keys(request.extensions).length === 0 ? 0 : EXTENSION_ROOM;
  const whole = listFits(info, allow.length, sizeOfGetAssertion({ ...base, allowList: allow }) + room);
  const need = {
    permissions: PERMISSION.getAssertion | (extensions.writes ? PERMISSION.largeBlobWrite : 0),
    rpId: request.rpId,
    wanted: request.userVerification,
    operation: 'get',
  } as const;

  let proved: UserProof = { kind: 'none' };
  const answer = await withProof(token, need, ceremony, async (proof): Promise<Answer<Signed>> => {
    proved = proof;
    const allowList = await listFor(token, request, allow, whole, proof, ceremony);
    const { map, secret } = await extensions.inputs(proof);
    const command = { ...base, allowList, extensions: map, ...proofMembers(proof, request.clientDataHash) };
    const first = await touching([token], 'use', ceremony, () => getAssertion(token.link, command, { signal: ceremony.signal }));
    return first.ok ? { ok: true, value: { assertion: first.value, secret } } : first;
  });
  const { assertion: first, secret } = unwrap(answer);
  const assertion = await chosen(token, request, first, ceremony);
  const credentialId = checkAssertion(assertion, request, allow);
  return assertionJson(request, {
    credentialId,
    authenticatorData: assertion.authData.bytes,
    signature: assertion.signature,
    userHandle: assertion.user?.id,
    extensions: await extensions.outputs(assertion, proved, secret),
  });
}

async function listFor(
  token: SessionToken,
  request: Request,
  allow: readonly Uint8Array[],
  whole: boolean,
  proof: UserProof,
  ceremony: Ceremony,
): Promise<readonly Uint8Array[]> {
  if (request.allow.length === 0) return [];
  if (allow.length === 0) return [NOBODYS_ID];
  if (whole) return allow;
  return [(await findHeld(token, request.rpId, allow, proof, { signal: ceremony.signal })) ?? NOBODYS_ID];
}

/** With several passkeys for the site the person chooses, unless the token's own display has let them. */
async function chosen(token: SessionToken, request: Request, first: Assertion, ceremony: Ceremony): Promise<Assertion> {
  if (request.allow.length > 0 || first.userSelected || first.numberOfCredentials <= 1) return first;
  const assertions = [first];
  while (assertions.length < Math.min(first.numberOfCredentials, MOST_PASSKEYS)) {
    // Any other command in between would end the sequence (section 6.3).
    assertions.push(unwrap(await getNextAssertion(token.link, { signal: ceremony.signal })));
    throwIfStopped(ceremony);
  }
  const users = assertions.map(({ user }) => ({ name: shownText(user?.name ?? ''), displayName: shownText(user?.displayName ?? '') }));
  const { index } = await ceremony.human.ask({ kind: 'choose-passkey', tokenId: token.id, users }, ceremony.signal);
  const assertion = assertions[index];
  if (assertion === undefined) throw new DoorstepError('token.canceled');
  return assertion;
}

/** The token's answer must be about what was asked: nothing of it goes on to the relying party otherwise. */
function checkAssertion({ authData, credentialId, user }: Assertion, request: Request, allow: readonly Uint8Array[]): Uint8Array {
  const wrong = (why: string) => new DoorstepError('token.misbehaved', { reason: 'assertion', why });
  if (!equalBytes(authData.rpIdHash, sha256(utf8(request.rpId)))) throw wrong('rp-id');
  if ((authData.flags & FLAG.up) === 0) throw wrong('no-touch');
  if (request.userVerification === 'required' && (authData.flags & FLAG.uv) === 0) throw wrong('not-verified');
  if (user !== undefined && (user.id.length === 0 || user.id.length > 64)) throw wrong('user-handle');
  if (request.allow.length === 0) {
    if (credentialId === undefined || user === undefined) throw wrong('no-user');
    return credentialId;
  }
  // CTAP 2.0 lets a token leave the id out where the list had one entry.
  const id = credentialId ?? (allow.length === 1 ? allow[0] : undefined);
  if (id === undefined || !allow.some((allowed) => equalBytes(allowed, id))) throw wrong('credential-id');
  return id;
}
