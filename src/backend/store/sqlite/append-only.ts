import { type Kysely, sql } from 'kysely';

/** Rows of the trail are added, and that is all: whoever tries anything else gets an error (CREATE TRIGGER, RAISE). */
export async function up(db: Kysely<unknown>): Promise<void> {
  for (const change of ['update', 'delete']) {
    await sql`
      create trigger ${sql.raw(`"auditNo${change}"`)} before ${sql.raw(change)} on "audit"
      begin select raise(abort, 'the audit trail is append-only'); end`.execute(db);
  }
}
