/** A registration as the relying party gets it (RegistrationResponseJSON, WebAuthn Level 3, section 5.1.8). Pure. */
import type { RegistrationJson } from '../../contract/tokens.ts';
import { toBase64url } from '../bytes.ts';
import { type Attestation, convey, encodeAttestation } from './attestation.ts';
import type { Creation } from './options.ts';

export interface NewCredential {
  readonly credentialId: Uint8Array;
  readonly attestation: Attestation;
  readonly transports: readonly string[];
  readonly extensions: Readonly<Record<string, unknown>>;
}

export function registrationJson(creation: Creation, made: NewCredential): RegistrationJson {
  const id = toBase64url(made.credentialId);
  return {
    id,
    rawId: id,
    type: 'public-key',
    authenticatorAttachment: 'cross-platform',
    response: {
      clientDataJSON: toBase64url(creation.clientDataJson),
      attestationObject: toBase64url(encodeAttestation(convey(made.attestation, creation.attestation))),
      transports: made.transports.length > 0 ? made.transports : ['usb'],
    },
    clientExtensionResults: made.extensions,
  };
}
