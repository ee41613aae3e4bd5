/** What is kept of codes. Instants are milliseconds since 1970. */
import type { CodeAlgorithm } from '../../../contract/http/shapes.ts';

export interface SealedSeed {
  /** AES-256-GCM, base64url; see `seeds.ts`. */
  readonly sealed: string;
  /** Which key sealed it. */
  readonly seedKeyId: string;
}

interface Form {
  readonly kind: 'totp' | 'hotp';
  readonly algorithm: CodeAlgorithm;
  readonly digits: 6 | 8;
  /** Seconds; null for HOTP. */
  readonly period: number | null;
}

/** The secret side of an authenticator that gives codes. A "position" is a time step (TOTP) or a counter (HOTP). */
export interface CodeRecord extends Form, SealedSeed {
  readonly authenticatorId: string;
  readonly personId: string;
  /** The last position that was accepted: it and all before it are burned. -1: none yet. It never goes back. */
  readonly lastPosition: number;
  /** Steps that the token's clock is ahead of ours, as last seen; 0 for HOTP. */
  readonly drift: number;
  /** Wrong codes in a row. */
  readonly failures: number;
  readonly blockedUntil: number;
  /** The position, outside the window, that the last wrong code fits: the code after it proves that the token is there. */
  readonly candidate: number | null;
  readonly candidateAt: number | null;
}

/** A source of codes that has not been proved: it opens nothing. Its id becomes the authenticator's. */
export interface CodeEnrollmentRecord extends Form, SealedSeed {
  readonly id: string;
  readonly personId: string;
  /** Exactly one of the two is set: where it was begun. */
  readonly sessionId: string | null;
  readonly deviceId: string | null;
  readonly tries: number;
  readonly createdAt: number;
  readonly expiresAt: number;
}
