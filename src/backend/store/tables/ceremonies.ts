import type { Kysely } from 'kysely';
import type { CeremonyStore } from '../../domain/stores.ts';
import type { Schema } from '../schema.ts';

export function ceremoniesOn(db: Kysely<Schema>): CeremonyStore {
  return {
    async byId(id) {
      return (await db.selectFrom('ceremonies').selectAll().where('id', '=', id).executeTakeFirst()) ?? null;
    },
    async insert(ceremony) {
      const place = ceremony.sessionId === null ? 'deviceId' : 'sessionId';
      await db
        .updateTable('ceremonies')
        .set({ consumedAt: ceremony.createdAt })
        .where(place, '=', ceremony[place])
        .where('purpose', '=', ceremony.purpose)
        .where('consumedAt', 'is', null)
        .execute();
      await db.insertInto('ceremonies').values(ceremony).execute();
    },
    async consume(id, at) {
      const consumed = await db
        .updateTable('ceremonies')
        .set({ consumedAt: at })
        .where('id', '=', id)
        .where('consumedAt', 'is', null)
        .where('expiresAt', '>', at)
        .returning('id')
        .executeTakeFirst();
      return consumed !== undefined;
    },
    async removeExpired(before) {
      return (await db.deleteFrom('ceremonies').where('expiresAt', '<', before).returning('id').execute()).length;
    },
  };
}
