import { existsSync } from 'node:fs';
import { DoorstepError } from '../../contract/errors.ts';
import type { Store } from '../domain/stores.ts';
import { makeKeyFile } from './key-file.ts';
import { FileSeedVault } from './vault.ts';

/** Which key the database's newest seeds are sealed with: a process whose file lacks it must not run. */
export const SEED_KEY_FACT = 'seed-key';

/**
 * The vault of `file`, which fits this database. The file is made only for a database that never had one. Throws
 * `code.seed-key-missing` where it is not there, cannot be used, or belongs to another database.
 */
export async function openSeeds(file: string, store: Store, now: number): Promise<FileSeedVault> {
  if ((await store.read.facts.get(SEED_KEY_FACT)) === null) {
    if (!existsSync(file)) makeKeyFile(file, now);
    const { newest } = new FileSeedVault(file);
    await store.transaction((tx) => tx.facts.insert(SEED_KEY_FACT, newest.id));
  }
  const vault = new FileSeedVault(file);
  const wanted = await store.read.facts.get(SEED_KEY_FACT);
  if (wanted === null || !vault.has(wanted)) throw new DoorstepError('code.seed-key-missing', { file, reason: 'key-absent', key: wanted });
  return vault;
}
