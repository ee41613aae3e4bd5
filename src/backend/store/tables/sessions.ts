import type { Kysely } from 'kysely';
import type { SessionStore } from '../../domain/stores.ts';
import type { Schema } from '../schema.ts';

export function sessionsOn(db: Kysely<Schema>): SessionStore {
  return {
    async byTokenHash(hash) {
      return (await db.selectFrom('sessions').selectAll().where('tokenHash', '=', hash).executeTakeFirst()) ?? null;
    },
    async insert(session) {
      await db.insertInto('sessions').values(session).execute();
    },
    async touch(id, at) {
      await db.updateTable('sessions').set({ seenAt: at }).where('id', '=', id).where('seenAt', '<', at).execute();
    },
    async stepUp(id, { at, ...change }) {
      const changed = await db
        .updateTable('sessions')
        .set({ ...change, state: 'full', secondStepAt: at, seenAt: at })
        .where('id', '=', id)
        .returning('id')
        .executeTakeFirst();
      return changed !== undefined;
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
