import type { Config } from './config.ts';
import type { Store } from './domain/stores.ts';
import { openSqlite } from './store/sqlite/open-sqlite.ts';

/** The store of a configuration. `onProblem` hears of lost connections. */
export async function openStore(config: Pick<Config, 'store'>, onProblem: (error: unknown) => void): Promise<Store> {
  if (config.store.kind === 'sqlite') return openSqlite(config.store.folder);
  const { openPostgres } = await import('./store/postgres/open-postgres.ts');
  return openPostgres(config.store.address, onProblem);
}
