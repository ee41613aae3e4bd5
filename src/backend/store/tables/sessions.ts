import type { Kysely } from 'kysely';
import type { SessionRecord } from '../../domain/model.ts';
import type { SessionStore } from '../../domain/stores.ts';
import type { Locking } from '../locking.ts';
import { prepared } from '../prepared.ts';
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
/** Its last use is marked already, by whoever found it: that would be one more index to write. */
const stepUp = prepared((db, step: { id: string; tokenHash: string; challengeId: string | null; authenticatorId: string; at: number }) =>
  db
    .updateTable('sessions')
    .set({
      tokenHash: step.tokenHash,
      challengeId: step.challengeId,
      authenticatorId: step.authenticatorId,
      state: 'full',
      secondStepAt: step.at,
    })
    .where('id', '=', step.id)
    .returning('id'),
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
      await db.updateTable('sessions').set({ seenAt: at }).where('id', '=', id).where('seenAt', '<', at).execute();
    },
    async hold(id) {
      return (await (locking.rows ? byIdHeld : byId)(db, { id })).length > 0;
    },
    async stepUp(id, change) {
      return (await stepUp(db, { id, ...change })).length > 0;
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
