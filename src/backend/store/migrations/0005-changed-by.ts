import type { Kysely } from 'kysely';

/** The desktop that made the name and the first choice that stand: what it changes later is later, whatever the clocks say. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await db.schema.alterTable('authenticators').addColumn('namedBy', 'text').execute();
  await db.schema.alterTable('people').addColumn('preferredBy', 'text').execute();
}
