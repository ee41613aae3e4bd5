/** Runs a suite once on SQLite and once on PostgreSQL. */
import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe } from 'vitest';
import { startPostgres, type TestPostgres } from './postgres.ts';

export const DIALECTS = ['sqlite', 'postgres'] as const;
export type Dialect = (typeof DIALECTS)[number];

/** One server a test file; each suite gets a database of its own. */
let server: Promise<TestPostgres> | null = null;
afterAll(async () => {
  await (await server)?.stop();
});

/** A file of seed keys for a backend whose database is not in its own folder. */
export function seedKeysEnvironment(): Record<string, string> {
  const folder = mkdtempSync(join(tmpdir(), 'doorstep-seed-keys-'));
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
  return { DOORSTEP_SEED_KEYS: join(folder, 'seed-keys') };
}

/** The variables of a backend on a backup of the store that `environment` names, whose backend is stopped; the file of seed keys is the same. */
export async function backupOf(environment: Readonly<Record<string, string>>): Promise<Record<string, string>> {
  const { DOORSTEP_DATABASE_URL: address, DOORSTEP_BACKEND_DATA: data } = environment;
  if (address !== undefined && server !== null)
    return { ...environment, DOORSTEP_DATABASE_URL: await (await server).copyDatabase(address) };
  if (data === undefined) throw new Error('a store without a place');
  const folder = mkdtempSync(join(tmpdir(), 'doorstep-backup-'));
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
  cpSync(data, folder, { recursive: true });
  return { ...environment, DOORSTEP_BACKEND_DATA: folder };
}

/**
 * `environment()` answers the variables of a backend on a new, empty store of the dialect; SQLite needs none, because each
 * backend of the tests has a folder of its own.
 */
export function onEachStore(name: string, suite: (dialect: Dialect, environment: () => Promise<Record<string, string>>) => void): void {
  describe.each(DIALECTS)(`${name} on %s`, (dialect) => {
    suite(dialect, async () => {
      if (dialect === 'sqlite') return {};
      server ??= startPostgres();
      return { DOORSTEP_DATABASE_URL: await (await server).createDatabase(), ...seedKeysEnvironment() };
    });
  });
}
