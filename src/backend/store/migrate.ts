import type { Kysely } from 'kysely';
import { type Migration, Migrator } from 'kysely/migration';
import * as firstTap from './migrations/0001-first-tap.ts';
import * as codes from './migrations/0002-codes.ts';
import * as approvalsAndSync from './migrations/0003-approvals-and-sync.ts';
import * as heldCodes from './migrations/0004-held-codes.ts';
import * as changedBy from './migrations/0005-changed-by.ts';
import * as sessionIndexes from './migrations/0006-session-indexes.ts';

/** Brings the database to today's schema. Of several processes that start together, one does the work and the others wait. */
export async function migrate<T>(db: Kysely<T>, ofDialect: { appendOnly: Migration }): Promise<void> {
  const migrations: Record<string, Migration> = {
    '0001-first-tap': firstTap,
    '0002-append-only': ofDialect.appendOnly,
    '0002-codes': codes,
    '0003-approvals-and-sync': approvalsAndSync,
    '0004-held-codes': heldCodes,
    '0005-changed-by': changedBy,
    '0006-session-indexes': sessionIndexes,
  };
  const migrator = new Migrator({ db, provider: { getMigrations: async () => migrations } });
  const { error } = await migrator.migrateToLatest();
  if (error !== undefined) throw error;
}
