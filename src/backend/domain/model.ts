/** What the domain keeps. Instants are milliseconds since 1970, binary values base64url. */
import type { AttestationStatus, AuthenticatorKind, AuthenticatorState, ChallengeState, CodeForm } from '../../contract/http/shapes.ts';

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
  /** When the person said "this wasn't me": since then no desktop of theirs approves anything. */
  readonly approvalsStoppedAt: number | null;
  /** When the first choice was last made. */
  readonly preferredAt: number | null;
  /** The desktop at which that was; null: none, or not known. */
  readonly preferredBy: string | null;
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
  /** How much a removed desktop is told to forget. */
  readonly removedWipe: 'everything' | 'doorstep' | null;
  readonly suspendedBecause: 'too-many-failures' | 'copied' | 'desk' | null;
  /** When its name was made; null: it still has its first one. */
  readonly namedAt: number | null;
  /** The desktop at which it was made; null: none, or not known. */
  readonly namedBy: string | null;
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
  /** Of a desktop's key, the generation that it shows; see `generation.ts`. */
  readonly generation: string | null;
  /** Given to whoever showed it, and not yet shown themselves; spaces between. */
  readonly nextGenerations: string | null;
  /** The one before, and when it was left. */
  readonly lastGeneration: string | null;
  readonly generationAt: number | null;
  /** Form of the codes; null for other kinds. The seed is kept apart: see `codes/model.ts`. */
  readonly codeForm: CodeForm | null;
  /** Of a sheet of spare codes, how many were not used yet; null for other kinds. */
  readonly spareCodesLeft: number | null;
  /** Id of the desktop that was given the seed and keeps it: these codes end with it. Null: the person took it elsewhere. */
  readonly heldBy: string | null;
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
  /** Null: a request of the sign-in page. */
  readonly serviceId: string | null;
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
  /** The session that shows the number, and may redeem the approval; null where a service shows it, or nobody does. */
  readonly sessionId: string | null;
  /** The service's request that a request of the sign-in page is made for. */
  readonly forChallengeId: string | null;
  /** The browser that asks: its address, and words such as "Firefox on Windows". */
  readonly askedAddress: string | null;
  readonly askedBrowser: string | null;
  /** Of the number that the person types into the desktop; null where this request has none. */
  readonly numberHash: string | null;
  readonly numberDigits: number | null;
  /** How often a number was tried. */
  readonly numberTries: number;
  /** Address of the desktop that decided. */
  readonly decidedFrom: string | null;
  /** When the session was let in by it: once. */
  readonly redeemedAt: number | null;
}

/** The parts of a request that only approvals know. */
export const WITHOUT_NUMBER = {
  sessionId: null,
  forChallengeId: null,
  askedAddress: null,
  askedBrowser: null,
  numberHash: null,
  numberDigits: null,
  numberTries: 0,
  decidedFrom: null,
  redeemedAt: null,
} as const satisfies Partial<ChallengeRecord>;

/** What the help desk should look at. */
export interface ReportRecord {
  readonly id: string;
  readonly kind: 'not-me' | 'bombing' | 'copied';
  readonly personId: string;
  /** The request or the desktop that it is about. */
  readonly subjectId: string | null;
  readonly source: string | null;
  readonly facts: Readonly<Record<string, string | number | boolean | null>>;
  readonly at: number;
  readonly closedAt: number | null;
}

/** What became of a change that was made at a desktop. */
export interface DeviceChangeRecord {
  readonly deviceId: string;
  readonly key: string;
  readonly outcome: 'done' | 'superseded' | 'gone' | 'refused';
  readonly code: string | null;
  readonly at: number;
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
