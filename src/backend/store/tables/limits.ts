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

export function attemptsOn(db: Kysely<Schema>): AttemptStore {
  return {
    async byKey(key) {
      return (await byKey(db, { key }))[0] ?? null;
    },
    async count(key, at, { forgetEvery, longestWait }) {
      // An update that changes nothing: it locks the row, and makes it where another one has just removed it.
      const { failures, blockedUntil, lastAt } = await db
        .insertInto('attempts')
        .values({ key, failures: 0, blockedUntil: 0, lastAt: at })
        .onConflict((oc) => oc.column('key').doUpdateSet((eb) => ({ key: eb.ref('excluded.key') })))
        .returning(['failures', 'blockedUntil', 'lastAt'])
        .executeTakeFirstOrThrow();
      if (blockedUntil > at && blockedUntil <= at + longestWait) return null;
      const forgotten = forgetEvery === null ? 0 : Math.max(0, Math.floor((at - lastAt) / forgetEvery));
      const left = Math.max(0, failures - forgotten);
      // The part of a span that has passed still counts towards the next one.
      const since = forgetEvery === null || left === 0 ? at : lastAt + forgotten * forgetEvery;
      await db
        .updateTable('attempts')
        .set({ failures: left + 1, lastAt: since })
        .where('key', '=', key)
        .execute();
      return left + 1;
    },
    async block(key, until) {
      await db.updateTable('attempts').set({ blockedUntil: until }).where('key', '=', key).execute();
    },
    async clear(key) {
      await db.deleteFrom('attempts').where('key', '=', key).execute();
    },
    async forgive(key) {
      await db
        .updateTable('attempts')
        .set((eb) => ({ failures: eb('failures', '-', 1) }))
        .where('key', '=', key)
        .where('failures', '>', 0)
        .execute();
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
