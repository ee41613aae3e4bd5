import { type Kysely, type Selectable, sql } from 'kysely';
import type { ChallengeRecord } from '../../domain/model.ts';
import type { ChallengeStore } from '../../domain/stores.ts';
import { prepared } from '../prepared.ts';
import type { ChallengesTable, Schema } from '../schema.ts';

function toRecord(row: Selectable<ChallengesTable>): ChallengeRecord {
  return { ...row, result: row.result === null ? null : (JSON.parse(row.result) as ChallengeRecord['result']) };
}

/** Written out: where it is a value, SQLite compiles a statement that may use the index of what is pending anew for each. */
const PENDING = sql.lit('pending' as const);

const byId = prepared((db, { id }: { id: string }) => db.selectFrom('challenges').selectAll().where('id', '=', id));
/** At most one: the index of what is pending is unique. */
const pendingOf = prepared((db, { personId, at }: { personId: string; at: number }) =>
  db.selectFrom('challenges').selectAll().where('personId', '=', personId).where('state', '=', PENDING).where('expiresAt', '>', at),
);
const pendingOfSession = prepared((db, { sessionId }: { sessionId: string }) =>
  db.selectFrom('challenges').selectAll().where('sessionId', '=', sessionId).where('state', '=', PENDING),
);
const lastEndings = prepared((db, { personId, since }: { personId: string; since: number }) =>
  db
    .selectFrom('challenges')
    .selectAll()
    .where('personId', '=', personId)
    .where('endedAt', '>', since)
    .orderBy('endedAt', 'desc')
    .limit(32),
);
const anyOver = prepared((db, { at }: { at: number }) =>
  db.selectFrom('challenges').select('id').where('state', '=', PENDING).where('expiresAt', '<=', at).limit(1),
);

export function challengesOn(db: Kysely<Schema>): ChallengeStore {
  return {
    async byId(id) {
      const [row] = await byId(db, { id });
      return row === undefined ? null : toRecord(row);
    },
    async insert(challenge) {
      const inserted = await db
        .insertInto('challenges')
        .values({ ...challenge, result: challenge.result === null ? null : JSON.stringify(challenge.result) })
        .onConflict((oc) => oc.doNothing())
        .returning('id')
        .executeTakeFirst();
      return inserted !== undefined;
    },
    async pendingOf(personId, at) {
      return (await pendingOf(db, { personId, at })).map(toRecord);
    },
    async end(id, { state, at, personId, result, decidedFrom, untaken }) {
      let query = db
        .updateTable('challenges')
        .set({
          state,
          endedAt: at,
          ...(personId === undefined ? {} : { personId }),
          ...(result === undefined ? {} : { result: JSON.stringify(result) }),
          ...(decidedFrom === undefined ? {} : { decidedFrom }),
        })
        .where('id', '=', id)
        .where('state', '=', PENDING)
        .where('expiresAt', '>', at);
      // Named for somebody: then nobody else ends it by an answer.
      if (personId !== undefined) query = query.where((eb) => eb.or([eb('personId', 'is', null), eb('personId', '=', personId)]));
      if (untaken) query = query.where('sessionId', 'is', null);
      const ended = await query.returning('id').executeTakeFirst();
      return ended !== undefined;
    },
    async anyOver(at) {
      return (await anyOver(db, { at })).length > 0;
    },
    async expire(at, { personId, id } = {}) {
      let query = db
        .updateTable('challenges')
        .set({ state: 'expired', endedAt: at })
        .where('state', '=', PENDING)
        .where('expiresAt', '<=', at);
      if (personId !== undefined) query = query.where('personId', '=', personId);
      if (id !== undefined) query = query.where('id', '=', id);
      return (await query.returningAll().execute()).map(toRecord);
    },
    async lastEndings(personId, since) {
      return (await lastEndings(db, { personId, since })).map(toRecord);
    },
    async pendingOfSession(sessionId) {
      return (await pendingOfSession(db, { sessionId })).map(toRecord);
    },
    async renumber(id, personId, number, at) {
      const changed = await db
        .updateTable('challenges')
        .set({ ...number, numberTries: 0 })
        .where('id', '=', id)
        .where('personId', '=', personId)
        .where('state', '=', PENDING)
        .where('expiresAt', '>', at)
        .where((eb) => eb.or([eb('sessionId', 'is', null), eb('sessionId', '=', number.sessionId)]))
        .returning('id')
        .executeTakeFirst();
      return changed !== undefined;
    },
    async dropNumber(id, sessionId, at) {
      const changed = await db
        .updateTable('challenges')
        .set({ sessionId: null, numberHash: null, numberDigits: null, numberTries: 0, askedAddress: null, askedBrowser: null })
        .where('id', '=', id)
        .where('sessionId', '=', sessionId)
        .where('state', '=', PENDING)
        .where('expiresAt', '>', at)
        .returning('id')
        .executeTakeFirst();
      return changed !== undefined;
    },
    async tryNumber(id, most, at) {
      const row = await db
        .updateTable('challenges')
        .set((eb) => ({ numberTries: eb('numberTries', '+', 1) }))
        .where('id', '=', id)
        .where('state', '=', PENDING)
        .where('expiresAt', '>', at)
        .where('numberTries', '<', most)
        .returningAll()
        .executeTakeFirst();
      return row === undefined ? null : toRecord(row);
    },
    async redeem(id, { sessionId, approvedAfter, at }) {
      const row = await db
        .updateTable('challenges')
        .set({ redeemedAt: at })
        .where('id', '=', id)
        .where('sessionId', '=', sessionId)
        .where('state', '=', 'approved')
        .where('redeemedAt', 'is', null)
        // A key that was shown on the page has let the session in already.
        .where('decidedFrom', 'is not', null)
        .where('endedAt', '>', approvedAfter)
        .where('expiresAt', '>', at)
        .returningAll()
        .executeTakeFirst();
      return row === undefined ? null : toRecord(row);
    },
  };
}
