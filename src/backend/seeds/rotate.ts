/**
 * A new key for the seeds, while the backend runs. Prepare it (where several machines hold the file), rotate to it, forget
 * the old ones. At every moment each seed opens with a key that is in the file.
 */
import { DoorstepError } from '../../contract/errors.ts';
import type { AuditEntry } from '../domain/audit.ts';
import { INSTALLATION_SECRETS, readSealed, writeSealed } from '../domain/installation-secret.ts';
import type { Store } from '../domain/stores.ts';
import { newSeedKey, readKeyFile, writeKeyFile } from './key-file.ts';
import { openSeeds, SEED_KEY_FACT } from './open-seeds.ts';
import { FileSeedVault } from './vault.ts';

const BATCH = 100;
/** A process that had just looked at the file may still be storing what it sealed with the key before. */
const FORGET_AFTER = 60_000;

export interface SeedPlace {
  readonly file: string;
  readonly store: Store;
  readonly now: number;
}

/** Adds a key that opens and does not seal yet; answers its id. One that was prepared before is kept. */
export async function prepareSeedKey({ file, store, now }: SeedPlace): Promise<string> {
  await openSeeds(file, store, now);
  const keys = readKeyFile(file);
  const known = keys.find(({ isNext }) => isNext);
  if (known !== undefined) return known.id;
  const added = newSeedKey(now, true);
  writeKeyFile(file, [...keys, added]);
  return added.id;
}

export interface Rotated {
  readonly id: string;
  readonly resealed: number;
}

/** Seals with a new key (the prepared one, where there is one) from now on, and seals all that is there with it. */
export async function rotateSeedKey({ file, store, now }: SeedPlace): Promise<Rotated> {
  await openSeeds(file, store, now);
  const keys = readKeyFile(file);
  const added = keys.some(({ isNext }) => isNext) ? keys : [...keys, newSeedKey(now)];
  writeKeyFile(
    file,
    // A prepared key is as old as this moment: what another process has just sealed with the one before may not be stored yet.
    added.map((key) => (key.isNext ? { ...key, isNext: false, made: new Date(now).toISOString() } : key)),
  );
  const vault = new FileSeedVault(file);
  const { id } = vault.newest;
  await store.transaction(async (tx) => {
    await tx.facts.set(SEED_KEY_FACT, id);
    await tx.audit.append(entryOf('seed-key.added', id, {}), now);
  });
  return { id, resealed: await resealAll(store, vault) };
}

/** Seals everything with the newest key: also what a rotation that was cut short has left. */
async function resealAll(store: Store, vault: FileSeedVault): Promise<number> {
  let resealed = 0;
  for (const name of ['codes', 'codeEnrollments'] as const) {
    for (;;) {
      const done = await store.transaction(async (tx) => {
        const rows = await tx[name].sealedOtherwise(vault.newest.id, BATCH);
        for (const row of rows) await tx[name].reseal({ id: row.id, before: row.sealed, ...vault.seal(vault.open(row, row.id), row.id) });
        return rows.length;
      });
      if (done === 0) break;
      resealed += done;
    }
  }
  for (const name of INSTALLATION_SECRETS) {
    await store.transaction(async (tx) => {
      const text = await tx.facts.get(name);
      if (text === null || readSealed(text).seedKeyId === vault.newest.id) return;
      await tx.facts.set(name, writeSealed(vault.seal(vault.open(readSealed(text), name), name)));
      resealed += 1;
    });
  }
  return resealed;
}

/** Takes every key but the newest out of the file; answers the ids. Refused while one of them still seals something, or might. */
export async function forgetSeedKeys({ file, store, now }: SeedPlace): Promise<readonly string[]> {
  const vault = await openSeeds(file, store, now);
  const { newest } = vault;
  if (now - Date.parse(newest.made) < FORGET_AFTER)
    throw new DoorstepError('request.rate-limited', { retryAfterSeconds: FORGET_AFTER / 1_000 });
  await resealAll(store, vault);
  const keys = readKeyFile(file);
  const kept = keys.filter(({ id, isNext }) => isNext || id === newest.id);
  const forgotten = keys.filter((key) => !kept.includes(key)).map(({ id }) => id);
  if (forgotten.length === 0) return [];
  writeKeyFile(file, kept);
  await store.transaction(async (tx) => {
    for (const id of forgotten) await tx.audit.append(entryOf('seed-key.forgotten', id, {}), now);
  });
  return forgotten;
}

function entryOf(event: 'seed-key.added' | 'seed-key.forgotten', subjectId: string, facts: AuditEntry['facts']): AuditEntry {
  return { event, outcome: 'done', actor: { kind: 'system', id: null }, personId: null, subjectId, source: null, reason: null, facts };
}
