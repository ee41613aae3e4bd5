import { type Kysely, sql } from 'kysely';

/** People, sessions, security keys and desktops, ceremonies, challenges, services, pairing, limits, the audit chain. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('people')
    .addColumn('id', 'text', (c) => c.primaryKey())
    .addColumn('username', 'text', (c) => c.notNull())
    .addColumn('usernameKey', 'text', (c) => c.notNull().unique())
    .addColumn('displayName', 'text', (c) => c.notNull())
    .addColumn('role', 'text', (c) => c.notNull())
    .addColumn('passwordHash', 'text')
    .addColumn('userHandle', 'text', (c) => c.notNull().unique())
    .addColumn('disabledAt', 'bigint')
    .addColumn('version', 'bigint', (c) => c.notNull())
    .addColumn('createdAt', 'bigint', (c) => c.notNull())
    .execute();

  await db.schema
    .createTable('sessions')
    .addColumn('id', 'text', (c) => c.primaryKey())
    .addColumn('tokenHash', 'text', (c) => c.notNull().unique())
    .addColumn('personId', 'text', (c) => c.notNull().references('people.id'))
    .addColumn('state', 'text', (c) => c.notNull())
    .addColumn('challengeId', 'text')
    .addColumn('createdAt', 'bigint', (c) => c.notNull())
    .addColumn('seenAt', 'bigint', (c) => c.notNull())
    .addColumn('secondStepAt', 'bigint')
    .addColumn('authenticatorId', 'text')
    .addColumn('source', 'text', (c) => c.notNull())
    .execute();
  await db.schema.createIndex('sessionsPerson').on('sessions').column('personId').execute();
  await db.schema.createIndex('sessionsAuthenticator').on('sessions').column('authenticatorId').execute();
  await db.schema.createIndex('sessionsSeen').on('sessions').column('seenAt').execute();

  await db.schema
    .createTable('authenticators')
    .addColumn('id', 'text', (c) => c.primaryKey())
    .addColumn('personId', 'text', (c) => c.notNull().references('people.id'))
    .addColumn('kind', 'text', (c) => c.notNull())
    .addColumn('name', 'text', (c) => c.notNull())
    .addColumn('state', 'text', (c) => c.notNull())
    .addColumn('preferred', 'integer', (c) => c.notNull())
    .addColumn('addedAt', 'bigint', (c) => c.notNull())
    .addColumn('addedFrom', 'text', (c) => c.notNull())
    .addColumn('lastUsedAt', 'bigint')
    .addColumn('lastUsedFrom', 'text')
    .addColumn('removedAt', 'bigint')
    .addColumn('credentialId', 'text', (c) => c.unique())
    .addColumn('publicKey', 'text')
    .addColumn('counter', 'bigint', (c) => c.notNull())
    .addColumn('transports', 'text', (c) => c.notNull())
    .addColumn('aaguid', 'text')
    .addColumn('attestation', 'text')
    .addColumn('model', 'text')
    .addColumn('backupEligible', 'integer', (c) => c.notNull())
    .addColumn('backedUp', 'integer', (c) => c.notNull())
    .addColumn('counterAlarmAt', 'bigint')
    .addColumn('deviceKey', 'text')
    .addColumn('platform', 'text')
    .execute();
  await db.schema.createIndex('authenticatorsPerson').on('authenticators').column('personId').execute();

  await db.schema
    .createTable('ceremonies')
    .addColumn('id', 'text', (c) => c.primaryKey())
    .addColumn('question', 'text', (c) => c.notNull().unique())
    .addColumn('purpose', 'text', (c) => c.notNull())
    .addColumn('personId', 'text', (c) => c.notNull().references('people.id'))
    .addColumn('sessionId', 'text')
    .addColumn('deviceId', 'text')
    .addColumn('challengeId', 'text')
    .addColumn('userVerification', 'text', (c) => c.notNull())
    .addColumn('createdAt', 'bigint', (c) => c.notNull())
    .addColumn('expiresAt', 'bigint', (c) => c.notNull())
    .addColumn('consumedAt', 'bigint')
    .execute();
  await db.schema.createIndex('ceremoniesSession').on('ceremonies').column('sessionId').execute();
  await db.schema.createIndex('ceremoniesDevice').on('ceremonies').column('deviceId').execute();
  await db.schema.createIndex('ceremoniesExpiry').on('ceremonies').column('expiresAt').execute();

  await db.schema
    .createTable('services')
    .addColumn('id', 'text', (c) => c.primaryKey())
    .addColumn('name', 'text', (c) => c.notNull())
    .addColumn('keyHash', 'text', (c) => c.notNull().unique())
    .addColumn('returnAddresses', 'text', (c) => c.notNull())
    .addColumn('disabledAt', 'bigint')
    .addColumn('createdAt', 'bigint', (c) => c.notNull())
    .execute();

  await db.schema
    .createTable('challenges')
    .addColumn('id', 'text', (c) => c.primaryKey())
    .addColumn('serviceId', 'text', (c) => c.notNull().references('services.id'))
    .addColumn('personId', 'text', (c) => c.references('people.id'))
    .addColumn('place', 'text')
    .addColumn('returnTo', 'text')
    .addColumn('userVerification', 'text', (c) => c.notNull())
    .addColumn('state', 'text', (c) => c.notNull())
    .addColumn('createdAt', 'bigint', (c) => c.notNull())
    .addColumn('expiresAt', 'bigint', (c) => c.notNull())
    .addColumn('endedAt', 'bigint')
    .addColumn('result', 'text')
    .execute();
  // At most one waits a person, also when two processes ask at once.
  await sql`create unique index "challengesOnePending" on "challenges" ("personId") where "state" = 'pending' and "personId" is not null`.execute(
    db,
  );
  await sql`create index "challengesPendingExpiry" on "challenges" ("expiresAt") where "state" = 'pending'`.execute(db);
  await db.schema.createIndex('challengesPersonEnded').on('challenges').columns(['personId', 'endedAt']).execute();

  await db.schema
    .createTable('pairingCodes')
    .addColumn('id', 'text', (c) => c.primaryKey())
    .addColumn('codeHash', 'text', (c) => c.notNull().unique())
    .addColumn('personId', 'text', (c) => c.notNull().references('people.id'))
    .addColumn('createdAt', 'bigint', (c) => c.notNull())
    .addColumn('expiresAt', 'bigint', (c) => c.notNull())
    .addColumn('usedAt', 'bigint')
    .execute();

  await db.schema
    .createTable('replays')
    .addColumn('nonce', 'text', (c) => c.primaryKey())
    .addColumn('expiresAt', 'bigint', (c) => c.notNull())
    .execute();
  await db.schema.createIndex('replaysExpiry').on('replays').column('expiresAt').execute();

  await db.schema
    .createTable('attempts')
    .addColumn('key', 'text', (c) => c.primaryKey())
    .addColumn('failures', 'integer', (c) => c.notNull())
    .addColumn('blockedUntil', 'bigint', (c) => c.notNull())
    .addColumn('lastAt', 'bigint', (c) => c.notNull())
    .execute();

  await db.schema
    .createTable('audit')
    .addColumn('sequence', 'bigint', (c) => c.primaryKey())
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
    .addColumn('hash', 'text', (c) => c.notNull().unique())
    .execute();
  await db.schema.createIndex('auditPerson').on('audit').columns(['personId', 'sequence']).execute();

  await db.schema
    .createTable('auditHead')
    .addColumn('id', 'integer', (c) => c.primaryKey())
    .addColumn('sequence', 'bigint', (c) => c.notNull())
    .addColumn('hash', 'text', (c) => c.notNull())
    .execute();
  await sql`insert into "auditHead" ("id", "sequence", "hash") values (1, 0, ${'0'.repeat(64)})`.execute(db);

  await db.schema
    .createTable('facts')
    .addColumn('key', 'text', (c) => c.primaryKey())
    .addColumn('value', 'text', (c) => c.notNull())
    .execute();
}
