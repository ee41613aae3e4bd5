/** Fills a store that nobody has open with very many rows, each a copy of one that the store has written itself. */
import { join } from 'node:path';
import Database from 'better-sqlite3';
import type { SeedVault } from '../../src/backend/domain/codes/seeds.ts';
import { hashSecret, newId, newSecret } from '../../src/backend/domain/identifiers.ts';
import { usernameKey } from '../../src/backend/domain/usernames.ts';
import { SQLITE_FILE } from '../../src/backend/store/sqlite/open-sqlite.ts';
import type { Filled } from './fill.ts';

type Row = Record<string, unknown>;

/**
 * `like` is somebody whom the store knows. Adds `people` like them, and `sessions` old sessions of theirs. No `analyze`: the
 * store never asks for it, and with its figures SQLite compiles every statement anew for the values that it is run with.
 */
export function bulkFill(
  folder: string,
  seeds: SeedVault,
  options: { readonly like: Filled; readonly people: number; readonly sessions: number; readonly seed: Uint8Array },
): Filled[] {
  const database = new Database(join(folder, SQLITE_FILE));
  database.pragma('synchronous = OFF');
  try {
    const sample = (table: string): Row =>
      database.prepare(`select * from "${table}" where "${table === 'people' ? 'id' : 'personId'}" = ?`).get(options.like.personId) as Row;
    const inserter = (table: string): ((changes: Row) => void) => {
      const row = sample(table);
      const columns = Object.keys(row);
      const names = columns.map((name) => `"${name}"`).join(', ');
      const statement = database.prepare(`insert into "${table}" (${names}) values (${columns.map(() => '?').join(', ')})`);
      return (changes) => void statement.run(columns.map((name) => (name in changes ? changes[name] : row[name])));
    };
    const [person, authenticator, code, session] = ['people', 'authenticators', 'codes', 'sessions'].map(inserter) as [
      (changes: Row) => void,
      (changes: Row) => void,
      (changes: Row) => void,
      (changes: Row) => void,
    ];
    const filled: Filled[] = [];
    database.transaction(() => {
      for (let index = 0; index < options.people; index += 1) {
        const [personId, id, token, username] = [newId(), newId(), newSecret(), `grown${index}`];
        person({ id: personId, username, usernameKey: usernameKey(username), userHandle: newSecret() });
        authenticator({ id, personId });
        code({ authenticatorId: id, personId, ...seeds.seal(options.seed, id) });
        session({ id: newId(), personId, tokenHash: hashSecret(token) });
        filled.push({ personId, username, token });
      }
      for (let index = 0; index < options.sessions; index += 1) {
        const personId = filled[index % filled.length]?.personId;
        session({ id: newId(), personId, tokenHash: newSecret() });
      }
    })();
    return filled;
  } finally {
    database.close();
  }
}
