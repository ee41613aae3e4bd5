import { verifyAuthenticationResponse, verifyRegistrationResponse } from '@simplewebauthn/server';
import type { AssertionJson, CreationOptionsJson, RegistrationJson, RequestOptionsJson } from '../../../src/contract/tokens.ts';

export const ORIGIN = 'https://login.northmoor.example';
export const RP_ID = 'login.northmoor.example';
const CHALLENGE = Buffer.alloc(32, 0x5a).toString('base64url');

export function creation(more: Partial<CreationOptionsJson> = {}): CreationOptionsJson {
  return {
    rp: { id: RP_ID, name: 'Northmoor' },
    user: { id: 'dXNlci0wMDAx', name: 'amina', displayName: 'Amina Holt' },
    challenge: CHALLENGE,
    pubKeyCredParams: [{ type: 'public-key', alg: -7 }],
    attestation: 'direct',
    authenticatorSelection: { userVerification: 'discouraged' },
    ...more,
  };
}

export function request(credentialId: string | null, more: Partial<RequestOptionsJson> = {}): RequestOptionsJson {
  return {
    challenge: CHALLENGE,
    rpId: RP_ID,
    userVerification: 'discouraged',
    ...(credentialId === null ? {} : { allowCredentials: [{ type: 'public-key', id: credentialId }] }),
    ...more,
  };
}

/** Lets the library judge a registration as a relying party would. */
export async function verifyRegistration(credential: RegistrationJson, requireUserVerification = false) {
  const verified = await verifyRegistrationResponse({
    response: structuredClone(credential) as unknown as Parameters<typeof verifyRegistrationResponse>[0]['response'],
    expectedChallenge: CHALLENGE,
    expectedOrigin: ORIGIN,
    expectedRPID: RP_ID,
    requireUserVerification,
  });
  if (!verified.verified) throw new Error('the registration was not verified');
  return verified.registrationInfo;
}

export async function verifyAssertion(
  credential: AssertionJson,
  stored: Awaited<ReturnType<typeof verifyRegistration>>['credential'],
  requireUserVerification = false,
) {
  const verified = await verifyAuthenticationResponse({
    response: structuredClone(credential) as unknown as Parameters<typeof verifyAuthenticationResponse>[0]['response'],
    expectedChallenge: CHALLENGE,
    expectedOrigin: ORIGIN,
    expectedRPID: RP_ID,
    credential: stored,
    requireUserVerification,
  });
  if (!verified.verified) throw new Error('the assertion was not verified');
  return verified.authenticationInfo;
}
