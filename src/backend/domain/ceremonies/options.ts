/** Ceremony options as JSON (WebAuthn Level 3, 5.1.8 and 5.1.9), for a browser or for a token as they are. */
import type { CreationOptionsJson, CredentialDescriptorJson, RequestOptionsJson } from '../../../contract/tokens.ts';
import { credentialsOf, isWorkingKey } from '../authenticators/ways.ts';
import type { Domain } from '../domain.ts';
import type { AuthenticatorRecord, CeremonyRecord, PersonRecord } from '../model.ts';

function descriptors(authenticators: readonly AuthenticatorRecord[]): CredentialDescriptorJson[] {
  return credentialsOf(authenticators).map(({ id, transports }) => ({
    type: 'public-key',
    id,
    ...(transports.length > 0 ? { transports } : {}),
  }));
}

/**
 * For a second factor: no resident key (it would use up room on the token), user verification where the token can,
 * attestation asked for because the organization wants to know the make; every key of the person excluded.
 */
export function creationOptions(
  domain: Domain,
  ceremony: CeremonyRecord,
  person: PersonRecord,
  authenticators: readonly AuthenticatorRecord[],
): CreationOptionsJson {
  return {
    rp: { id: domain.organization.rpId, name: domain.organization.name },
    user: { id: person.userHandle, name: person.username, displayName: person.displayName },
    challenge: ceremony.question,
    pubKeyCredParams: domain.webauthn.algorithms.map((alg) => ({ type: 'public-key', alg })),
    timeout: domain.policy.ceremonyLife,
    excludeCredentials: descriptors(authenticators),
    authenticatorSelection: { residentKey: 'discouraged', userVerification: ceremony.userVerification },
    attestation: 'direct',
  };
}

export function requestOptions(
  domain: Domain,
  ceremony: CeremonyRecord,
  authenticators: readonly AuthenticatorRecord[],
): RequestOptionsJson {
  return {
    challenge: ceremony.question,
    rpId: domain.organization.rpId,
    timeout: domain.policy.ceremonyLife,
    allowCredentials: descriptors(authenticators.filter(isWorkingKey)),
    userVerification: ceremony.userVerification,
  };
}
