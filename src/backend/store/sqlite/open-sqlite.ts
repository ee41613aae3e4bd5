/** The embedded store: one process, one file, a writer and a reader side by side (WAL), every commit on the disk (synchronous FULL). */
import { chmodSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { CompiledQuery, Kysely, type SqliteDatabase, SqliteDialect, type SqliteStatement, sql } from 'kysely';
import type { Store, Topic, Transaction } from '../../domain/stores.ts';
import { migrate } from '../migrate.ts';
import type { Schema } from '../schema.ts';
import { readTablesOn, UnitOfWork } from '../tables/all.ts';
import { Topics } from '../topics.ts';
import { storeFailure, withFailures } from '../unavailable.ts';
import * as appendOnly from './append-only.ts';

export const SQLITE_FILE = 'doorstep.sqlite';
const LOCKING = { rows: false };
/** So many units share one commit at most. */
const BATCH = 64;
const MOST_STATEMENTS = 500;
const SAVEPOINT = CompiledQuery.raw('savepoint unit');
const RELEASE = CompiledQuery.raw('release unit');

/** Opens (and makes, and brings up to date) `folder/doorstep.sqlite`. The folder is 0700, the files 0600. */
export async function openSqlite(folder: string): Promise<Store> {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  chmodSync(folder, 0o700);
  const file = join(folder, SQLITE_FILE);
  const writer = open(file);
  chmodSync(file, 0o600);
  const writing = new Kysely<Schema>({ dialect: new SqliteDialect({ database: keepStatements(writer) }) });
  await migrateAlone(writing);
  const reader = open(file);
  reader.pragma('query_only = true');
  const reading = new Kysely<Schema>({ dialect: new SqliteDialect({ database: keepStatements(reader) }) });
  const topics = new Topics();
  const commits = new GroupCommit(writing, topics);
  return {
    read: withFailures(readTablesOn(reading, LOCKING), isUnavailable),
    transaction: (work) => commits.run(work),
    subscribe: (topic, listener) => topics.subscribe(topic, listener),
    async close() {
      await commits.idle();
      await reading.destroy();
      await writing.destroy();
    },
  };
}

/** All or nothing, and one process at a time: whoever else starts meanwhile waits at the lock, and then finds the work done. */
function migrateAlone(db: Kysely<Schema>): Promise<void> {
  return db.connection().execute(async (connection) => {
    // Tables that are made anew are referred to by others.
    await sql`pragma foreign_keys = off`.execute(connection);
    await sql`begin exclusive`.execute(connection);
    try {
      await migrate(connection, { appendOnly });
      await sql`commit`.execute(connection);
    } catch (error) {
      await sql`rollback`.execute(connection).catch(() => undefined);
      throw error;
    } finally {
      await sql`pragma foreign_keys = on`.execute(connection);
    }
  });
}

/** The same statements come again and again: each is prepared once. */
function keepStatements(database: Database.Database): SqliteDatabase {
  const kept = new Map<string, Database.Statement<unknown[]>>();
  return {
    prepare(text) {
      const known = kept.get(text);
      if (known !== undefined) return known as unknown as SqliteStatement;
      const statement = database.prepare<unknown[]>(text);
      if (kept.size < MOST_STATEMENTS) kept.set(text, statement);
      return statement as unknown as SqliteStatement;
    },
    close: () => database.close(),
  };
}

function open(file: string): Database.Database {
  const database = new Database(file);
  database.pragma('journal_mode = WAL');
  database.pragma('synchronous = FULL');
  database.pragma('foreign_keys = ON');
  database.pragma('busy_timeout = 5000');
  return database;
}

function isUnavailable(error: unknown): boolean {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  return /^SQLITE_(BUSY|LOCKED|FULL|IOERR|READONLY|CANTOPEN|NOMEM|CORRUPT|NOTADB)/.test(code);
}

interface Waiting {
  readonly work: (tx: Transaction) => Promise<unknown>;
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: unknown) => void;
}

type Done = { readonly ok: true; readonly value: unknown } | { readonly ok: false; readonly error: unknown };

/**
 * Units of work that wait at the same time share one commit, each inside a savepoint of its own: the disk is asked once
 * for all, and nobody gets an answer before it has said yes.
 */
class GroupCommit {
  readonly #db: Kysely<Schema>;
  readonly #topics: Topics;
  readonly #waiting: Waiting[] = [];
  #running: Promise<void> | null = null;

  constructor(db: Kysely<Schema>, topics: Topics) {
    this.#db = db;
    this.#topics = topics;
  }

  run<T>(work: (tx: Transaction) => Promise<T>): Promise<T> {
    const result = new Promise<unknown>((resolve, reject) => {
      this.#waiting.push({ work, resolve, reject });
    });
    this.#running ??= this.#drain();
    return result as Promise<T>;
  }

  async idle(): Promise<void> {
    while (this.#running !== null) await this.#running;
  }

  async #drain(): Promise<void> {
    while (this.#waiting.length > 0) {
      // One turn of the loop, so that requests which arrived together come into the same batch.
      await new Promise((resolve) => setImmediate(resolve));
      await this.#commit(this.#waiting.splice(0, BATCH));
    }
    this.#running = null;
  }

  async #commit(batch: readonly Waiting[]): Promise<void> {
    const announced = new Set<Topic>();
    let done: readonly Done[];
    try {
      done = await this.#db.connection().execute(async (db) => {
        await sql`begin immediate`.execute(db);
        try {
          const results: Done[] = [];
          for (const { work } of batch) results.push(await this.#unit(db, work, announced));
          await sql`commit`.execute(db);
          return results;
        } catch (error) {
          await sql`rollback`.execute(db).catch(() => undefined);
          throw error;
        }
      });
    } catch (error) {
      for (const { reject } of batch) reject(storeFailure(error, isUnavailable));
      return;
    }
    batch.forEach(({ resolve, reject }, index) => {
      const result = done[index];
      if (result?.ok) resolve(result.value);
      else reject(storeFailure(result?.error, isUnavailable));
    });
    this.#topics.announce(announced);
  }

  async #unit(db: Kysely<Schema>, work: Waiting['work'], announced: Set<Topic>): Promise<Done> {
    await db.executeQuery(SAVEPOINT);
    const unit = new UnitOfWork(db, LOCKING);
    try {
      const value = await work(unit.transaction);
      await unit.finish();
      await db.executeQuery(RELEASE);
      for (const topic of unit.topics) announced.add(topic);
      return { ok: true, value };
    } catch (error) {
      await sql`rollback to unit`.execute(db);
      await sql`release unit`.execute(db);
      return { ok: false, error };
    }
  }
}
