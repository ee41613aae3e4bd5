import type { Kysely } from 'kysely';
import type { PeopleStore } from '../../domain/stores.ts';
import { prepared, preparedChange } from '../prepared.ts';
import type { Schema } from '../schema.ts';

const byId = prepared((db, { id }: { id: string }) => db.selectFrom('people').selectAll().where('id', '=', id));
const bumpVersion = prepared((db, { id }: { id: string }) =>
  db
    .updateTable('people')
    .set((eb) => ({ version: eb('version', '+', 1) }))
    .where('id', '=', id)
    .returning('version'),
);
const bumpOpen = preparedChange((db, { id }: { id: string }) =>
  db
    .updateTable('people')
    .set((eb) => ({ version: eb('version', '+', 1) }))
    .where('id', '=', id)
    .where('disabledAt', 'is', null),
);

export function peopleOn(db: Kysely<Schema>): PeopleStore {
  return {
    async byId(id) {
      return (await byId(db, { id }))[0] ?? null;
    },
    async byUsernameKey(key) {
      return (await db.selectFrom('people').selectAll().where('usernameKey', '=', key).executeTakeFirst()) ?? null;
    },
    async insert(person) {
      await db.insertInto('people').values(person).execute();
    },
    async setPasswordHash(id, hash) {
      await db.updateTable('people').set({ passwordHash: hash }).where('id', '=', id).execute();
    },
    async disable(id, at) {
      await db.updateTable('people').set({ disabledAt: at }).where('id', '=', id).where('disabledAt', 'is', null).execute();
    },
    async stopApprovals(id, at) {
      await db.updateTable('people').set({ approvalsStoppedAt: at }).where('id', '=', id).execute();
    },
    async bumpVersion(id) {
      const [bumped] = await bumpVersion(db, { id });
      if (bumped === undefined) throw new Error('there is no such person');
      return bumped.version;
    },
    async bumpOpen(id) {
      return (await bumpOpen(db, { id })) > 0;
    },
  };
}
