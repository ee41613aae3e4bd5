/** Statements that are compiled once, on each dialect. */
import {
  DummyDriver,
  Kysely,
  PostgresAdapter,
  PostgresIntrospector,
  PostgresQueryCompiler,
  SqliteAdapter,
  SqliteIntrospector,
  SqliteQueryCompiler,
} from 'kysely';
import { describe, expect, it } from 'vitest';
import { prepared } from '../../../../src/backend/store/prepared.ts';
import type { Schema } from '../../../../src/backend/store/schema.ts';

const seen: { sql: string; parameters: readonly unknown[] }[] = [];
const log = (event: { query: { sql: string; parameters: readonly unknown[] } }): void => {
  seen.push({ sql: event.query.sql, parameters: event.query.parameters });
};
const sqlite = (): Kysely<Schema> =>
  new Kysely({
    dialect: {
      createAdapter: () => new SqliteAdapter(),
      createDriver: () => new DummyDriver(),
      createIntrospector: (db) => new SqliteIntrospector(db),
      createQueryCompiler: () => new SqliteQueryCompiler(),
    },
    log,
  });
const postgres = (): Kysely<Schema> =>
  new Kysely({
    dialect: {
      createAdapter: () => new PostgresAdapter(),
      createDriver: () => new DummyDriver(),
      createIntrospector: (db) => new PostgresIntrospector(db),
      createQueryCompiler: () => new PostgresQueryCompiler(),
    },
    log,
  });

describe('a prepared statement', () => {
  it('is built once a dialect, and filled in each time', async () => {
    let built = 0;
    const statement = prepared((db, { id, at }: { id: string; at: number }) => {
      built += 1;
      return db.updateTable('sessions').set({ seenAt: at, state: 'full' }).where('id', '=', id).returning('id');
    });
    for (const [db, sql] of [
      [sqlite(), 'update "sessions" set "seenAt" = ?, "state" = ? where "id" = ? returning "id"'],
      [postgres(), 'update "sessions" set "seenAt" = $1, "state" = $2 where "id" = $3 returning "id"'],
    ] as const) {
      for (const at of [1, 2]) {
        expect(await statement(db, { id: `row-${at}`, at })).toEqual([]);
        expect(seen.at(-1)).toEqual({ sql, parameters: [at, 'full', `row-${at}`] });
      }
    }
    expect(built).toBe(2);
  });
});
