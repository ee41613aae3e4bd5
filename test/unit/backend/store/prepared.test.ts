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
import { prepared, preparedChange, runDirectly } from '../../../../src/backend/store/prepared.ts';
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

  it('goes past the executor where the database runs statements at once, and is made ready once for each', async () => {
    const statement = prepared((db, { id }: { id: string }) => db.selectFrom('people').select('id').where('id', '=', id));
    const ready: string[] = [];
    const run = (name: string) => (sql: string) => {
      ready.push(`${name}: ${sql}`);
      return { rows: (parameters: readonly unknown[]) => parameters.map((id) => ({ id, from: name })), changes: () => 0 };
    };
    const [one, other] = [sqlite(), sqlite()];
    runDirectly(one, run('one'));
    runDirectly(other, run('other'));
    const before = seen.length;
    expect(await statement(one, { id: 'a' })).toEqual([{ id: 'a', from: 'one' }]);
    expect(await statement(other, { id: 'b' })).toEqual([{ id: 'b', from: 'other' }]);
    expect(await statement(one, { id: 'c' })).toEqual([{ id: 'c', from: 'one' }]);
    expect(ready).toEqual(['one', 'other'].map((name) => `${name}: select "id" from "people" where "id" = ?`));
    expect(seen.length).toBe(before);
  });

  it('fails as a promise where the database fails at once', async () => {
    const statement = prepared((db, { id }: { id: string }) => db.selectFrom('people').select('id').where('id', '=', id));
    const db = sqlite();
    const fails = () => {
      throw new Error('disk I/O error');
    };
    runDirectly(db, () => ({ rows: fails, changes: fails }));
    await expect(statement(db, { id: 'a' })).rejects.toThrow('disk I/O error');
  });

  it('answers how many rows it has changed where that is all that is asked', async () => {
    const statement = preparedChange((db, { id }: { id: string }) => db.updateTable('people').set({ version: 1 }).where('id', '=', id));
    const db = sqlite();
    runDirectly(db, () => ({ rows: () => [], changes: () => 3 }));
    expect(await statement(db, { id: 'a' })).toBe(3);
  });
});
