import type { Kysely } from 'kysely';
import { type Migration, Migrator } from 'kysely/migration';
import * as firstTap from './migrations/0001-first-tap.ts';

const MIGRATIONS: Record<string, Migration> = {
  '0001-first-tap': firstTap,
};

/** Brings the database to today's schema. Of several processes that start together, one does the work and the others wait. */
export async function migrate<T>(db: Kysely<T>): Promise<void> {
  const migrator = new Migrator({ db, provider: { getMigrations: async () => MIGRATIONS } });
  const { error } = await migrator.migrateToLatest();
  if (error !== undefined) throw error;
}
