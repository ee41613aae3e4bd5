/** Runs a suite once on SQLite and once on a PostgreSQL of its own. */
import { afterAll, beforeAll, describe } from 'vitest';
import { startPostgres, type TestPostgres } from './postgres.ts';

export const DIALECTS = ['sqlite', 'postgres'] as const;
export type Dialect = (typeof DIALECTS)[number];

/**
 * `environment()` answers the variables of a backend on a new, empty store of the dialect; SQLite needs none, because each
 * backend of the tests has a folder of its own.
 */
export function onEachStore(name: string, suite: (dialect: Dialect, environment: () => Promise<Record<string, string>>) => void): void {
  describe.each(DIALECTS)(`${name} on %s`, (dialect) => {
    let postgres: TestPostgres | null = null;
    beforeAll(async () => {
      postgres = dialect === 'postgres' ? await startPostgres() : null;
    });
    afterAll(async () => {
      await postgres?.stop();
    });
    suite(dialect, async () => (postgres === null ? {} : { DOORSTEP_DATABASE_URL: await postgres.createDatabase() }));
  });
}
