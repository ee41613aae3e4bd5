/** The trail of an organization that has run an earlier version: each row as it was, the chain goes on, and is held as before. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { type Dialect as Driver, Kysely, PostgresDialect, SqliteDialect, sql } from 'kysely';
import { type Migration, Migrator } from 'kysely/migration';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { auditHash, CHAIN_START, verifyChain } from '../../../../src/backend/domain/audit.ts';
import type { Store } from '../../../../src/backend/domain/stores.ts';
import { migrationsOf } from '../../../../src/backend/store/migrate.ts';
import * as postgresAppendOnly from '../../../../src/backend/store/postgres/append-only.ts';
import { openPostgres } from '../../../../src/backend/store/postgres/open-postgres.ts';
import * as postgresSlimTrail from '../../../../src/backend/store/postgres/slim-trail.ts';
import * as sqliteAppendOnly from '../../../../src/backend/store/sqlite/append-only.ts';
import { openSqlite, SQLITE_FILE } from '../../../../src/backend/store/sqlite/open-sqlite.ts';
import * as sqliteSlimTrail from '../../../../src/backend/store/sqlite/slim-trail.ts';
import { DIALECTS } from '../../../support/each-store.ts';
import { ENTRY, NOW } from '../../../support/open-stores.ts';
import { startPostgres, type TestPostgres } from '../../../support/postgres.ts';

const ROWS = 25;
const BEFORE = '0006-session-indexes';

/** As an earlier version left it. */
async function earlier(driver: Driver, migrations: Record<string, Migration>): Promise<void> {
  const db = new Kysely<unknown>({ dialect: driver });
  const migrator = new Migrator({ db, provider: { getMigrations: async () => migrations } });
  const { error } = await migrator.migrateTo(BEFORE);
  if (error !== undefined) throw error;
  let previousHash = CHAIN_START;
  for (let sequence = 1; sequence <= ROWS; sequence += 1) {
    const at = NOW + sequence;
    const hash = auditHash({ ...ENTRY, sequence, at, previousHash });
    const { event, outcome, actor, personId, subjectId, source, reason, facts } = ENTRY;
    const values = [sequence, at, event, outcome, actor.kind, actor.id, personId, subjectId, source, reason, JSON.stringify(facts)];
    await sql`insert into "audit" values (${sql.join([...values, previousHash, hash])})`.execute(db);
    previousHash = hash;
  }
  await sql`update "auditHead" set "sequence" = ${ROWS}, "hash" = ${previousHash}`.execute(db);
  await db.destroy();
}

describe.each(DIALECTS)('a trail of an earlier version on %s', { timeout: 60_000 }, (dialect) => {
  const folder = mkdtempSync(join(tmpdir(), 'doorstep-trail-'));
  let postgres: TestPostgres | null = null;
  let store: Store;
  let raw: (statement: string) => Promise<unknown>;

  beforeAll(async () => {
    if (dialect === 'sqlite') {
      const database = new Database(join(folder, SQLITE_FILE));
      const ofDialect = { appendOnly: sqliteAppendOnly, slimTrail: sqliteSlimTrail };
      await earlier(new SqliteDialect({ database }), migrationsOf(ofDialect));
      store = await openSqlite(folder);
      raw = async (statement) => {
        const beside = new Database(join(folder, SQLITE_FILE));
        try {
          return beside.prepare(statement).run();
        } finally {
          beside.close();
        }
      };
    } else {
      postgres = await startPostgres();
      const connectionString = await postgres.createDatabase();
      const ofDialect = { appendOnly: postgresAppendOnly, slimTrail: postgresSlimTrail };
      await earlier(new PostgresDialect({ pool: new pg.Pool({ connectionString }) }), migrationsOf(ofDialect));
      store = await openPostgres(connectionString, () => undefined);
      raw = async (statement) => {
        const beside = new pg.Client({ connectionString });
        await beside.connect();
        try {
          return await beside.query(statement);
        } finally {
          await beside.end();
        }
      };
    }
  }, 60_000);

  afterAll(async () => {
    await store.close();
    await postgres?.stop();
    rmSync(folder, { recursive: true, force: true });
  }, 60_000);

  it('is read row by row as it was written, and goes on with the next number', async () => {
    const kept = await store.read.audit.list(1, 1_000);
    expect(kept.map(({ sequence, at }) => [sequence, at])).toEqual(
      Array.from({ length: ROWS }, (_, index) => [index + 1, NOW + index + 1]),
    );
    expect(kept[0]).toMatchObject(ENTRY);
    expect(verifyChain(kept)).toMatchObject({ ok: true, rows: ROWS });
    await store.transaction((tx) => tx.audit.append(ENTRY, NOW));
    const rows = await store.read.audit.list(1, 1_000);
    expect(rows.slice(0, ROWS)).toEqual(kept);
    expect(verifyChain(rows)).toMatchObject({ ok: true, rows: ROWS + 1 });
  });

  it('cannot be changed or cut, and takes no number twice', async () => {
    await expect(raw(`update "audit" set "reason" = 'x' where "sequence" = 1`)).rejects.toThrow(/append-only/);
    await expect(raw(`delete from "audit" where "sequence" = 1`)).rejects.toThrow(/append-only/);
    await expect(raw(`insert into "audit" select * from "audit" where "sequence" = 1`)).rejects.toThrow(/unique/i);
  });
});
