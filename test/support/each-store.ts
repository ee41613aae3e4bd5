/** Runs a suite once on SQLite and once on PostgreSQL. */
import { afterAll, describe } from 'vitest';
import { startPostgres, type TestPostgres } from './postgres.ts';

export const DIALECTS = ['sqlite', 'postgres'] as const;
export type Dialect = (typeof DIALECTS)[number];

/** One server a test file; each suite gets a database of its own. */
let server: Promise<TestPostgres> | null = null;
afterAll(async () => {
  await (await server)?.stop();
});

/**
 * `environment()` answers the variables of a backend on a new, empty store of the dialect; SQLite needs none, because each
 * backend of the tests has a folder of its own.
 */
export function onEachStore(name: string, suite: (dialect: Dialect, environment: () => Promise<Record<string, string>>) => void): void {
  describe.each(DIALECTS)(`${name} on %s`, (dialect) => {
    suite(dialect, async () => {
      if (dialect === 'sqlite') return {};
      server ??= startPostgres();
      return { DOORSTEP_DATABASE_URL: await (await server).createDatabase() };
    });
  });
}
