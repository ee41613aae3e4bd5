import type { Kysely } from 'kysely';

/** Codes whose seed a desktop keeps end with that desktop. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await db.schema.alterTable('authenticators').addColumn('heldBy', 'text').execute();
}
