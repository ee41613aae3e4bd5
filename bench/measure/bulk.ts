/** Fills a store that nobody has open with very many rows, each a copy of one that the store has written itself. */
import { join } from 'node:path';
import Database from 'better-sqlite3';
import type { SeedVault } from '../../src/backend/domain/codes/seeds.ts';
import { newId, newSecret } from '../../src/backend/domain/identifiers.ts';
import { hashSessionToken, newSessionToken } from '../../src/backend/domain/sessions/token.ts';
import { usernameKey } from '../../src/backend/domain/usernames.ts';
import { SQLITE_FILE } from '../../src/backend/store/sqlite/open-sqlite.ts';
import { stepAt } from '../../src/oath/totp.ts';
import type { Filled } from './fill.ts';

type Row = Record<string, unknown>;

/** Nothing here grows old while a bench goes on: neither does whoever comes, nor anything that would be cleared away. */
const AHEAD = 15 * 60_000;
const BEFORE = 30 * 60_000;

/**
 * `like` is somebody whom the store knows. Adds `people` like them, and answers those in the order in which they are to come:
 * what the store has of them lies in another order, but the sessions that begin with their passwords are the newest ones, as
 * they always are. All have come before: else their rows would grow at their first code, and whole pages be cut in two for
 * it. Before those sessions, `sessions` of people who have come within half an hour. No `analyze`: the store never asks for
 * it, and with its figures SQLite compiles every statement anew for the values that it is run with.
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
    const now = Date.now();
    const lastUsed = { lastUsedAt: now - BEFORE, lastUsedFrom: '127.0.0.1' };
    const lastPosition = stepAt(now - BEFORE, 30);
    const coming = Array.from({ length: options.people }, (_, index) => ({
      filled: { personId: newId(), username: `grown${index}`, token: newSessionToken(now + index) },
      authenticatorId: newId(),
    }));
    const full = (one: { authenticatorId: string } | undefined, at: number) => ({
      state: 'full',
      createdAt: at,
      seenAt: at,
      secondStepAt: at,
      authenticatorId: one?.authenticatorId,
    });
    database.transaction(() => {
      for (const { filled, authenticatorId: id } of [...coming].sort((a, b) => (a.authenticatorId < b.authenticatorId ? -1 : 1))) {
        const { personId, username } = filled;
        person({ id: personId, username, usernameKey: usernameKey(username), userHandle: newSecret(), version: 2 });
        authenticator({ id, personId, ...lastUsed });
        code({ authenticatorId: id, personId, ...seeds.seal(options.seed, id), lastPosition });
      }
      for (let index = 0; index < options.sessions; index += 1) {
        const one = coming[index % coming.length];
        const at = now - BEFORE + Math.floor((BEFORE * index) / options.sessions);
        session({ id: newId(), personId: one?.filled.personId, tokenHash: hashSessionToken(newSessionToken(at)), ...full(one, at) });
      }
      for (const one of coming) {
        const { personId, token } = one.filled;
        session({ id: newId(), personId, tokenHash: hashSessionToken(token), ...full(one, now + AHEAD) });
      }
    })();
    return coming.map(({ filled }) => filled);
  } finally {
    database.close();
  }
}
