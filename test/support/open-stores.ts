/** Stores opened directly, without a backend: one on SQLite, two on one PostgreSQL, as two processes would. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import pg from 'pg';
import { afterAll, beforeAll, describe } from 'vitest';
import type { AuditEntry } from '../../src/backend/domain/audit.ts';
import { newId } from '../../src/backend/domain/identifiers.ts';
import type { PersonRecord } from '../../src/backend/domain/model.ts';
import { newPerson } from '../../src/backend/domain/people/add-person.ts';
import type { Store, Transaction } from '../../src/backend/domain/stores.ts';
import { openPostgres } from '../../src/backend/store/postgres/open-postgres.ts';
import { openSqlite, SQLITE_FILE } from '../../src/backend/store/sqlite/open-sqlite.ts';
import { DIALECTS, type Dialect } from './each-store.ts';
import { startPostgres } from './postgres.ts';

/** When it all happens. */
export const NOW = 1_800_000_000_000;

/** A row of the trail, its facts in no order. */
export const ENTRY: AuditEntry = {
  event: 'session.ended',
  outcome: 'done',
  actor: { kind: 'system', id: null },
  personId: null,
  subjectId: null,
  source: '127.0.0.1',
  reason: null,
  facts: { b: 'two', a: 1, c: null, d: true },
};

export interface OpenStores {
  readonly folder: string;
  /** The first or the second process. */
  store(index?: number): Store;
  /** The same work so many times at once, in turn in each process. */
  race<T>(count: number, work: (tx: Transaction) => Promise<T>): Promise<T[]>;
  /** Somebody of whom nothing more is known. */
  addPerson(): Promise<PersonRecord>;
  /** A statement past the store, as somebody with the database's password would send it. */
  raw(statement: string): Promise<void>;
  /** Breaks every connection (PostgreSQL). */
  disconnectAll(): Promise<void>;
  close(): Promise<void>;
}

/** Runs a suite on each dialect; `stores()` answers those that are open while it runs. */
export function onOpenStores(name: string, suite: (stores: () => OpenStores, dialect: Dialect) => void): void {
  // Both cores may be busy with other suites.
  describe.each(DIALECTS)(`${name} on %s`, { timeout: 60_000 }, (dialect) => {
    let opened: OpenStores;
    beforeAll(async () => {
      opened = await openStores(dialect);
    }, 60_000);
    afterAll(() => opened.close(), 60_000);
    suite(() => opened, dialect);
  });
}

async function openStores(dialect: Dialect): Promise<OpenStores> {
  const folder = mkdtempSync(join(tmpdir(), 'doorstep-store-'));
  const postgres = dialect === 'postgres' ? await startPostgres() : null;
  const address = (await postgres?.createDatabase()) ?? '';
  const open = (): Promise<Store> => openPostgres(address, () => undefined);
  // Opened at the same moment: one of them makes the tables, the other waits.
  const stores = postgres === null ? [await openSqlite(folder)] : await Promise.all([open(), open()]);
  const store = (index = 0): Store => stores[index % stores.length] as Store;
  return {
    folder,
    store,
    race: (count, work) => Promise.all(Array.from({ length: count }, (_, index) => store(index).transaction(work))),
    async addPerson() {
      const person = newPerson({ username: newId(), displayName: 'Somebody', role: 'person', passwordHash: null, now: NOW });
      await store().transaction((tx) => tx.people.insert(person));
      return person;
    },
    raw: (statement) => (dialect === 'sqlite' ? rawSqlite(folder, statement) : rawPostgres(address, statement)),
    disconnectAll: async () => postgres?.disconnectAll(address),
    async close() {
      for (const one of stores) await one.close();
      await postgres?.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

async function rawSqlite(folder: string, statement: string): Promise<void> {
  const database = new Database(join(folder, SQLITE_FILE));
  try {
    database.prepare(statement).run();
  } finally {
    database.close();
  }
}

async function rawPostgres(address: string, statement: string): Promise<void> {
  const client = new pg.Client({ connectionString: address });
  await client.connect();
  try {
    await client.query(statement);
  } finally {
    await client.end();
  }
}
