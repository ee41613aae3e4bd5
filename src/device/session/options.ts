/** The options of a relying party, checked and with their defaults (WebAuthn Level 3, sections 5.4 and 5.5). Pure. */
import { DoorstepError } from '../../contract/errors.ts';
import type { CreationOptionsJson, CredentialDescriptorJson, RequestOptionsJson } from '../../contract/tokens.ts';
import { fromBase64url, sha256 } from '../bytes.ts';
import type { RpEntity, UserEntity } from '../ctap2/credentials.ts';
import { serializeClientData } from './client-data.ts';
import { checkRpId } from './rp-id.ts';
import type { UvWanted } from './uv-decision.ts';

/** COSE algorithm numbers. */
export const ES256 = -7;
const RS256 = -257;
/** WebAuthn section 5.4.3: user handles have 1 to 64 bytes. */
const MAX_USER_ID = 64;

export interface ClientSide {
  readonly clientDataJson: Uint8Array;
  readonly clientDataHash: Uint8Array;
}

export interface Creation extends ClientSide {
  readonly rp: RpEntity;
  readonly user: UserEntity;
  readonly algorithms: readonly number[];
  readonly exclude: readonly Uint8Array[];
  readonly residentKey: 'discouraged' | 'preferred' | 'required';
  readonly userVerification: UvWanted;
  readonly attestation: 'none' | 'indirect' | 'direct' | 'enterprise';
  readonly extensions: NonNullable<CreationOptionsJson['extensions']>;
}

export interface Request extends ClientSide {
  readonly rpId: string;
  readonly allow: readonly Uint8Array[];
  readonly userVerification: UvWanted;
  readonly extensions: NonNullable<RequestOptionsJson['extensions']>;
}

function malformed(member: string): DoorstepError {
  return new DoorstepError('request.malformed', { member });
}

/** Bytes of a base64url member. Throws `request.malformed`. */
export function bytesOf(text: string, member: string): Uint8Array {
  const bytes = fromBase64url(text);
  if (bytes === null) throw malformed(member);
  return bytes;
}

function clientSide(type: 'webauthn.create' | 'webauthn.get', challenge: string, origin: string): ClientSide {
  if (bytesOf(challenge, 'challenge').length === 0) throw malformed('challenge');
  const clientDataJson = serializeClientData({ type, challenge, origin });
  return { clientDataJson, clientDataHash: sha256(clientDataJson) };
}

function idsOf(list: readonly CredentialDescriptorJson[] | undefined, member: string): readonly Uint8Array[] {
  return readIds(
    (list ?? []).map(({ id }) => id),
    member,
  );
}

/** The bytes of credential ids. Throws `request.malformed`, also for an empty one. */
export function readIds(ids: readonly string[], member: string): readonly Uint8Array[] {
  return ids.map((id) => {
    const bytes = bytesOf(id, member);
    if (bytes.length === 0) throw malformed(member);
    return bytes;
  });
}

/** Throws `rp.not-allowed` and `request.malformed`. */
export function readCreation(options: CreationOptionsJson, origin: string): Creation {
  checkRpId(options.rp.id, origin);
  const userId = bytesOf(options.user.id, 'user.id');
  if (userId.length === 0 || userId.length > MAX_USER_ID) throw malformed('user.id');
  const algorithms = options.pubKeyCredParams.filter(({ type }) => type === 'public-key').map(({ alg }) => alg);
  if (algorithms.length === 0 && options.pubKeyCredParams.length > 0)
    throw new DoorstepError('token.unsupported', { reason: 'algorithms' });
  return {
    ...clientSide('webauthn.create', options.challenge, origin),
    rp: { id: options.rp.id, name: options.rp.name },
    user: { id: userId, name: options.user.name, displayName: options.user.displayName },
    algorithms: algorithms.length > 0 ? algorithms : [ES256, RS256],
    exclude: idsOf(options.excludeCredentials, 'excludeCredentials'),
    residentKey: options.authenticatorSelection?.residentKey ?? 'discouraged',
    userVerification: options.authenticatorSelection?.userVerification ?? 'preferred',
    attestation: options.attestation ?? 'none',
    extensions: options.extensions ?? {},
  };
}

/** Throws `rp.not-allowed` and `request.malformed`. */
export function readRequest(options: RequestOptionsJson, origin: string): Request {
  checkRpId(options.rpId, origin);
  return {
    ...clientSide('webauthn.get', options.challenge, origin),
    rpId: options.rpId,
    allow: idsOf(options.allowCredentials, 'allowCredentials'),
    userVerification: options.userVerification ?? 'preferred',
    extensions: options.extensions ?? {},
  };
}
