/**
 * The tables as Kysely sees them. Columns are named as the domain names them, so that rows need no renaming; instants
 * are milliseconds in 64-bit integers, yes and no are 1 and 0, lists and objects are JSON text: the same on every dialect.
 */
import type { CodeEnrollmentRecord, CodeRecord } from '../domain/codes/model.ts';
import type { CeremonyRecord, DeviceChangeRecord, PairingCodeRecord, PersonRecord, SessionRecord } from '../domain/model.ts';

export interface Schema {
  people: PersonRecord;
  sessions: SessionRecord;
  authenticators: AuthenticatorsTable;
  ceremonies: CeremonyRecord;
  challenges: ChallengesTable;
  services: ServicesTable;
  pairingCodes: PairingCodeRecord;
  replays: { nonce: string; expiresAt: number };
  attempts: { key: string; failures: number; blockedUntil: number; lastAt: number };
  audit: AuditTable;
  auditHead: { id: number; sequence: number; hash: string };
  facts: { key: string; value: string };
  deviceChanges: DeviceChangeRecord;
  reports: ReportsTable;
  codes: CodeRecord;
  codeEnrollments: CodeEnrollmentRecord;
  spareCodes: { authenticatorId: string; hash: string; usedAt: number | null };
}

export interface AuthenticatorsTable {
  id: string;
  personId: string;
  kind: 'security-key' | 'desktop' | 'totp' | 'hotp' | 'recovery-codes';
  name: string;
  state: 'pending' | 'active' | 'suspended' | 'removed';
  preferred: number;
  addedAt: number;
  addedFrom: string;
  lastUsedAt: number | null;
  lastUsedFrom: string | null;
  removedAt: number | null;
  removedWipe: 'everything' | 'doorstep' | null;
  suspendedBecause: 'too-many-failures' | 'copied' | 'desk' | null;
  namedAt: number | null;
  namedBy: string | null;
  credentialId: string | null;
  publicKey: string | null;
  counter: number;
  transports: string;
  aaguid: string | null;
  attestation: 'verified' | 'unverified' | 'self' | 'none' | null;
  model: string | null;
  backupEligible: number;
  backedUp: number;
  counterAlarmAt: number | null;
  deviceKey: string | null;
  platform: string | null;
  generation: string | null;
  nextGenerations: string | null;
  lastGeneration: string | null;
  generationAt: number | null;
  codeForm: string | null;
  spareCodesLeft: number | null;
  heldBy: string | null;
}

export interface ChallengesTable {
  id: string;
  serviceId: string | null;
  personId: string | null;
  place: string | null;
  returnTo: string | null;
  userVerification: 'required' | 'preferred' | 'discouraged';
  state: 'pending' | 'approved' | 'denied' | 'expired' | 'canceled';
  createdAt: number;
  expiresAt: number;
  endedAt: number | null;
  result: string | null;
  sessionId: string | null;
  forChallengeId: string | null;
  askedAddress: string | null;
  askedBrowser: string | null;
  numberHash: string | null;
  numberDigits: number | null;
  numberTries: number;
  decidedFrom: string | null;
  redeemedAt: number | null;
}

export interface ReportsTable {
  id: string;
  kind: 'not-me' | 'bombing' | 'copied';
  personId: string;
  subjectId: string | null;
  source: string | null;
  facts: string;
  at: number;
  closedAt: number | null;
}

export interface ServicesTable {
  id: string;
  name: string;
  keyHash: string;
  returnAddresses: string;
  disabledAt: number | null;
  createdAt: number;
}

export interface AuditTable {
  sequence: number;
  at: number;
  event: string;
  outcome: 'done' | 'refused';
  actorKind: 'person' | 'device' | 'service' | 'system' | 'anonymous';
  actorId: string | null;
  personId: string | null;
  subjectId: string | null;
  source: string | null;
  reason: string | null;
  facts: string;
  previousHash: string;
  hash: string;
}
