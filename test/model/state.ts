/** What the model knows: what was acknowledged, and what follows from it. */
import type { CurrentDevice } from '../../src/backend/domain/devices/device-request.ts';
import type { PersonRecord } from '../../src/backend/domain/model.ts';
import type { ApprovalStatement } from '../../src/contract/http/approvals.ts';
import type { ChangeResult, DeviceChange } from '../../src/contract/http/sync.ts';

export type ChallengeState = 'pending' | 'approved' | 'denied' | 'canceled' | 'expired';

export interface ModelChallenge {
  readonly id: string;
  readonly kind: 'service' | 'page';
  readonly serviceName: string;
  readonly wantsKey: boolean;
  /** The service's request that a page's request is made for. */
  readonly behind: ModelChallenge | null;
  readonly expiresAt: number;
  state: ChallengeState;
  /** The session that shows the number. */
  session: ModelSession | null;
  number: string | null;
  readonly oldNumbers: string[];
  tries: number;
  approvedAt: number;
  approvedBy: ModelDesktop | null;
  /** True once it has let a session in, or was refused in a way that uses it up. */
  redeemed: boolean;
  /** Several at once have made a number: which one came last is not known. */
  unsure: boolean;
}

export interface ModelSession {
  readonly id: string;
  token: string;
  state: 'password' | 'full' | 'gone';
  readonly createdAt: number;
  /** Id of the authenticator that let it in. */
  shownWith: string | null;
}

/** Whoever has a copy of the desktop's key, and the generation that they know. */
export interface Holder {
  generation: string | null;
}

/** What the trail and the list tell of every kind of authenticator. */
export interface ModelAuthenticator {
  readonly id: string;
  state: 'active' | 'removed' | 'suspended';
  /** Null: the one that it was given at first. */
  name: string | null;
  namedAt: number;
  /** The desktop at which it was named. */
  namedBy: string | null;
  /** Changes of it that were done. */
  changes: number;
}

export interface ModelDesktop extends ModelAuthenticator {
  readonly holders: Holder[];
  current: string | null;
  /** Given, not yet shown. */
  given: Set<string>;
  /** Shown once and left for another one, or given beside it: never good again. */
  readonly left: Set<string | null>;
  /** Every change that it has ever sent, whether it heard of it or not. */
  readonly changesSent: DeviceChange[];
  /** What became of each, by its key. */
  readonly changesAnswered: Map<string, Pick<ChangeResult, 'outcome' | 'code'>>;
}

/** A source of codes. A position is a time step, or a counter. */
export interface ModelSource extends ModelAuthenticator {
  readonly kind: 'totp' | 'hotp';
  readonly seed: Uint8Array;
  /** The desktop that gives its codes: it ends with it. */
  readonly heldBy: ModelDesktop | null;
  /** Positions whose code was accepted. */
  readonly burned: Set<number>;
  readonly maybeBurned: Set<number>;
  last: number;
  drift: number;
  failures: number;
}

/** Where a source of codes is enrolled: in the browser, or at a desktop. */
export type ModelPlace = 'browser' | ModelDesktop;

export interface ModelEnrollment {
  readonly id: string;
  readonly kind: 'totp' | 'hotp';
  readonly seed: Uint8Array;
  readonly place: ModelPlace;
  readonly expiresAt: number;
  tries: number;
  state: 'open' | 'proved' | 'ended';
  /** Begun beside another one at the same place: one of them has ended. */
  unsure: boolean;
}

export interface ModelSheet {
  /** Null where two were made at the same moment, until a code of it was good. */
  id: string | null;
  readonly codes: readonly string[];
  readonly used: Set<number>;
  /** Used for a request that ended at the same moment, or not. */
  readonly maybeUsed: Set<number>;
  /** 'unsure': made beside another one, and only one of them stays. */
  state: 'active' | 'unsure' | 'suspended' | 'removed';
  /** Wrong spare codes in a row. */
  failures: number;
}

export interface SentDecision {
  readonly desktop: ModelDesktop;
  readonly current: CurrentDevice;
  readonly challengeId: string;
  readonly statement: ApprovalStatement;
}

export interface ModelPerson {
  readonly record: PersonRecord;
  /** The way that is always there. */
  readonly key: ModelAuthenticator;
  disabled: boolean;
  stopped: boolean;
  preferredAt: number;
  preferredBy: string | null;
  readonly desktops: ModelDesktop[];
  readonly sources: ModelSource[];
  readonly enrollments: ModelEnrollment[];
  readonly sheets: ModelSheet[];
  readonly sessions: ModelSession[];
  readonly challenges: ModelChallenge[];
  /** Signed requests that were sent: each is good once. */
  readonly sent: SentDecision[];
}

export function isOpen(challenge: ModelChallenge, now: number): boolean {
  return challenge.state === 'pending' && now < challenge.expiresAt;
}

export function newAuthenticatorModel(id: string): ModelAuthenticator {
  return { id, state: 'active', name: null, namedAt: 0, namedBy: null, changes: 0 };
}
