import type { Kysely } from 'kysely';
import type { PairingStore } from '../../domain/stores.ts';
import type { Schema } from '../schema.ts';

export function pairingOn(db: Kysely<Schema>): PairingStore {
  return {
    async insert(code) {
      await db
        .updateTable('pairingCodes')
        .set({ usedAt: code.createdAt })
        .where('personId', '=', code.personId)
        .where('usedAt', 'is', null)
        .execute();
      await db.insertInto('pairingCodes').values(code).execute();
    },
    async use(codeHash, at) {
      const used = await db
        .updateTable('pairingCodes')
        .set({ usedAt: at })
        .where('codeHash', '=', codeHash)
        .where('usedAt', 'is', null)
        .where('expiresAt', '>', at)
        .returningAll()
        .executeTakeFirst();
      return used ?? null;
    },
    async removeExpired(before) {
      return (await db.deleteFrom('pairingCodes').where('expiresAt', '<', before).returning('id').execute()).length;
    },
  };
}
