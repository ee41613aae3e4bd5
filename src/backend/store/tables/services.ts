import type { Kysely, Selectable } from 'kysely';
import type { ServiceRecord } from '../../domain/model.ts';
import type { ServiceStore } from '../../domain/stores.ts';
import type { Schema, ServicesTable } from '../schema.ts';

function toRecord(row: Selectable<ServicesTable>): ServiceRecord {
  return { ...row, returnAddresses: JSON.parse(row.returnAddresses) as string[] };
}

export function servicesOn(db: Kysely<Schema>): ServiceStore {
  return {
    async byId(id) {
      const row = await db.selectFrom('services').selectAll().where('id', '=', id).executeTakeFirst();
      return row === undefined ? null : toRecord(row);
    },
    async byKeyHash(hash) {
      const row = await db.selectFrom('services').selectAll().where('keyHash', '=', hash).executeTakeFirst();
      return row === undefined ? null : toRecord(row);
    },
    async insert(service) {
      await db
        .insertInto('services')
        .values({ ...service, returnAddresses: JSON.stringify(service.returnAddresses) })
        .execute();
    },
    async replaceKey(id, { keyHash, returnAddresses }) {
      const changed = await db
        .updateTable('services')
        .set({ keyHash, returnAddresses: JSON.stringify(returnAddresses) })
        .where('id', '=', id)
        .returning('id')
        .executeTakeFirst();
      return changed !== undefined;
    },
  };
}
