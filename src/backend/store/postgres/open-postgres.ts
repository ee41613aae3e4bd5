/** The store of an organization that has outgrown one machine: any number of backend processes on one PostgreSQL. */
import { Kysely, PostgresDialect, sql } from 'kysely';
import pg from 'pg';
import type { Store, Transaction } from '../../domain/stores.ts';
import { migrate } from '../migrate.ts';
import type { Schema } from '../schema.ts';
import { readTablesOn, tablesOn, UnitOfWork } from '../tables/all.ts';
import { keepChainEnd } from '../tables/audit.ts';
import { Topics } from '../topics.ts';
import { storeFailure, withFailures } from '../unavailable.ts';
import * as appendOnly from './append-only.ts';
import { CHANNEL, Listener } from './listener.ts';
import * as slimTrail from './slim-trail.ts';

const LOCKING = { rows: true };
const CONNECTIONS = 10;
const RETRIES = 5;

/** Opens the database at a `postgres://` address and brings it up to date. `onProblem` hears of lost connections. */
export async function openPostgres(address: string, onProblem: (error: unknown) => void): Promise<Store> {
  const pool = new pg.Pool({ connectionString: address, max: CONNECTIONS, connectionTimeoutMillis: 5_000, types: { getTypeParser } });
  // An idle connection that breaks is replaced by the pool; without a listener the process would end.
  pool.on('error', onProblem);
  const db = new Kysely<Schema>({ dialect: new PostgresDialect({ pool }) });
  await migrate(db, { appendOnly, slimTrail });
  const topics = new Topics();
  const listener = new Listener(address, topics, onProblem);
  await listener.start();
  return {
    read: withFailures(readTablesOn(db, LOCKING), isUnavailable),
    transaction: (work) => transact(db, work),
    subscribe: (topic, hear) => topics.subscribe(topic, hear),
    async close() {
      await listener.stop();
      await db.destroy();
    },
  };
}

/** 64-bit integers as numbers: instants and counters stay far below 2^53. */
const getTypeParser: typeof pg.types.getTypeParser = (oid: number, format?: 'text' | 'binary') =>
  oid === pg.types.builtins.INT8 ? Number : pg.types.getTypeParser(oid, format as 'text');

async function transact<T>(db: Kysely<Schema>, work: (tx: Transaction) => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await db.transaction().execute(async (trx) => {
        const unit = new UnitOfWork(trx, LOCKING, tablesOn(trx, LOCKING));
        const value = await work(unit.transaction);
        // Delivered by the server at the commit, and only then.
        for (const topic of unit.topics) await sql`select pg_notify(${CHANNEL}, ${topic})`.execute(trx);
        await keepChainEnd(trx, await unit.finish(null));
        return value;
      });
    } catch (error) {
      if (attempt < RETRIES && isRetryable(error)) continue;
      throw storeFailure(error, isUnavailable);
    }
  }
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : '';
}

/** Deadlock found, or could not serialize: nothing was changed, the work may run again (PostgreSQL, appendix A, class 40). */
function isRetryable(error: unknown): boolean {
  return codeOf(error) === '40P01' || codeOf(error) === '40001';
}

/** Classes 08 (connection), 53 (no room), 57 (operator) and 58 (system), and what the socket or the pool says. */
function isUnavailable(error: unknown): boolean {
  if (/^(08|53|57|58)|^E(CONN|PIPE|HOST|NET|TIMEDOUT|NOTFOUND|AI_)/.test(codeOf(error))) return true;
  return (
    error instanceof Error && /Connection terminated|timeout exceeded when trying to connect|Client has encountered/.test(error.message)
  );
}
