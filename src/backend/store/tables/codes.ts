import { type ExpressionBuilder, type Kysely, sql } from 'kysely';
import type { CodeEnrollmentStore, CodeStore, SpareCodeStore } from '../../domain/codes/stores.ts';
import type { Locking } from '../locking.ts';
import { prepared, preparedChange } from '../prepared.ts';
import type { Schema } from '../schema.ts';

/** `addedAt` is null where it is not active. No join: SQLite would compile one anew each time. */
const listOf = prepared((db, { personId }: { personId: string }) =>
  db
    .selectFrom('codes')
    .selectAll()
    .select((eb) =>
      eb
        .selectFrom('authenticators')
        .select('addedAt')
        .whereRef('authenticators.id', '=', 'codes.authenticatorId')
        .where('state', '=', 'active')
        .as('addedAt'),
    )
    .where('personId', '=', personId),
);
interface Countable {
  readonly personId: string;
  readonly at: number;
  readonly tooLong: number;
}
const mayBeTried =
  ({ personId, at, tooLong }: Countable) =>
  (eb: ExpressionBuilder<Schema, 'codes'>) =>
    eb.and([
      eb('personId', '=', personId),
      eb.or([eb('blockedUntil', '<=', at), eb('blockedUntil', '>', tooLong)]),
      eb(eb.selectFrom('authenticators').select('state').whereRef('id', '=', 'codes.authenticatorId'), '=', 'active'),
    ]);
const countOf = (db: Kysely<Schema>, tried: Countable) =>
  db
    .updateTable('codes')
    .set((eb) => ({ failures: eb('failures', '+', 1) }))
    .where(mayBeTried(tried));
const count = prepared((db, tried: Countable) => countOf(db, tried).returningAll());
/** Of what was counted, nothing that decides whether it may be tried has changed. */
const countUnseen = preparedChange(countOf);
const counted = prepared((db, tried: Countable) => db.selectFrom('codes').selectAll().where(mayBeTried(tried)));
const accept = preparedChange((db, { id, position, drift }: { id: string; position: number; drift: number }) =>
  db
    .updateTable('codes')
    .set({ lastPosition: position, drift, failures: 0, blockedUntil: 0, candidate: null, candidateAt: null })
    .where('authenticatorId', '=', id)
    .where('lastPosition', '<', position),
);

/** In one order for all: two who count the same rows at once would else each hold what the other waits for. */
const hold = prepared((db, { personId }: { personId: string }) =>
  db.selectFrom('codes').select('authenticatorId').where('personId', '=', personId).orderBy('authenticatorId').forUpdate(),
);

export function codesOn(db: Kysely<Schema>, locking: Locking): CodeStore {
  return {
    async listOf(personId) {
      const rows = (await listOf(db, { personId })).flatMap(({ addedAt, ...row }) => (addedAt === null ? [] : [{ addedAt, row }]));
      // Oldest first. Here, because SQLite sorts a handful of rows more slowly than it finds them.
      rows.sort((a, b) => a.addedAt - b.addedAt || (a.row.authenticatorId < b.row.authenticatorId ? -1 : 1));
      return rows.map(({ row }) => row);
    },
    async insert(code) {
      await db.insertInto('codes').values(code).execute();
    },
    async count(personId, at, longestWait) {
      const tried = { personId, at, tooLong: at + longestWait };
      if (locking.rows) {
        await hold(db, { personId });
        return count(db, tried);
      }
      // To bring back what an update has changed, SQLite makes a table each time: that takes longer than to look once more.
      await countUnseen(db, tried);
      return counted(db, tried);
    },
    async accept(id, { position, drift }) {
      return (await accept(db, { id, position, drift })) > 0;
    },
    async miss(id, left) {
      await db.updateTable('codes').set(left).where('authenticatorId', '=', id).execute();
    },
    async forgive(ids, tries) {
      if (ids.length === 0) return;
      await db
        .updateTable('codes')
        .set((eb) => ({
          failures: eb
            .case()
            .when('failures', '>', tries)
            .then(eb('failures', '-', tries))
            .else(0)
            .end(),
        }))
        .where('authenticatorId', 'in', ids)
        .execute();
    },
    async remove(id) {
      await db.deleteFrom('codes').where('authenticatorId', '=', id).execute();
    },
    sealedOtherwise: (seedKeyId, limit) =>
      db
        .selectFrom('codes')
        .select(['authenticatorId as id', 'sealed', 'seedKeyId'])
        .where('seedKeyId', '!=', seedKeyId)
        .limit(limit)
        .execute(),
    async reseal({ id, before, sealed, seedKeyId }) {
      const resealed = await db
        .updateTable('codes')
        .set({ sealed, seedKeyId })
        .where('authenticatorId', '=', id)
        .where('sealed', '=', before)
        .returning('authenticatorId')
        .executeTakeFirst();
      return resealed !== undefined;
    },
  };
}

export function codeEnrollmentsOn(db: Kysely<Schema>): CodeEnrollmentStore {
  return {
    async byId(id) {
      return (await db.selectFrom('codeEnrollments').selectAll().where('id', '=', id).executeTakeFirst()) ?? null;
    },
    async insert(enrollment) {
      const place = enrollment.sessionId === null ? 'deviceId' : 'sessionId';
      await db.deleteFrom('codeEnrollments').where(place, '=', enrollment[place]).execute();
      await db.insertInto('codeEnrollments').values(enrollment).execute();
    },
    async count(id, at, mostTries) {
      const counted = await db
        .updateTable('codeEnrollments')
        .set((eb) => ({ tries: eb('tries', '+', 1) }))
        .where('id', '=', id)
        .where('expiresAt', '>', at)
        .where('tries', '<', mostTries)
        .returning('id')
        .executeTakeFirst();
      return counted !== undefined;
    },
    async remove(id) {
      await db.deleteFrom('codeEnrollments').where('id', '=', id).execute();
    },
    async removeExpired(before) {
      return (await db.deleteFrom('codeEnrollments').where('expiresAt', '<', before).returning('id').execute()).length;
    },
    sealedOtherwise: (seedKeyId, limit) =>
      db.selectFrom('codeEnrollments').select(['id', 'sealed', 'seedKeyId']).where('seedKeyId', '!=', seedKeyId).limit(limit).execute(),
    async reseal({ id, before, sealed, seedKeyId }) {
      const resealed = await db
        .updateTable('codeEnrollments')
        .set({ sealed, seedKeyId })
        .where('id', '=', id)
        .where('sealed', '=', before)
        .returning('id')
        .executeTakeFirst();
      return resealed !== undefined;
    },
  };
}

export function spareCodesOn(db: Kysely<Schema>): SpareCodeStore {
  return {
    async insert(authenticatorId, hashes) {
      await db
        .insertInto('spareCodes')
        .values(hashes.map((hash) => ({ authenticatorId, hash, usedAt: null })))
        .execute();
    },
    async use(authenticatorId, hash, at) {
      const used = await db
        .updateTable('spareCodes')
        .set({ usedAt: at })
        .where('authenticatorId', '=', authenticatorId)
        .where('hash', '=', hash)
        .where('usedAt', 'is', null)
        .returning('hash')
        .executeTakeFirst();
      if (used === undefined) return false;
      await db.updateTable('authenticators').set({ spareCodesLeft: sql`"spareCodesLeft" - 1` }).where('id', '=', authenticatorId).execute();
      return true;
    },
    async removeAll(authenticatorId) {
      await db.deleteFrom('spareCodes').where('authenticatorId', '=', authenticatorId).execute();
    },
  };
}
