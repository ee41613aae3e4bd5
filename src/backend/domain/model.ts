/** What the domain keeps. Instants are milliseconds since 1970, binary values base64url. */
import type { AttestationStatus, AuthenticatorKind, AuthenticatorState, ChallengeState } from '../../contract/http/shapes.ts';

export type Role = 'person' | 'desk' | 'lab' | 'auditor' | 'administrator';

export interface PersonRecord {
  readonly id: string;
  /** As the person writes it. */
  readonly username: string;
  /** As it is looked up and limited: see `usernames.ts`. */
  readonly usernameKey: string;
  readonly displayName: string;
  readonly role: Role;
  readonly passwordHash: string | null;
  /** WebAuthn user handle: 256 random bits, base64url; says nothing about the person. */
  readonly userHandle: string;
  readonly disabledAt: number | null;
  /** Grows with every change that a paired desktop should see. */
  readonly version: number;
  readonly createdAt: number;
}

export type StoredSessionState = 'password' | 'enrolling' | 'full';

export interface SessionRecord {
  readonly id: string;
  readonly tokenHash: string;
  readonly personId: string;
  readonly state: StoredSessionState;
  /** The service request that this session answers, if any. */
  readonly challengeId: string | null;
  readonly createdAt: number;
  readonly seenAt: number;
  /** When the second step was last shown; null before. */
  readonly secondStepAt: number | null;
  /** What the second step was shown with; the session ends with it. */
  readonly authenticatorId: string | null;
  readonly source: string;
}

export interface AuthenticatorRecord {
  readonly id: string;
  readonly personId: string;
  readonly kind: AuthenticatorKind;
  readonly name: string;
  readonly state: AuthenticatorState;
  readonly preferred: boolean;
  readonly addedAt: number;
  readonly addedFrom: string;
  readonly lastUsedAt: number | null;
  readonly lastUsedFrom: string | null;
  readonly removedAt: number | null;
  /** The rest of a security key; null for a desktop. */
  readonly credentialId: string | null;
  /** COSE_Key, base64url. */
  readonly publicKey: string | null;
  readonly counter: number;
  readonly transports: readonly string[];
  readonly aaguid: string | null;
  readonly attestation: AttestationStatus | null;
  readonly model: string | null;
  readonly backupEligible: boolean;
  readonly backedUp: boolean;
  /** When it last answered with a counter that was not higher than the one before; null: never. */
  readonly counterAlarmAt: number | null;
  /** The rest of a desktop; null for a security key. */
  readonly deviceKey: { readonly x: string; readonly y: string } | null;
  readonly platform: string | null;
}

/** What a WebAuthn question was asked for; an answer serves no other purpose. */
export type CeremonyPurpose = 'register' | 'sign-in' | 'answer-challenge' | 'try';

export interface CeremonyRecord {
  readonly id: string;
  /** The random question, 256 bits, base64url. */
  readonly question: string;
  readonly purpose: CeremonyPurpose;
  readonly personId: string;
  /** Exactly one of the two is set: where the question was asked. */
  readonly sessionId: string | null;
  readonly deviceId: string | null;
  readonly challengeId: string | null;
  readonly userVerification: UserVerification;
  readonly createdAt: number;
  readonly expiresAt: number;
  readonly consumedAt: number | null;
}

export type UserVerification = 'required' | 'preferred' | 'discouraged';
export type Assurance = 'phishing-resistant' | 'other-device' | 'same-device';

export interface ChallengeRecord {
  readonly id: string;
  readonly serviceId: string;
  /** Named by the service, or known once somebody has answered. */
  readonly personId: string | null;
  readonly place: string | null;
  readonly returnTo: string | null;
  readonly userVerification: UserVerification;
  readonly state: ChallengeState;
  readonly createdAt: number;
  readonly expiresAt: number;
  readonly endedAt: number | null;
  readonly result: {
    readonly authenticatorId: string;
    readonly amr: readonly string[];
    readonly assurance: Assurance;
    readonly userVerified: boolean;
    /** Of the code without which the service is told nothing; null where it named the person itself. */
    readonly returnCodeHash: string | null;
  } | null;
}

export interface ServiceRecord {
  readonly id: string;
  readonly name: string;
  readonly keyHash: string;
  /** Addresses that a person may be sent back to: origin and path, compared exactly. */
  readonly returnAddresses: readonly string[];
  readonly disabledAt: number | null;
  readonly createdAt: number;
}

export interface PairingCodeRecord {
  readonly id: string;
  readonly codeHash: string;
  readonly personId: string;
  readonly createdAt: number;
  readonly expiresAt: number;
  readonly usedAt: number | null;
}
