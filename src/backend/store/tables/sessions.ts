import type { Kysely } from 'kysely';
import type { SessionRecord } from '../../domain/model.ts';
import type { SessionStore, StepUp } from '../../domain/stores.ts';
import type { Locking } from '../locking.ts';
import { prepared, preparedChange } from '../prepared.ts';
import type { Schema } from '../schema.ts';

const byTokenHash = prepared((db, { hash }: { hash: string }) => db.selectFrom('sessions').selectAll().where('tokenHash', '=', hash));
const insert = prepared((db, row: SessionRecord) =>
  db.insertInto('sessions').values({
    id: row.id,
    tokenHash: row.tokenHash,
    personId: row.personId,
    state: row.state,
    challengeId: row.challengeId,
    createdAt: row.createdAt,
    seenAt: row.seenAt,
    secondStepAt: row.secondStepAt,
    authenticatorId: row.authenticatorId,
    source: row.source,
  }),
);
const byId = prepared((db, { id }: { id: string }) => db.selectFrom('sessions').select('id').where('id', '=', id));
const byIdHeld = prepared((db, { id }: { id: string }) => db.selectFrom('sessions').select('id').where('id', '=', id).forShare());
type Marked = StepUp & { readonly id: string; readonly seenAt: number };
type Unmarked = Omit<Marked, 'seenAt'>;
const stepUpOf = (db: Kysely<Schema>, { id, tokenHash, challengeId, authenticatorId, at }: Unmarked) =>
  db.updateTable('sessions').set({ tokenHash, challengeId, authenticatorId, state: 'full', secondStepAt: at }).where('id', '=', id);
/** Without a mark, there is one index less to write. */
const stepUp = preparedChange((db, step: Unmarked) => stepUpOf(db, step));
const stepUpSeen = preparedChange((db, step: Marked) => stepUpOf(db, step).set({ seenAt: step.seenAt }));
const touch = prepared((db, { id, at }: { id: string; at: number }) =>
  db.updateTable('sessions').set({ seenAt: at }).where('id', '=', id).where('seenAt', '<', at),
);

export function sessionsOn(db: Kysely<Schema>, locking: Locking): SessionStore {
  return {
    async byTokenHash(hash) {
      return (await byTokenHash(db, { hash }))[0] ?? null;
    },
    async insert(session) {
      await insert(db, session);
    },
    async touch(id, at) {
      await touch(db, { id, at });
    },
    async hold(id) {
      return (await (locking.rows ? byIdHeld : byId)(db, { id })).length > 0;
    },
    async stepUp(id, { seenAt, ...change }) {
      const step = { id, ...change };
      return (await (seenAt === null ? stepUp(db, step) : stepUpSeen(db, { ...step, seenAt }))) > 0;
    },
    async remove(id) {
      return (await db.deleteFrom('sessions').where('id', '=', id).returning('id').executeTakeFirst()) !== undefined;
    },
    async removeAllOf(personId) {
      return (await db.deleteFrom('sessions').where('personId', '=', personId).returning('id').execute()).length;
    },
    async removeHalfOpen(personId) {
      const removed = await db
        .deleteFrom('sessions')
        .where('personId', '=', personId)
        .where('state', '=', 'password')
        .returning('id')
        .execute();
      return removed.length;
    },
    async removeShownWith(authenticatorId, keep) {
      const query = db
        .deleteFrom('sessions')
        .where('personId', '=', (eb) => eb.selectFrom('authenticators').select('personId').where('id', '=', authenticatorId))
        .where('authenticatorId', '=', authenticatorId);
      const removed = await (keep === null ? query : query.where('id', '!=', keep)).returning('id').execute();
      return removed.length;
    },
    async removeOlderThan({ seenBefore, createdBefore }) {
      const removed = await db
        .deleteFrom('sessions')
        .where((eb) => eb.or([eb('seenAt', '<', seenBefore), eb('createdAt', '<', createdBefore)]))
        .returning('id')
        .execute();
      return removed.length;
    },
  };
}
