import type { Kysely } from 'kysely';

/** Codes and their sealed seeds, enrollments that were not proved yet, and spare codes. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await db.schema.alterTable('authenticators').addColumn('codeForm', 'text').execute();
  await db.schema.alterTable('authenticators').addColumn('spareCodesLeft', 'integer').execute();

  await db.schema
    .createTable('codes')
    .addColumn('authenticatorId', 'text', (c) => c.primaryKey().references('authenticators.id'))
    .addColumn('personId', 'text', (c) => c.notNull().references('people.id'))
    .addColumn('kind', 'text', (c) => c.notNull())
    .addColumn('algorithm', 'text', (c) => c.notNull())
    .addColumn('digits', 'integer', (c) => c.notNull())
    .addColumn('period', 'integer')
    .addColumn('sealed', 'text', (c) => c.notNull())
    .addColumn('seedKeyId', 'text', (c) => c.notNull())
    .addColumn('lastPosition', 'bigint', (c) => c.notNull())
    .addColumn('drift', 'integer', (c) => c.notNull())
    .addColumn('failures', 'integer', (c) => c.notNull())
    .addColumn('blockedUntil', 'bigint', (c) => c.notNull())
    .addColumn('candidate', 'bigint')
    .addColumn('candidateAt', 'bigint')
    .execute();
  await db.schema.createIndex('codesPerson').on('codes').column('personId').execute();
  await db.schema.createIndex('codesSeedKey').on('codes').column('seedKeyId').execute();

  await db.schema
    .createTable('codeEnrollments')
    .addColumn('id', 'text', (c) => c.primaryKey())
    .addColumn('personId', 'text', (c) => c.notNull().references('people.id'))
    .addColumn('sessionId', 'text')
    .addColumn('deviceId', 'text')
    .addColumn('kind', 'text', (c) => c.notNull())
    .addColumn('algorithm', 'text', (c) => c.notNull())
    .addColumn('digits', 'integer', (c) => c.notNull())
    .addColumn('period', 'integer')
    .addColumn('sealed', 'text', (c) => c.notNull())
    .addColumn('seedKeyId', 'text', (c) => c.notNull())
    .addColumn('tries', 'integer', (c) => c.notNull())
    .addColumn('createdAt', 'bigint', (c) => c.notNull())
    .addColumn('expiresAt', 'bigint', (c) => c.notNull())
    .execute();
  await db.schema.createIndex('codeEnrollmentsSession').on('codeEnrollments').column('sessionId').execute();
  await db.schema.createIndex('codeEnrollmentsDevice').on('codeEnrollments').column('deviceId').execute();
  await db.schema.createIndex('codeEnrollmentsExpiry').on('codeEnrollments').column('expiresAt').execute();

  await db.schema
    .createTable('spareCodes')
    .addColumn('authenticatorId', 'text', (c) => c.notNull().references('authenticators.id'))
    .addColumn('hash', 'text', (c) => c.notNull())
    .addColumn('usedAt', 'bigint')
    .addPrimaryKeyConstraint('spareCodesKey', ['authenticatorId', 'hash'])
    .execute();
}
