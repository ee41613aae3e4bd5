import { type Kysely, sql } from 'kysely';
import * as appendOnly from './append-only.ts';

/**
 * Each row of the trail was an entry of three indexes too, two of them in no order: two pages more to write for every
 * sign-in. Nobody finds a row by its person or by its hash; and since a hash covers the row's number, no two can be alike.
 * SQLite cannot take "unique" from a column: the table is made anew, and its number is the key of the table itself.
 */
export async function up(db: Kysely<unknown>): Promise<void> {
  // The indexes and what keeps the rows as they are go with the table that they belong to.
  await db.schema.alterTable('audit').renameTo('auditBefore').execute();
  await db.schema
    .createTable('audit')
    .addColumn('sequence', 'integer', (c) => c.primaryKey())
    .addColumn('at', 'bigint', (c) => c.notNull())
    .addColumn('event', 'text', (c) => c.notNull())
    .addColumn('outcome', 'text', (c) => c.notNull())
    .addColumn('actorKind', 'text', (c) => c.notNull())
    .addColumn('actorId', 'text')
    .addColumn('personId', 'text')
    .addColumn('subjectId', 'text')
    .addColumn('source', 'text')
    .addColumn('reason', 'text')
    .addColumn('facts', 'text', (c) => c.notNull())
    .addColumn('previousHash', 'text', (c) => c.notNull())
    .addColumn('hash', 'text', (c) => c.notNull())
    .execute();
  await sql`insert into "audit" select * from "auditBefore" order by "sequence"`.execute(db);
  await db.schema.dropTable('auditBefore').execute();
  await appendOnly.up(db);
}
