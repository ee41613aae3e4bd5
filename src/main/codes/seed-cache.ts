/** The seeds as they were read last, for as long as somebody looks at codes: the keychain is not asked twice a second. */

import { SEEDS, type SeedName, type Vault } from '../vault/vault.ts';
import { type KeptSeed, readSeed } from './seed-text.ts';

export interface SeedCache {
  /** Every seed by the id of its code. Rejects with keychain.*. */
  all(): Promise<ReadonlyMap<string, KeptSeed>>;
  put(id: string, seed: KeptSeed): void;
  drop(id: string): void;
  /** The next look reads the keychain again. */
  forget(): void;
}

/** Milliseconds without a look after which nothing is held any more; longer than any code lasts that is on show. */
const IDLE = 150_000;
/** What was read longer ago is read again: the keychain may have lost it meanwhile. */
const STALE = 300_000;

export const seedName = (id: string): SeedName => `${SEEDS}${id}`;

/** `onRead` hears which ids have a seed, each time the keychain was read. */
export function createSeedCache(vault: Vault, now: () => number, onRead: (ids: ReadonlySet<string>) => void): SeedCache {
  let held: { readonly at: number; readonly seeds: Map<string, KeptSeed> } | null = null;
  let reading: Promise<ReadonlyMap<string, KeptSeed>> | null = null;
  let timer: NodeJS.Timeout | undefined;

  const forget = () => {
    clearTimeout(timer);
    held = null;
  };

  const read = async () => {
    const seeds = new Map<string, KeptSeed>();
    for (const [name, text] of await vault.seeds()) {
      const seed = readSeed(text);
      if (seed !== null) seeds.set(name.slice(SEEDS.length), seed);
    }
    held = { at: now(), seeds };
    onRead(new Set(seeds.keys()));
    return seeds;
  };

  return {
    async all() {
      clearTimeout(timer);
      timer = setTimeout(forget, IDLE);
      timer.unref();
      if (held !== null && now() - held.at < STALE && now() >= held.at) return held.seeds;
      reading ??= read().finally(() => {
        reading = null;
      });
      return reading;
    },
    put: (id, seed) => void held?.seeds.set(id, seed),
    drop: (id) => void held?.seeds.delete(id),
    forget,
  };
}
