import type { Kysely } from 'kysely';
import { type Migration, Migrator } from 'kysely/migration';
import * as firstTap from './migrations/0001-first-tap.ts';
import * as codes from './migrations/0002-codes.ts';
import * as approvalsAndSync from './migrations/0003-approvals-and-sync.ts';
import * as heldCodes from './migrations/0004-held-codes.ts';
import * as changedBy from './migrations/0005-changed-by.ts';
import * as sessionIndexes from './migrations/0006-session-indexes.ts';

/** What a dialect does in its own way. */
export interface OfDialect {
  readonly appendOnly: Migration;
  readonly slimTrail: Migration;
}

/** By name, in the order in which they run. */
export function migrationsOf(ofDialect: OfDialect): Record<string, Migration> {
  return {
    '0001-first-tap': firstTap,
    '0002-append-only': ofDialect.appendOnly,
    '0002-codes': codes,
    '0003-approvals-and-sync': approvalsAndSync,
    '0004-held-codes': heldCodes,
    '0005-changed-by': changedBy,
    '0006-session-indexes': sessionIndexes,
    '0007-slim-trail': ofDialect.slimTrail,
  };
}

/** Brings the database to today's schema. Of several processes that start together, one does the work and the others wait. */
export async function migrate<T>(db: Kysely<T>, ofDialect: OfDialect): Promise<void> {
  const migrator = new Migrator({ db, provider: { getMigrations: async () => migrationsOf(ofDialect) } });
  const { error } = await migrator.migrateToLatest();
  if (error !== undefined) throw error;
}
