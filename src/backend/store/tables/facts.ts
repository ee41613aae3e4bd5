import type { Kysely } from 'kysely';
import type { FactStore } from '../../domain/stores.ts';
import type { Schema } from '../schema.ts';

export function factsOn(db: Kysely<Schema>): FactStore {
  return {
    async get(key) {
      return (await db.selectFrom('facts').select('value').where('key', '=', key).executeTakeFirst())?.value ?? null;
    },
    async insert(key, value) {
      const inserted = await db
        .insertInto('facts')
        .values({ key, value })
        .onConflict((oc) => oc.doNothing())
        .returning('key')
        .executeTakeFirst();
      return inserted !== undefined;
    },
    async set(key, value) {
      await db
        .insertInto('facts')
        .values({ key, value })
        .onConflict((oc) => oc.column('key').doUpdateSet({ value }))
        .execute();
    },
  };
}
