import { type Kysely, sql } from 'kysely';

/** Rows of the trail are added, and that is all: whoever tries anything else gets an error. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`
    create function "auditAppendOnly"() returns trigger language plpgsql as $$
    begin raise exception 'the audit trail is append-only'; end $$`.execute(db);
  await sql`
    create trigger "auditNoChange" before update or delete or truncate on "audit"
    for each statement execute function "auditAppendOnly"()`.execute(db);
}
