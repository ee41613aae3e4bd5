import type { Kysely } from 'kysely';

/**
 * Each row of the trail was an entry of three indexes, two of them in no order. Nobody finds a row by its person or by its
 * hash; and since a hash covers the row's number, no two can be alike.
 */
export async function up(db: Kysely<unknown>): Promise<void> {
  await db.schema.dropIndex('auditPerson').execute();
  await db.schema.alterTable('audit').dropConstraint('audit_hash_key').execute();
}
