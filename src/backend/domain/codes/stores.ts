/** What codes ask of the store; see `../stores.ts`. */
import type { CodeEnrollmentRecord, CodeRecord, SealedSeed } from './model.ts';

export interface Resealed extends SealedSeed {
  readonly id: string;
  /** As it was sealed before: changed in between, it is left as it is. */
  readonly before: string;
}

interface Sealed {
  /** Rows that are sealed with any other key, some at a time. */
  sealedOtherwise(seedKeyId: string, limit: number): Promise<readonly (SealedSeed & { readonly id: string })[]>;
  reseal(row: Resealed): Promise<boolean>;
}

export interface CodeStore extends Sealed {
  /** Of a person's active authenticators, oldest first. */
  listOf(personId: string): Promise<readonly CodeRecord[]>;
  insert(code: CodeRecord): Promise<void>;
  /**
   * Counts a try on each code of the person's active authenticators that may be tried now, and holds those rows until the
   * transaction ends; answers them with this try counted. `longestWait`: a block that is longer was made by a clock that
   * has been set back since, and is none.
   */
  count(personId: string, at: number, longestWait: number): Promise<readonly CodeRecord[]>;
  /** Burns the position and all before it, and forgets the failures; false where it was burned already. */
  accept(id: string, change: { position: number; drift: number }): Promise<boolean>;
  /** What a wrong code leaves. */
  miss(id: string, left: { blockedUntil: number; candidate: number | null; candidateAt: number | null }): Promise<void>;
  /** Takes so many tries back. */
  forgive(ids: readonly string[], tries: number): Promise<void>;
  remove(id: string): Promise<void>;
}

export interface CodeEnrollmentStore extends Sealed {
  byId(id: string): Promise<CodeEnrollmentRecord | null>;
  /** Also ends every earlier one at the same place. */
  insert(enrollment: CodeEnrollmentRecord): Promise<void>;
  /** Counts a try and holds the row; false where it has ended or has been tried too often. */
  count(id: string, at: number, mostTries: number): Promise<boolean>;
  remove(id: string): Promise<void>;
  removeExpired(before: number): Promise<number>;
}

export interface SpareCodeStore {
  insert(authenticatorId: string, hashes: readonly string[]): Promise<void>;
  /** True exactly once for each code of a sheet; one fewer is left then. */
  use(authenticatorId: string, hash: string, at: number): Promise<boolean>;
  removeAll(authenticatorId: string): Promise<void>;
}
