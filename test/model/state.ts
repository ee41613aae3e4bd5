/** What the model knows: what was acknowledged, and what follows from it. */
import type { CurrentDevice } from '../../src/backend/domain/devices/device-request.ts';
import type { PersonRecord } from '../../src/backend/domain/model.ts';
import type { ApprovalStatement } from '../../src/contract/http/approvals.ts';

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
  /** What let it in. */
  shownWith: ModelDesktop | null;
}

/** Whoever has a copy of the desktop's key, and the generation that they know. */
export interface Holder {
  generation: string | null;
}

export interface ModelDesktop {
  readonly id: string;
  readonly holders: Holder[];
  state: 'active' | 'removed' | 'suspended';
  current: string | null;
  /** Given, not yet shown. */
  given: Set<string>;
  /** Shown once and left for another one, or given beside it: never good again. */
  readonly left: Set<string | null>;
}

/** A source of codes. A position is a time step, or a counter. */
export interface ModelSource {
  readonly id: string;
  readonly kind: 'totp' | 'hotp';
  readonly seed: Uint8Array;
  /** Positions whose code was accepted. */
  readonly burned: Set<number>;
  readonly maybeBurned: Set<number>;
  last: number;
  drift: number;
  failures: number;
  state: 'active' | 'suspended';
}

export interface SentDecision {
  readonly desktop: ModelDesktop;
  readonly current: CurrentDevice;
  readonly challengeId: string;
  readonly statement: ApprovalStatement;
}

export interface ModelPerson {
  readonly record: PersonRecord;
  disabled: boolean;
  stopped: boolean;
  readonly desktops: ModelDesktop[];
  readonly sources: readonly ModelSource[];
  readonly sessions: ModelSession[];
  readonly challenges: ModelChallenge[];
  /** Signed requests that were sent: each is good once. */
  readonly sent: SentDecision[];
}

export function isOpen(challenge: ModelChallenge, now: number): boolean {
  return challenge.state === 'pending' && now < challenge.expiresAt;
}
