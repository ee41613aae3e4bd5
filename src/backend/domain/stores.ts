/**
 * What the domain asks of the store. Each method that changes something says under which condition it
 * does, and answers whether it did: compare-and-set is the store's work, so that it holds across processes.
 */
import type { AuditEntry, AuditRow } from './audit.ts';
import type { CodeEnrollmentStore, CodeStore, SpareCodeStore } from './codes/stores.ts';
import type {
  AuthenticatorRecord,
  CeremonyRecord,
  ChallengeRecord,
  DeviceChangeRecord,
  PairingCodeRecord,
  PersonRecord,
  ReportRecord,
  ServiceRecord,
  SessionRecord,
} from './model.ts';

export interface PeopleStore {
  byId(id: string): Promise<PersonRecord | null>;
  byUsernameKey(key: string): Promise<PersonRecord | null>;
  insert(person: PersonRecord): Promise<void>;
  setPasswordHash(id: string, hash: string): Promise<void>;
  disable(id: string, at: number): Promise<void>;
  /** Stops approvals, or opens them again (null). */
  stopApprovals(id: string, at: number | null): Promise<void>;
  /** Adds one to the version and answers the new one. */
  bumpVersion(id: string): Promise<number>;
  /** Adds one to the version; false, and nothing changes, where the account is closed. */
  bumpOpen(id: string): Promise<boolean>;
}

export interface StepUp {
  readonly tokenHash: string;
  readonly challengeId: string | null;
  readonly authenticatorId: string;
  readonly at: number;
  /** Marks a use of the session; null: its last mark stays. */
  readonly seenAt: number | null;
}

export interface SessionStore {
  byTokenHash(hash: string): Promise<SessionRecord | null>;
  insert(session: SessionRecord): Promise<void>;
  touch(id: string, at: number): Promise<void>;
  /** Makes the end of the session wait for this transaction; false where it has ended. */
  hold(id: string): Promise<boolean>;
  /** New token, new state; false where the session has gone meanwhile. */
  stepUp(id: string, change: StepUp): Promise<boolean>;
  remove(id: string): Promise<boolean>;
  removeAllOf(personId: string): Promise<number>;
  /** Ends the sessions that have shown the password and nothing else. */
  removeHalfOpen(personId: string): Promise<number>;
  /** Ends the sessions whose second step was shown with this authenticator, but not `keep`. */
  removeShownWith(authenticatorId: string, keep: string | null): Promise<number>;
  removeOlderThan(limits: { seenBefore: number; createdBefore: number }): Promise<number>;
}

/** When a name or a first choice was made, and the desktop at which it was; `by` null: at none. */
export interface Made {
  readonly at: number;
  readonly by: string | null;
}

export interface AuthenticatorStore {
  byId(id: string): Promise<AuthenticatorRecord | null>;
  byCredentialId(credentialId: string): Promise<AuthenticatorRecord | null>;
  /** All of a person that are not removed, oldest first. */
  listOf(personId: string): Promise<readonly AuthenticatorRecord[]>;
  /** False where the credential id has ever been enrolled by anybody. */
  insert(authenticator: AuthenticatorRecord): Promise<boolean>;
  /** False where it was removed, and where its name was made later. */
  rename(id: string, name: string, made: Made): Promise<boolean>;
  /** Makes it the first choice; false where it is not active. */
  prefer(personId: string, id: string, made: Made): Promise<boolean>;
  /**
   * Marks an active authenticator as used, if its counter moved on (or if both counters are zero: the token
   * has none). 'regressed' leaves the row as it is.
   */
  use(id: string, use: { counter: number; backedUp: boolean; at: number; from: string }): Promise<'used' | 'regressed' | 'not-active'>;
  raiseCounterAlarm(id: string, at: number): Promise<void>;
  touch(id: string, at: number, from: string): Promise<void>;
  /** Marks an active authenticator as used; false where it is not active. */
  useActive(id: string, at: number, from: string): Promise<boolean>;
  /** Ends an authenticator; false where it has ended already. */
  remove(id: string, at: number, wipe: AuthenticatorRecord['removedWipe']): Promise<boolean>;
  suspend(id: string, because: NonNullable<AuthenticatorRecord['suspendedBecause']>): Promise<boolean>;
  /** The desktop `to` keeps from now on what `from` kept. */
  handOver(from: string, to: string): Promise<void>;
  /** Gives an active desktop one more generation to show next. */
  offerGeneration(id: string, next: string): Promise<boolean>;
  /** The desktop has shown `to`: from now on it is the one, and the others that were given are dead. False where it shows `from` no longer. */
  takeGeneration(id: string, change: { from: string | null; to: string; at: number }): Promise<boolean>;
  /** Makes later removals of this person wait for this transaction: the last way is counted under this lock. */
  lockWaysOf(personId: string): Promise<void>;
}

export interface CeremonyStore {
  byId(id: string): Promise<CeremonyRecord | null>;
  /** Also ends every open ceremony of the same purpose in the same session or on the same device. */
  insert(ceremony: CeremonyRecord): Promise<void>;
  /** True exactly once, and only before the end. */
  consume(id: string, at: number): Promise<boolean>;
  removeExpired(before: number): Promise<number>;
}

export interface ChallengeEnding {
  readonly state: 'approved' | 'denied' | 'canceled';
  readonly at: number;
  readonly personId?: string;
  readonly result?: NonNullable<ChallengeRecord['result']>;
  readonly decidedFrom?: string;
  /** Only where no page shows a number of its own for it. */
  readonly untaken?: true;
}

/** What is asked of a request that is over: each look at a person takes the last of them. */
export type EndedChallenge = Pick<ChallengeRecord, 'id' | 'state' | 'endedAt' | 'numberTries' | 'result'>;

/** A number that is shown from now on; an earlier one of the same request is dead. */
export interface NewNumber {
  readonly sessionId: string;
  readonly numberHash: string;
  readonly numberDigits: number;
  readonly askedAddress: string;
  readonly askedBrowser: string | null;
}

export interface ChallengeStore {
  byId(id: string): Promise<ChallengeRecord | null>;
  /** False where another one is pending for the same person. */
  insert(challenge: ChallengeRecord): Promise<boolean>;
  pendingOf(personId: string, at: number): Promise<readonly ChallengeRecord[]>;
  /** Ends a pending challenge before its time is over; false where it has ended already. Exactly one caller gets true. */
  end(id: string, ending: ChallengeEnding): Promise<boolean>;
  /** Whether there is anything to end. */
  anyOver(at: number): Promise<boolean>;
  /** Ends what is over and answers what it ended. */
  expire(at: number, scope?: { personId?: string; id?: string }): Promise<readonly ChallengeRecord[]>;
  /** The last ones, newest first. */
  lastEndings(personId: string, since: number): Promise<readonly EndedChallenge[]>;
  pendingOfSession(sessionId: string): Promise<readonly ChallengeRecord[]>;
  /** Gives a pending request of this person a new number; false where it has ended or another session shows one. */
  renumber(id: string, personId: string, number: NewNumber, at: number): Promise<boolean>;
  /** Takes the number back; the request goes on without one. */
  dropNumber(id: string, sessionId: string, at: number): Promise<boolean>;
  /** Counts one try of the number, if fewer than `most` were made, and answers the request as it is now; null where it has ended. */
  tryNumber(id: string, most: number, at: number): Promise<ChallengeRecord | null>;
  /**
   * Uses up an approval: once, by the session that it was begun in, approved later than `approvedAfter`. Exactly one caller
   * gets the request.
   */
  redeem(id: string, by: { sessionId: string; approvedAfter: number; at: number }): Promise<ChallengeRecord | null>;
}

export interface DeviceChangeStore {
  byKey(deviceId: string, key: string): Promise<DeviceChangeRecord | null>;
  insert(change: DeviceChangeRecord): Promise<void>;
  removeOlderThan(at: number): Promise<number>;
}

export interface ReportStore {
  insert(report: ReportRecord): Promise<void>;
  /** Those that nobody has closed, oldest first. */
  listOpen(limit: number): Promise<readonly ReportRecord[]>;
}

export interface ServiceStore {
  byId(id: string): Promise<ServiceRecord | null>;
  byKeyHash(hash: string): Promise<ServiceRecord | null>;
  insert(service: ServiceRecord): Promise<void>;
  replaceKey(id: string, change: { keyHash: string; returnAddresses: readonly string[] }): Promise<boolean>;
}

export interface PairingStore {
  /** Also ends every earlier open code of the person. */
  insert(code: PairingCodeRecord): Promise<void>;
  /** The open code with this hash, used up now; null where there is none. Exactly one caller gets it. */
  use(codeHash: string, at: number): Promise<PairingCodeRecord | null>;
  removeExpired(before: number): Promise<number>;
}

export interface ReplayStore {
  /** False where this nonce was there before. */
  remember(nonce: string, expiresAt: number): Promise<boolean>;
  removeExpired(before: number): Promise<number>;
}

/** One counter of failed tries. */
export interface AttemptRecord {
  readonly key: string;
  readonly failures: number;
  readonly blockedUntil: number;
}

export interface AttemptStore {
  byKey(key: string): Promise<AttemptRecord | null>;
  /**
   * Counts one try, if the key is not blocked now; answers the count with this try, or null where it is blocked.
   * Tries that run side by side get different counts. One earlier try is forgotten for each `forgetEvery` ms that have
   * passed; null: none. A block of more than `longestWait` was made by a clock that has been set back since, and is none.
   */
  count(key: string, at: number, limit: { forgetEvery: number | null; longestWait: number }): Promise<number | null>;
  block(key: string, until: number): Promise<void>;
  clear(key: string): Promise<void>;
  /** Takes one try back. */
  forgive(key: string): Promise<void>;
  removeIdle(before: number): Promise<number>;
}

export interface AuditStore {
  /** Appends a row to the chain, and holds the chain until the transaction ends. */
  append(entry: AuditEntry, at: number): Promise<void>;
  list(from: number, limit: number): Promise<readonly AuditRow[]>;
}

/** Small values of the whole installation. */
export interface FactStore {
  get(key: string): Promise<string | null>;
  /** False where the key is there already. */
  insert(key: string, value: string): Promise<boolean>;
  set(key: string, value: string): Promise<void>;
}

export interface Tables {
  readonly people: PeopleStore;
  readonly sessions: SessionStore;
  readonly authenticators: AuthenticatorStore;
  readonly ceremonies: CeremonyStore;
  readonly challenges: ChallengeStore;
  readonly services: ServiceStore;
  readonly pairing: PairingStore;
  readonly replays: ReplayStore;
  readonly attempts: AttemptStore;
  readonly audit: AuditStore;
  readonly facts: FactStore;
  readonly deviceChanges: DeviceChangeStore;
  readonly reports: ReportStore;
  readonly codes: CodeStore;
  readonly codeEnrollments: CodeEnrollmentStore;
  readonly spareCodes: SpareCodeStore;
}

/** What may have changed, for those who wait: `person:ID` or `challenge:ID`. */
export type Topic = `person:${string}` | `challenge:${string}`;

export interface Transaction extends Tables {
  /** Told to every process once the transaction is durable; never before. */
  announce(topic: Topic): void;
}

export interface Store {
  /** Reads of committed data. */
  readonly read: Tables;
  /** All or nothing; answers only once it is durable. Work must not wait for anything but the store. */
  transaction<T>(work: (tx: Transaction) => Promise<T>): Promise<T>;
  /** Calls `listener` after each change of the topic, in whichever process it was made. Returns the unsubscribe. */
  subscribe(topic: Topic, listener: () => void): () => void;
  close(): Promise<void>;
}
