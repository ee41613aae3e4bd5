import type { Kysely } from 'kysely';
import type { DeviceChangeStore } from '../../domain/stores.ts';
import type { Schema } from '../schema.ts';

export function deviceChangesOn(db: Kysely<Schema>): DeviceChangeStore {
  return {
    async byKey(deviceId, key) {
      const row = await db
        .selectFrom('deviceChanges')
        .selectAll()
        .where('deviceId', '=', deviceId)
        .where('key', '=', key)
        .executeTakeFirst();
      return row ?? null;
    },
    async insert(change) {
      await db.insertInto('deviceChanges').values(change).execute();
    },
    async removeOlderThan(at) {
      return (await db.deleteFrom('deviceChanges').where('at', '<', at).returning('key').execute()).length;
    },
  };
}
