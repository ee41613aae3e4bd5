import type { Kysely } from 'kysely';

/**
 * A sign-in writes to every index that it changes, and in a large table each is another page: sessions are found by their
 * person where one of the person's ways has gone. And those that have lasted long enough are found without reading all.
 */
export async function up(db: Kysely<unknown>): Promise<void> {
  await db.schema.dropIndex('sessionsAuthenticator').execute();
  await db.schema.createIndex('sessionsCreated').on('sessions').column('createdAt').execute();
}
