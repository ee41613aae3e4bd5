/** What the domain asks of a WebAuthn relying party library. */
import type { AttestationStatus } from '../../contract/http/shapes.ts';
import type { UserVerification } from './model.ts';

/** The members of RegistrationResponseJSON that count (WebAuthn Level 3, 5.1.8). */
export interface RegistrationAnswer {
  readonly id: string;
  readonly rawId: string;
  readonly response: { readonly clientDataJSON: string; readonly attestationObject: string; readonly transports?: readonly string[] };
}

/** The members of AuthenticationResponseJSON that count (WebAuthn Level 3, 5.1.8). */
export interface AssertionAnswer {
  readonly id: string;
  readonly rawId: string;
  readonly response: {
    readonly clientDataJSON: string;
    readonly authenticatorData: string;
    readonly signature: string;
    readonly userHandle?: string | null;
  };
}

export interface ExpectedRegistration {
  /** base64url */
  readonly question: string;
  readonly userVerification: UserVerification;
}

export interface ExpectedAssertion extends ExpectedRegistration {
  readonly credentialId: string;
  /** COSE_Key, base64url. */
  readonly publicKey: string;
  readonly userHandle: string;
  readonly backupEligible: boolean;
}

export interface NewCredential {
  readonly credentialId: string;
  readonly publicKey: string;
  readonly counter: number;
  readonly transports: readonly string[];
  /** Lower-case hex with dashes; null where the token gives none (all zero). */
  readonly aaguid: string | null;
  readonly attestation: AttestationStatus;
  readonly model: string | null;
  readonly backupEligible: boolean;
  readonly backedUp: boolean;
  readonly userVerified: boolean;
}

/** Why an answer was refused: a short stable word for logs and the audit trail, never shown to people. */
export type Refusal =
  | 'malformed'
  | 'type'
  | 'challenge'
  | 'origin'
  | 'cross-origin'
  | 'rp-id'
  | 'user-presence'
  | 'user-verification'
  | 'backup-flags'
  | 'user-handle'
  | 'credential'
  | 'algorithm'
  | 'signature'
  | 'attestation';

export type RegistrationVerdict =
  | { readonly ok: true; readonly credential: NewCredential }
  | { readonly ok: false; readonly code: 'webauthn.failed'; readonly refusal: Refusal }
  | { readonly ok: false; readonly code: 'attestation.refused'; readonly refusal: 'attestation'; readonly status: string };

export type AssertionVerdict =
  | { readonly ok: true; readonly counter: number; readonly userVerified: boolean; readonly backedUp: boolean }
  | { readonly ok: false; readonly refusal: Refusal };

export interface WebAuthn {
  /** COSE algorithms that a new credential may have, best first. */
  readonly algorithms: readonly number[];
  checkRegistration(answer: RegistrationAnswer, expected: ExpectedRegistration): Promise<RegistrationVerdict>;
  checkAssertion(answer: AssertionAnswer, expected: ExpectedAssertion): Promise<AssertionVerdict>;
}
