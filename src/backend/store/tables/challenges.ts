import { type Kysely, type Selectable, sql } from 'kysely';
import type { ChallengeRecord } from '../../domain/model.ts';
import type { ChallengeEnding, ChallengeStore } from '../../domain/stores.ts';
import { prepared } from '../prepared.ts';
import type { ChallengesTable, Schema } from '../schema.ts';

function toRecord(row: Selectable<ChallengesTable>): ChallengeRecord {
  return { ...row, result: readResult(row.result) };
}

function readResult(text: string | null): ChallengeRecord['result'] {
  return text === null ? null : (JSON.parse(text) as ChallengeRecord['result']);
}

function toRow(record: ChallengeRecord): ChallengesTable {
  return { ...record, result: record.result === null ? null : JSON.stringify(record.result) };
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
    .select(['id', 'state', 'endedAt', 'numberTries', 'result'])
    .where('personId', '=', personId)
    .where('endedAt', '>', since)
    .orderBy('endedAt', 'desc')
    .limit(32),
);
const anyOver = prepared((db, { at }: { at: number }) =>
  db.selectFrom('challenges').select('id').where('state', '=', PENDING).where('expiresAt', '<=', at).limit(1),
);

const insert = prepared((db, row: ChallengesTable) =>
  db
    .insertInto('challenges')
    .values({
      id: row.id,
      serviceId: row.serviceId,
      personId: row.personId,
      place: row.place,
      returnTo: row.returnTo,
      userVerification: row.userVerification,
      state: row.state,
      createdAt: row.createdAt,
      expiresAt: row.expiresAt,
      endedAt: row.endedAt,
      result: row.result,
      sessionId: row.sessionId,
      forChallengeId: row.forChallengeId,
      askedAddress: row.askedAddress,
      askedBrowser: row.askedBrowser,
      numberHash: row.numberHash,
      numberDigits: row.numberDigits,
      numberTries: row.numberTries,
      decidedFrom: row.decidedFrom,
      redeemedAt: row.redeemedAt,
    })
    .onConflict((oc) => oc.doNothing())
    .returning('id'),
);

interface Ended {
  readonly id: string;
  readonly state: ChallengeEnding['state'];
  readonly at: number;
  readonly personId: string | null;
  readonly result: string | null;
  readonly decidedFrom: string | null;
}
/** Null leaves a column as it is. Named for somebody: then nobody else ends it by an answer. */
const endOf = (db: Kysely<Schema>, { id, state, at, personId, result, decidedFrom }: Ended) =>
  db
    .updateTable('challenges')
    .set({
      state,
      endedAt: at,
      personId: sql`coalesce(${personId}, "personId")`,
      result: sql`coalesce(${result}, "result")`,
      decidedFrom: sql`coalesce(${decidedFrom}, "decidedFrom")`,
    })
    .where('id', '=', id)
    .where('state', '=', PENDING)
    .where('expiresAt', '>', at)
    .where((eb) => eb.or([eb('personId', 'is', null), eb('personId', '=', sql<string>`coalesce(${personId}, "personId")`)]));
const end = prepared((db, ended: Ended) => endOf(db, ended).returning('id'));
const endUntaken = prepared((db, ended: Ended) => endOf(db, ended).where('sessionId', 'is', null).returning('id'));

const expireOf = (db: Kysely<Schema>, at: number) =>
  db.updateTable('challenges').set({ state: 'expired', endedAt: at }).where('state', '=', PENDING).where('expiresAt', '<=', at);
const expireAll = prepared((db, { at }: { at: number }) => expireOf(db, at).returningAll());
const expireOne = prepared((db, { at, id }: { at: number; id: string }) => expireOf(db, at).where('id', '=', id).returningAll());
const expireOfPerson = prepared((db, { at, personId }: { at: number; personId: string }) =>
  expireOf(db, at).where('personId', '=', personId).returningAll(),
);

const tryNumber = prepared((db, { id, most, at }: { id: string; most: number; at: number }) =>
  db
    .updateTable('challenges')
    .set((eb) => ({ numberTries: eb('numberTries', '+', 1) }))
    .where('id', '=', id)
    .where('state', '=', PENDING)
    .where('expiresAt', '>', at)
    .where('numberTries', '<', most)
    .returningAll(),
);
const redeem = prepared((db, by: { id: string; sessionId: string; approvedAfter: number; at: number }) =>
  db
    .updateTable('challenges')
    .set({ redeemedAt: by.at })
    .where('id', '=', by.id)
    .where('sessionId', '=', by.sessionId)
    .where('state', '=', 'approved')
    .where('redeemedAt', 'is', null)
    // A key that was shown on the page has let the session in already.
    .where('decidedFrom', 'is not', null)
    .where('endedAt', '>', by.approvedAfter)
    .where('expiresAt', '>', by.at)
    .returningAll(),
);

export function challengesOn(db: Kysely<Schema>): ChallengeStore {
  const expired = ({ personId, id }: { personId?: string; id?: string }, at: number) => {
    if (id !== undefined) return expireOne(db, { at, id });
    return personId === undefined ? expireAll(db, { at }) : expireOfPerson(db, { at, personId });
  };
  return {
    async byId(id) {
      const [row] = await byId(db, { id });
      return row === undefined ? null : toRecord(row);
    },
    async insert(challenge) {
      return (await insert(db, toRow(challenge))).length > 0;
    },
    async pendingOf(personId, at) {
      return (await pendingOf(db, { personId, at })).map(toRecord);
    },
    async end(id, { state, at, personId = null, result, decidedFrom = null, untaken }) {
      const ended = { id, state, at, personId, result: result === undefined ? null : JSON.stringify(result), decidedFrom };
      return (await (untaken ? endUntaken : end)(db, ended)).length > 0;
    },
    async anyOver(at) {
      return (await anyOver(db, { at })).length > 0;
    },
    async expire(at, scope = {}) {
      return (await expired(scope, at)).map(toRecord);
    },
    async lastEndings(personId, since) {
      return (await lastEndings(db, { personId, since })).map((row) => ({ ...row, result: readResult(row.result) }));
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
      const [row] = await tryNumber(db, { id, most, at });
      return row === undefined ? null : toRecord(row);
    },
    async redeem(id, by) {
      const [row] = await redeem(db, { id, ...by });
      return row === undefined ? null : toRecord(row);
    },
  };
}
