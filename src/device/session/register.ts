/** Registering as a WebAuthn client (WebAuthn Level 3, section 5.1.3; CTAP 2.1 section 6.1.1). */
import { DoorstepError } from '../../contract/errors.ts';
import type { CreationOptionsJson, RegistrationJson } from '../../contract/tokens.ts';
import { equalBytes, sha256 } from '../bytes.ts';
import { FLAG } from '../ctap2/auth-data.ts';
import { PERMISSION } from '../ctap2/client-pin.ts';
import { unwrap } from '../ctap2/command.ts';
import { type MadeCredential, type MakeCredentialRequest, makeCredential, sizeOfMakeCredential } from '../ctap2/make-credential.ts';
import { creationExtensions } from './creation-extensions.ts';
import type { Ceremony } from './human.ts';
import { type Creation, readCreation } from './options.ts';
import { findHeld, listFits, possibleIds } from './preflight.ts';
import { registrationJson } from './registration-json.ts';
import type { SessionToken } from './token.ts';
import { touching } from './touch.ts';
import { registerU2f } from './u2f.ts';
import { proofMembers, type UserProof, withProof } from './user-proof.ts';

export interface RegisterRequest {
  /** Serialized origin, such as "https://login.example". */
  readonly origin: string;
  readonly options: CreationOptionsJson;
}

/**
 * Makes a credential on `token`.
 * Throws `rp.not-allowed`, `request.malformed`, `token.excluded`, `token.full`, `token.unsupported`, `token.not-touched`,
 * the `pin.*` codes of `withProof`, and what a link throws.
 */
export async function register(token: SessionToken, request: RegisterRequest, ceremony: Ceremony): Promise<RegistrationJson> {
  const creation = readCreation(request.options, request.origin);
  return token.info === null ? registerU2f(token, creation, ceremony) : registerCtap2(token, creation, ceremony);
}

async function registerCtap2(token: SessionToken, creation: Creation, ceremony: Ceremony): Promise<RegistrationJson> {
  const info = token.ctap2;
  const residentKey = wantsResidentKey(token, creation);
  const extensions = creationExtensions(token, creation, residentKey);
  const exclude = possibleIds(info, creation.exclude);
  const base: MakeCredentialRequest = {
    clientDataHash: creation.clientDataHash,
    rp: creation.rp,
    user: creation.user,
    algorithms: algorithmsFor(info.algorithms, creation.algorithms),
    extensions: extensions.inputs,
    residentKey,
    ...(creation.attestation === 'enterprise' && token.option('ep') === true ? { enterpriseAttestation: 1 } : {}),
  };
  const whole = listFits(info, exclude.length, sizeOfMakeCredential({ ...base, excludeList: exclude }));
  const need = {
    // Looking for excluded credentials one part at a time is an assertion.
    permissions: PERMISSION.makeCredential | (whole ? 0 : PERMISSION.getAssertion),
    rpId: creation.rp.id,
    wanted: creation.userVerification,
    operation: 'make',
    residentKey,
  } as const;

  const answer = await withProof(token, need, ceremony, async (proof: UserProof) => {
    const excludeList = whole ? exclude : await heldAmong(token, creation, exclude, proof, ceremony);
    const request = { ...base, excludeList, ...proofMembers(proof, creation.clientDataHash) };
    return touching([token], 'use', ceremony, () => makeCredential(token.link, request, { signal: ceremony.signal }));
  });
  const made = unwrap(answer);
  const attested = checkMade(made, creation, base.algorithms);
  return registrationJson(creation, {
    credentialId: attested.credentialId,
    attestation: { format: made.format, authData: made.authData.bytes, statement: made.statement },
    transports: info.transports,
    extensions: extensions.outputs(made),
  });
}

/** The excluded credential that the token holds is sent on, so that the token asks for a touch before it says so. */
async function heldAmong(
  token: SessionToken,
  creation: Creation,
  exclude: readonly Uint8Array[],
  proof: UserProof,
  ceremony: Ceremony,
): Promise<readonly Uint8Array[]> {
  const held = await findHeld(token, creation.rp.id, exclude, proof, { signal: ceremony.signal });
  return held === null ? [] : [held];
}

function wantsResidentKey(token: SessionToken, { residentKey }: Creation): boolean {
  const able = token.option('rk') === true;
  if (residentKey === 'required' && !able) throw new DoorstepError('token.unsupported', { reason: 'resident-key' });
  if (residentKey === 'preferred') return able && token.ctap2.remainingDiscoverableCredentials !== 0;
  return residentKey === 'required';
}

/** A token takes the first algorithm that it knows: where it says which, one is enough and the request stays short. */
function algorithmsFor(known: readonly number[] | undefined, wanted: readonly number[]): readonly number[] {
  if (known === undefined || known.length === 0) return wanted;
  const first = wanted.find((algorithm) => known.includes(algorithm));
  if (first === undefined) throw new DoorstepError('token.unsupported', { reason: 'algorithms' });
  return [first];
}

/** The token's answer must be about what was asked: nothing of it goes on to the relying party otherwise. */
function checkMade({ authData }: MadeCredential, creation: Creation, algorithms: readonly number[]) {
  const wrong = (why: string) => new DoorstepError('token.misbehaved', { reason: 'made', why });
  if (!equalBytes(authData.rpIdHash, sha256(new TextEncoder().encode(creation.rp.id)))) throw wrong('rp-id');
  if ((authData.flags & FLAG.up) === 0) throw wrong('no-touch');
  if (creation.userVerification === 'required' && (authData.flags & FLAG.uv) === 0) throw wrong('not-verified');
  if (authData.attested === null) throw wrong('no-credential');
  const algorithm = authData.attested.publicKey.get(3);
  if (typeof algorithm !== 'number' || !algorithms.includes(algorithm)) throw wrong('algorithm');
  return authData.attested;
}
