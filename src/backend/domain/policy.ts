import { HOUR, MINUTE, SECOND } from './clock.ts';

/** A counter of failed tries: so many are free, then each one doubles the wait, up to the longest. */
export interface AttemptLimit {
  readonly free: number;
  readonly firstWait: number;
  readonly longestWait: number;
  /** After so many in a row nothing is looked at any more; null: never. */
  readonly lockAfter: number | null;
  /** One failure is forgotten each time this has passed; null: only a success forgets, because they count in a row. */
  readonly forgetEvery: number | null;
}

export interface Policy {
  /** How a first way may be added: with a claim code of the lab, or with the password alone. */
  readonly firstEnrollment: 'claim-code' | 'password';
  /** Whether a paired desktop may approve a sign-in by a typed number. */
  readonly approvals: boolean;
  /** How the number of an approval is made, and how often it may be typed wrong before the request ends. */
  readonly approvalDigits: number;
  readonly approvalTries: number;
  /** How long a request of the sign-in page waits, and how soon after the approval its session must come for it. */
  readonly approvalLife: number;
  readonly redeemWithin: number;
  /** Whether a desktop may approve for a browser that comes from its own address, or from nobody knows where. */
  readonly sameDevice: boolean;
  readonly sessionIdle: number;
  readonly sessionTotal: number;
  /** How long a second step counts as fresh. */
  readonly freshFor: number;
  /** How long a session may stay without its second step. */
  readonly secondStepWithin: number;
  readonly ceremonyLife: number;
  readonly challengeLife: number;
  readonly pairingCodeLife: number;
  /** After a denial the services wait this long before they may ask the same person again; doubles with each one in a row. */
  readonly denialWait: number;
  readonly codes: CodePolicy;
  readonly limits: {
    readonly passwordPerAccount: AttemptLimit;
    readonly passwordPerAccountAndSource: AttemptLimit;
    readonly passwordPerSource: AttemptLimit;
    readonly pairingPerSource: AttemptLimit;
    /** Requests that were put before a person since the last one that they approved (3.1.3: the number of pushes is limited). */
    readonly pushesPerPerson: AttemptLimit;
    readonly secondStepPerPersonAndSource: AttemptLimit;
    /** Of each source of codes and each sheet of spare codes, apart from all others. */
    readonly codePerAuthenticator: AttemptLimit;
    /** Of one person, from one address or through one service. */
    readonly codePerPersonAndPlace: AttemptLimit;
    readonly codePerSource: AttemptLimit;
  };
}

export interface CodeWindows {
  /** Time steps before and after the expected one (RFC 6238, 5.2). */
  readonly steps: number;
  /** Counters beyond the expected one (RFC 4226, 7.4). */
  readonly counters: number;
  /** How far the two codes of a resynchronization may lie; no further than `steps` and `counters`: there is none. */
  readonly resyncSteps: number;
  readonly resyncCounters: number;
  /** A token's clock may be this many steps off, however slowly it got there. */
  readonly longestDrift: number;
}

export interface CodePolicy {
  /** Whether codes of an app or a token are taken at all; spare codes are apart. */
  readonly allowed: boolean;
  readonly mostPerPerson: number;
  readonly enrollmentLife: number;
  readonly windows: CodeWindows;
  /** How soon the second code of a resynchronization must follow. */
  readonly resyncWithin: number;
}

/**
 * NIST SP 800-63B-4: at most 100 failures in a row on an account (3.2.2), sessions of 1 h idle and 12 h in all
 * (2.2.3), out-of-band requests and binding codes of at most 10 minutes (3.1.3, 4.1).
 */
export const defaultPolicy: Policy = {
  firstEnrollment: 'claim-code',
  approvals: true,
  // NIST SP 800-63B-4, 3.1.3.1: 20 bits at least, which are six digits.
  approvalDigits: 6,
  approvalTries: 3,
  approvalLife: 5 * MINUTE,
  redeemWithin: MINUTE,
  sameDevice: true,
  sessionIdle: HOUR,
  sessionTotal: 12 * HOUR,
  freshFor: 10 * MINUTE,
  secondStepWithin: 10 * MINUTE,
  ceremonyLife: 5 * MINUTE,
  challengeLife: 10 * MINUTE,
  pairingCodeLife: 10 * MINUTE,
  denialWait: 30 * SECOND,
  codes: {
    allowed: true,
    mostPerPerson: 8,
    enrollmentLife: 10 * MINUTE,
    windows: { steps: 1, counters: 10, resyncSteps: 20, resyncCounters: 1_000, longestDrift: 120 },
    resyncWithin: 10 * MINUTE,
  },
  limits: {
    passwordPerAccount: { free: 20, firstWait: 30 * SECOND, longestWait: HOUR, lockAfter: 100, forgetEvery: null },
    passwordPerAccountAndSource: { free: 5, firstWait: 10 * SECOND, longestWait: HOUR, lockAfter: null, forgetEvery: null },
    // Many people may sit behind one address.
    passwordPerSource: { free: 50, firstWait: 10 * SECOND, longestWait: 10 * MINUTE, lockAfter: null, forgetEvery: 10 * SECOND },
    pairingPerSource: { free: 10, firstWait: 30 * SECOND, longestWait: HOUR, lockAfter: null, forgetEvery: MINUTE },
    pushesPerPerson: { free: 10, firstWait: 15 * MINUTE, longestWait: 24 * HOUR, lockAfter: null, forgetEvery: HOUR },
    secondStepPerPersonAndSource: { free: 20, firstWait: 10 * SECOND, longestWait: 10 * MINUTE, lockAfter: null, forgetEvery: null },
    codePerAuthenticator: { free: 20, firstWait: 30 * SECOND, longestWait: HOUR, lockAfter: 100, forgetEvery: null },
    codePerPersonAndPlace: { free: 5, firstWait: 10 * SECOND, longestWait: HOUR, lockAfter: null, forgetEvery: null },
    codePerSource: { free: 50, firstWait: 10 * SECOND, longestWait: 10 * MINUTE, lockAfter: null, forgetEvery: 10 * SECOND },
  },
};
