import type { Kysely, Selectable } from 'kysely';
import type { ChallengeRecord } from '../../domain/model.ts';
import type { ChallengeStore } from '../../domain/stores.ts';
import type { ChallengesTable, Schema } from '../schema.ts';

function toRecord(row: Selectable<ChallengesTable>): ChallengeRecord {
  return { ...row, result: row.result === null ? null : (JSON.parse(row.result) as ChallengeRecord['result']) };
}

export function challengesOn(db: Kysely<Schema>): ChallengeStore {
  return {
    async byId(id) {
      const row = await db.selectFrom('challenges').selectAll().where('id', '=', id).executeTakeFirst();
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
      const rows = await db
        .selectFrom('challenges')
        .selectAll()
        .where('personId', '=', personId)
        .where('state', '=', 'pending')
        .where('expiresAt', '>', at)
        .orderBy('createdAt')
        .execute();
      return rows.map(toRecord);
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
        .where('state', '=', 'pending')
        .where('expiresAt', '>', at);
      // Named for somebody: then nobody else ends it by an answer.
      if (personId !== undefined) query = query.where((eb) => eb.or([eb('personId', 'is', null), eb('personId', '=', personId)]));
      if (untaken) query = query.where('sessionId', 'is', null);
      const ended = await query.returning('id').executeTakeFirst();
      return ended !== undefined;
    },
    async anyOver(at) {
      const over = await db
        .selectFrom('challenges')
        .select('id')
        .where('state', '=', 'pending')
        .where('expiresAt', '<=', at)
        .limit(1)
        .executeTakeFirst();
      return over !== undefined;
    },
    async expire(at, { personId, id } = {}) {
      let query = db
        .updateTable('challenges')
        .set({ state: 'expired', endedAt: at })
        .where('state', '=', 'pending')
        .where('expiresAt', '<=', at);
      if (personId !== undefined) query = query.where('personId', '=', personId);
      if (id !== undefined) query = query.where('id', '=', id);
      return (await query.returningAll().execute()).map(toRecord);
    },
    async lastEndings(personId, since) {
      const rows = await db
        .selectFrom('challenges')
        .selectAll()
        .where('personId', '=', personId)
        .where('endedAt', '>', since)
        .orderBy('endedAt', 'desc')
        .limit(32)
        .execute();
      return rows.map(toRecord);
    },
    async pendingOfSession(sessionId) {
      const rows = await db
        .selectFrom('challenges')
        .selectAll()
        .where('sessionId', '=', sessionId)
        .where('state', '=', 'pending')
        .execute();
      return rows.map(toRecord);
    },
    async renumber(id, personId, number, at) {
      const changed = await db
        .updateTable('challenges')
        .set({ ...number, numberTries: 0 })
        .where('id', '=', id)
        .where('personId', '=', personId)
        .where('state', '=', 'pending')
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
        .where('state', '=', 'pending')
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
        .where('state', '=', 'pending')
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
