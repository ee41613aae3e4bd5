import type { Kysely } from 'kysely';
import type { SessionStore } from '../../domain/stores.ts';
import type { Locking } from '../locking.ts';
import { prepared } from '../prepared.ts';
import type { Schema } from '../schema.ts';

const byTokenHash = prepared((db, { hash }: { hash: string }) => db.selectFrom('sessions').selectAll().where('tokenHash', '=', hash));
const stepUp = prepared((db, step: { id: string; tokenHash: string; challengeId: string | null; authenticatorId: string; at: number }) =>
  db
    .updateTable('sessions')
    .set({
      tokenHash: step.tokenHash,
      challengeId: step.challengeId,
      authenticatorId: step.authenticatorId,
      state: 'full',
      secondStepAt: step.at,
      seenAt: step.at,
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
      await db.insertInto('sessions').values(session).execute();
    },
    async touch(id, at) {
      await db.updateTable('sessions').set({ seenAt: at }).where('id', '=', id).where('seenAt', '<', at).execute();
    },
    async hold(id) {
      const query = db.selectFrom('sessions').select('id').where('id', '=', id);
      return (await (locking.rows ? query.forShare() : query).executeTakeFirst()) !== undefined;
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
      const query = db.deleteFrom('sessions').where('authenticatorId', '=', authenticatorId);
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
