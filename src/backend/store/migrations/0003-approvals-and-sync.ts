import { type Kysely, sql } from 'kysely';

/** Approvals with a number, generations of device keys, changes made offline, and what is reported to the desk. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await db.schema.alterTable('people').addColumn('approvalsStoppedAt', 'bigint').execute();
  await db.schema.alterTable('people').addColumn('preferredAt', 'bigint').execute();

  await db.schema.alterTable('authenticators').addColumn('suspendedBecause', 'text').execute();
  await db.schema.alterTable('authenticators').addColumn('namedAt', 'bigint').execute();
  await db.schema.alterTable('authenticators').addColumn('removedWipe', 'text').execute();
  await db.schema.alterTable('authenticators').addColumn('generation', 'text').execute();
  await db.schema.alterTable('authenticators').addColumn('nextGenerations', 'text').execute();
  await db.schema.alterTable('authenticators').addColumn('lastGeneration', 'text').execute();
  await db.schema.alterTable('authenticators').addColumn('generationAt', 'bigint').execute();

  // A request of the sign-in page belongs to no service. SQLite cannot take "not null" from a column: the table is made anew.
  await db.schema.dropIndex('challengesOnePending').execute();
  await db.schema.dropIndex('challengesPendingExpiry').execute();
  await db.schema.dropIndex('challengesPersonEnded').execute();
  await db.schema.alterTable('challenges').renameTo('challengesBefore').execute();
  await db.schema
    .createTable('challenges')
    .addColumn('id', 'text', (c) => c.primaryKey())
    .addColumn('serviceId', 'text', (c) => c.references('services.id'))
    .addColumn('personId', 'text', (c) => c.references('people.id'))
    .addColumn('place', 'text')
    .addColumn('returnTo', 'text')
    .addColumn('userVerification', 'text', (c) => c.notNull())
    .addColumn('state', 'text', (c) => c.notNull())
    .addColumn('createdAt', 'bigint', (c) => c.notNull())
    .addColumn('expiresAt', 'bigint', (c) => c.notNull())
    .addColumn('endedAt', 'bigint')
    .addColumn('result', 'text')
    .addColumn('sessionId', 'text')
    .addColumn('forChallengeId', 'text')
    .addColumn('askedAddress', 'text')
    .addColumn('askedBrowser', 'text')
    .addColumn('numberHash', 'text')
    .addColumn('numberDigits', 'integer')
    .addColumn('numberTries', 'integer', (c) => c.notNull())
    .addColumn('decidedFrom', 'text')
    .addColumn('redeemedAt', 'bigint')
    .execute();
  const kept = sql.raw(
    ['id', 'serviceId', 'personId', 'place', 'returnTo', 'userVerification', 'state', 'createdAt', 'expiresAt', 'endedAt', 'result']
      .map((name) => `"${name}"`)
      .join(', '),
  );
  await sql`insert into "challenges" (${kept}, "numberTries") select ${kept}, 0 from "challengesBefore"`.execute(db);
  await db.schema.dropTable('challengesBefore').execute();
  // At most one waits a person, also when two processes ask at once.
  await sql`create unique index "challengesOnePending" on "challenges" ("personId") where "state" = 'pending' and "personId" is not null`.execute(
    db,
  );
  await sql`create index "challengesPendingExpiry" on "challenges" ("expiresAt") where "state" = 'pending'`.execute(db);
  await sql`create index "challengesPendingSession" on "challenges" ("sessionId") where "state" = 'pending'`.execute(db);
  await db.schema.createIndex('challengesPersonEnded').on('challenges').columns(['personId', 'endedAt']).execute();

  await db.schema
    .createTable('deviceChanges')
    .addColumn('deviceId', 'text', (c) => c.notNull().references('authenticators.id'))
    .addColumn('key', 'text', (c) => c.notNull())
    .addColumn('outcome', 'text', (c) => c.notNull())
    .addColumn('code', 'text')
    .addColumn('at', 'bigint', (c) => c.notNull())
    .addPrimaryKeyConstraint('deviceChangesKey', ['deviceId', 'key'])
    .execute();
  await db.schema.createIndex('deviceChangesAt').on('deviceChanges').column('at').execute();

  await db.schema
    .createTable('reports')
    .addColumn('id', 'text', (c) => c.primaryKey())
    .addColumn('kind', 'text', (c) => c.notNull())
    .addColumn('personId', 'text', (c) => c.notNull().references('people.id'))
    .addColumn('subjectId', 'text')
    .addColumn('source', 'text')
    .addColumn('facts', 'text', (c) => c.notNull())
    .addColumn('at', 'bigint', (c) => c.notNull())
    .addColumn('closedAt', 'bigint')
    .execute();
  await db.schema.createIndex('reportsOpen').on('reports').columns(['closedAt', 'at']).execute();
}
