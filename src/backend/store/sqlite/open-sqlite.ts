/** The embedded store: one process, one file, a writer and a reader side by side (WAL), every commit on the disk (synchronous FULL). */
import { chmodSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import Database from 'better-sqlite3';
import { Kysely, type SqliteDatabase, SqliteDialect, type SqliteStatement, sql } from 'kysely';
import type { Store, Topic, Transaction } from '../../domain/stores.ts';
import { migrate } from '../migrate.ts';
import { type Runs, runDirectly } from '../prepared.ts';
import type { Schema } from '../schema.ts';
import { type OtherTables, readTablesOn, tablesOn, UnitOfWork } from '../tables/all.ts';
import { type ChainEnd, keepChainEnd } from '../tables/audit.ts';
import { Topics } from '../topics.ts';
import { storeFailure, withFailures } from '../unavailable.ts';
import * as appendOnly from './append-only.ts';
import * as slimTrail from './slim-trail.ts';

export const SQLITE_FILE = 'doorstep.sqlite';
const LOCKING = { rows: false };
/** So many units share one commit at most. */
const BATCH = 64;
const MOST_STATEMENTS = 500;
const CACHE_KIB = 65_536;
/** Pages that the WAL gathers (16 MiB) before they go to their places: one that changes again meanwhile goes there once. */
const WAL_PAGES = 4_096;
/** Milliseconds that one process waits for another at the file, at most. */
const WAITS = 5_000;
const LOOKS_AGAIN = 10;

/**
 * Opens (and makes, and brings up to date) `folder/doorstep.sqlite`. The folder is 0700, the files 0600. Throws what the
 * file system or SQLite says; where another process does not let go of the file, what to do about it.
 */
export async function openSqlite(folder: string): Promise<Store> {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  chmodSync(folder, 0o700);
  const file = join(folder, SQLITE_FILE);
  try {
    return await openFile(file);
  } catch (error) {
    if (!isBusy(error)) throw error;
    throw new Error(`another program keeps ${file} locked. End it, then start again.`, { cause: error });
  }
}

async function openFile(file: string): Promise<Store> {
  const writer = await open(file);
  // Of a large organization, each login needs other pages: the inner ones of every index at least stay in memory.
  writer.pragma(`cache_size = -${CACHE_KIB}`);
  writer.pragma(`wal_autocheckpoint = ${WAL_PAGES}`);
  chmodSync(file, 0o600);
  const writing = new Kysely<Schema>({ dialect: new SqliteDialect({ database: keepStatements(writer) }) });
  await migrateAlone(writing);
  const reader = await open(file);
  reader.pragma('query_only = true');
  const reading = new Kysely<Schema>({ dialect: new SqliteDialect({ database: keepStatements(reader) }) });
  const topics = new Topics();
  const readTurn = new ReadTurn(writer);
  const commits = new GroupCommit(writer, { db: writing, topics, readTurn });
  runDirectly(writing, (text) => runsOf(writer.prepare(text)));
  runDirectly(reading, (text) => {
    const [aside, inTurn] = [runsOf(reader.prepare(text)), runsOf(writer.prepare(text))];
    const rows: Runs['rows'] = (parameters) => {
      // Only the writer's pages stay in memory over a commit. What it has not committed is nothing to read.
      if (commits.isWriting) return aside.rows(parameters);
      readTurn.begin();
      return inTurn.rows(parameters);
    };
    return { rows, changes: aside.changes };
  });
  return {
    read: withFailures(readTablesOn(reading, LOCKING), isUnavailable),
    transaction: (work) => commits.run(work),
    subscribe: (topic, listener) => topics.subscribe(topic, listener),
    async close() {
      await commits.idle();
      readTurn.end();
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
      await migrate(connection, { appendOnly, slimTrail });
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

function ready(connection: Database.Database, text: string): () => void {
  const statement = connection.prepare(text);
  return () => void statement.run();
}

function runsOf(statement: Database.Statement): Runs {
  const changes: Runs['changes'] = (parameters) => statement.run(parameters).changes;
  if (statement.reader) return { rows: (parameters) => statement.all(parameters), changes };
  const rows: Runs['rows'] = (parameters) => {
    changes(parameters);
    return [];
  };
  return { rows, changes };
}

async function open(file: string): Promise<Database.Database> {
  const database = new Database(file, { timeout: WAITS });
  await keepLog(database);
  database.pragma('synchronous = FULL');
  database.pragma('foreign_keys = ON');
  // Else the pages that a savepoint keeps go to a file of their own.
  database.pragma('temp_store = MEMORY');
  return database;
}

/** Two processes that turn a new file to WAL would wait for each other, so SQLite refuses one at once (sqlite3_busy_handler). */
async function keepLog(database: Database.Database): Promise<void> {
  for (const until = Date.now() + WAITS; ; await sleep(LOOKS_AGAIN)) {
    try {
      database.pragma('journal_mode = WAL');
      return;
    } catch (error) {
      if (isBusy(error) && Date.now() < until) continue;
      database.close();
      throw error;
    }
  }
}

function isBusy(error: unknown): boolean {
  return error instanceof Error && 'code' in error && /^SQLITE_BUSY/.test(String(error.code));
}

function isUnavailable(error: unknown): boolean {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  return /^SQLITE_(BUSY|LOCKED|FULL|IOERR|READONLY|CANTOPEN|NOMEM|CORRUPT|NOTADB)/.test(code);
}

/**
 * What is read in one turn of the loop is read in one transaction, since to begin and to end one costs SQLite several times
 * what it takes to find a row.
 */
class ReadTurn {
  readonly #connection: Database.Database;
  readonly #do: Record<'begin' | 'end', () => void>;
  #open = false;

  constructor(connection: Database.Database) {
    this.#connection = connection;
    this.#do = { begin: ready(connection, 'begin'), end: ready(connection, 'commit') };
  }

  begin(): void {
    if (this.#open) return;
    this.#do.begin();
    this.#open = true;
    setImmediate(() => this.end());
  }

  /** To be called before anything is written, too. */
  end(): void {
    if (!this.#open) return;
    this.#open = false;
    // A read that failed may have ended it already.
    if (this.#connection.inTransaction) this.#do.end();
  }
}

interface Waiting {
  readonly work: (tx: Transaction) => Promise<unknown>;
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: unknown) => void;
}

/** What the units of one commit have in common. */
interface Batch {
  readonly announced: Set<Topic>;
  /** Where the trail ends; null: no unit has appended to it. */
  end: ChainEnd | null;
}

type Done = { readonly ok: true; readonly value: unknown } | { readonly ok: false; readonly error: unknown };

/**
 * Units of work that wait at the same time share one commit, each inside a savepoint of its own: the disk is asked once
 * for all, and nobody gets an answer before it has said yes.
 */
class GroupCommit {
  readonly #db: Kysely<Schema>;
  readonly #tables: OtherTables;
  readonly #topics: Topics;
  readonly #readTurn: ReadTurn;
  readonly #do: Record<'begin' | 'commit' | 'rollback' | 'save' | 'release' | 'undo', () => void>;
  readonly #waiting: Waiting[] = [];
  #running: Promise<void> | null = null;
  #isWriting = false;

  /** `db` has `connection` for its own, and but for reads in `readTurn` nobody else uses it. */
  constructor(connection: Database.Database, shared: { db: Kysely<Schema>; topics: Topics; readTurn: ReadTurn }) {
    this.#db = shared.db;
    this.#tables = tablesOn(shared.db, LOCKING);
    this.#topics = shared.topics;
    this.#readTurn = shared.readTurn;
    this.#do = {
      begin: ready(connection, 'begin immediate'),
      commit: ready(connection, 'commit'),
      rollback: ready(connection, 'rollback'),
      save: ready(connection, 'savepoint unit'),
      release: ready(connection, 'release unit'),
      undo: ready(connection, 'rollback to unit'),
    };
  }

  /** Whether the connection has rows that are not committed. */
  get isWriting(): boolean {
    return this.#isWriting;
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

  async #commit(waiting: readonly Waiting[]): Promise<void> {
    const batch: Batch = { announced: new Set(), end: null };
    const done: Done[] = [];
    this.#readTurn.end();
    try {
      this.#do.begin();
      this.#isWriting = true;
      try {
        for (const { work } of waiting) done.push(await this.#unit(work, batch));
        await keepChainEnd(this.#db, batch.end);
        this.#do.commit();
      } catch (error) {
        this.#giveUp();
        throw error;
      } finally {
        this.#isWriting = false;
      }
    } catch (error) {
      for (const { reject } of waiting) reject(storeFailure(error, isUnavailable));
      return;
    }
    waiting.forEach(({ resolve, reject }, index) => {
      const result = done[index];
      if (result?.ok) resolve(result.value);
      else reject(storeFailure(result?.error, isUnavailable));
    });
    this.#topics.announce(batch.announced);
  }

  /** What failed may have rolled back already. */
  #giveUp(): void {
    try {
      this.#do.rollback();
    } catch {}
  }

  async #unit(work: Waiting['work'], batch: Batch): Promise<Done> {
    this.#do.save();
    const unit = new UnitOfWork(this.#db, LOCKING, this.#tables);
    try {
      const value = await work(unit.transaction);
      const end = await unit.finish(batch.end);
      this.#do.release();
      batch.end = end;

      for (const topic of unit.topics) batch.announced.add(topic);
      return { ok: true, value };
    } catch (error) {
      this.#do.undo();
      this.#do.release();
      return { ok: false, error };
    }
  }
}
