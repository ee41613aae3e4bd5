import type { SealedSeed } from './model.ts';

/**
 * What the domain asks of whoever keeps the keys that seal seeds. The keys are outside the database. `id` is what the seed
 * belongs to: a sealed seed that was moved to another row does not open.
 */
export interface SeedVault {
  /** Seals with the newest key. */
  seal(seed: Uint8Array, id: string): SealedSeed;
  /** Throws `code.seed-key-missing` where the key is not there, or is not the one. */
  open(sealed: SealedSeed, id: string): Uint8Array;
}
