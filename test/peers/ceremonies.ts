import { randomBytes } from 'node:crypto';
import type { CreationOptionsJson, RequestOptionsJson } from '../../src/contract/tokens.ts';

export const ORIGIN = 'https://login.example';
const RP_ID = 'login.example';

type Verification = 'required' | 'discouraged';

/** The same registration that `fido2-cred` is asked for: it sends no name of the relying party, and no display name. */
export function creationOptions(userVerification: Verification): CreationOptionsJson {
  return {
    rp: { id: RP_ID, name: '' },
    user: { id: Buffer.from('ada').toString('base64url'), name: 'ada', displayName: '' },
    challenge: randomBytes(32).toString('base64url'),
    pubKeyCredParams: [{ type: 'public-key', alg: -7 }],
    attestation: 'direct',
    authenticatorSelection: { residentKey: 'discouraged', userVerification },
  };
}

/** The same assertion that `fido2-assert` is asked for: one credential, named. */
export function requestOptions(credentialId: string, userVerification: Verification): RequestOptionsJson {
  return {
    rpId: RP_ID,
    challenge: randomBytes(32).toString('base64url'),
    allowCredentials: [{ type: 'public-key', id: credentialId }],
    userVerification,
  };
}
