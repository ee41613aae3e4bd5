import type { Kysely } from 'kysely';
import type { AttemptStore, ReplayStore } from '../../domain/stores.ts';
import { prepared } from '../prepared.ts';
import type { Schema } from '../schema.ts';

const remember = prepared((db, { nonce, expiresAt }: { nonce: string; expiresAt: number }) =>
  db
    .insertInto('replays')
    .values({ nonce, expiresAt })
    .onConflict((oc) => oc.doNothing())
    .returning('nonce'),
);

export function replaysOn(db: Kysely<Schema>): ReplayStore {
  return {
    async remember(nonce, expiresAt) {
      return (await remember(db, { nonce, expiresAt })).length > 0;
    },
    async removeExpired(before) {
      return (await db.deleteFrom('replays').where('expiresAt', '<', before).returning('nonce').execute()).length;
    },
  };
}

/** A counter that is about to lock, or has, is never forgotten. */
const MOST_FORGOTTEN = 100;

const byKey = prepared((db, { key }: { key: string }) =>
  db.selectFrom('attempts').select(['key', 'failures', 'blockedUntil']).where('key', '=', key),
);

/** Of a row that is there it changes nothing, but locks it; one that was just removed it makes anew. */
const hold = prepared((db, { key, at }: { key: string; at: number }) =>
  db
    .insertInto('attempts')
    .values({ key, failures: 0, blockedUntil: 0, lastAt: at })
    .onConflict((oc) => oc.column('key').doUpdateSet((eb) => ({ key: eb.ref('excluded.key') })))
    .returning(['failures', 'blockedUntil', 'lastAt']),
);
const counted = prepared((db, { key, failures, lastAt }: { key: string; failures: number; lastAt: number }) =>
  db.updateTable('attempts').set({ failures, lastAt }).where('key', '=', key),
);
const clear = prepared((db, { key }: { key: string }) => db.deleteFrom('attempts').where('key', '=', key));
const forgive = prepared((db, { key }: { key: string }) =>
  db
    .updateTable('attempts')
    .set((eb) => ({ failures: eb('failures', '-', 1) }))
    .where('key', '=', key)
    .where('failures', '>', 0),
);

export function attemptsOn(db: Kysely<Schema>): AttemptStore {
  return {
    async byKey(key) {
      return (await byKey(db, { key }))[0] ?? null;
    },
    async count(key, at, { forgetEvery, longestWait }) {
      const [row] = await hold(db, { key, at });
      if (row === undefined) throw new Error('a counter that was just made is missing');
      const { failures, blockedUntil, lastAt } = row;
      if (blockedUntil > at && blockedUntil <= at + longestWait) return null;
      const forgotten = forgetEvery === null ? 0 : Math.max(0, Math.floor((at - lastAt) / forgetEvery));
      const left = Math.max(0, failures - forgotten);
      // The part of a span that has passed still counts towards the next one.
      const since = forgetEvery === null || left === 0 ? at : lastAt + forgotten * forgetEvery;
      await counted(db, { key, failures: left + 1, lastAt: since });
      return left + 1;
    },
    async block(key, until) {
      await db.updateTable('attempts').set({ blockedUntil: until }).where('key', '=', key).execute();
    },
    async clear(key) {
      await clear(db, { key });
    },
    async forgive(key) {
      await forgive(db, { key });
    },
    async removeIdle(before) {
      const removed = await db
        .deleteFrom('attempts')
        .where('lastAt', '<', before)
        .where('failures', '<', MOST_FORGOTTEN)
        .returning('key')
        .execute();
      return removed.length;
    },
  };
}
