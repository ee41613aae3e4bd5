/**
 * Statements that every second step runs: built and compiled once for each dialect, and only filled in after that. Building
 * one costs several times what SQLite takes to run it.
 */
import { type Compilable, CompiledQuery, type Kysely } from 'kysely';
import type { Schema } from './schema.ts';

/** Stands where a value will be. */
class Slot {
  readonly name: string;
  constructor(name: string) {
    this.name = name;
  }
}

/** Whatever it is asked for is the slot of that name. */
const SLOTS: object = new Proxy({}, { get: (_, name) => new Slot(String(name)) });

interface Kept {
  readonly sql: string;
  readonly parameters: readonly unknown[];
}

/**
 * `build` makes the statement with each value under a name of `Values`; it must use them as values and nothing else, and
 * not look at them. Answers what runs it.
 *
 * @example const byId = prepared((db, { id }: { id: string }) => db.selectFrom('people').selectAll().where('id', '=', id));
 */
export function prepared<Values extends object, Row>(
  build: (db: Kysely<Schema>, values: Values) => Compilable<Row>,
): (db: Kysely<Schema>, values: Values) => Promise<Row[]> {
  const kept = new Map<unknown, Kept>();
  return async (db, values) => {
    const dialect = db.getExecutor().adapter.constructor;
    let statement = kept.get(dialect);
    if (statement === undefined) {
      statement = build(db, SLOTS as Values).compile();
      kept.set(dialect, statement);
    }
    const filled = statement.parameters.map((one) => (one instanceof Slot ? (values as Record<string, unknown>)[one.name] : one));
    return (await db.executeQuery(CompiledQuery.raw(statement.sql, filled) as CompiledQuery<Row>)).rows;
  };
}
