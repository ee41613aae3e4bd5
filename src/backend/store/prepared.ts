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

/** Runs a statement at once; answers its rows. */
export type Run = (parameters: readonly unknown[]) => unknown[];

/** How the statements of a database are made ready that runs them at once. */
const direct = new WeakMap<object, (sql: string) => Run>();

/**
 * From now on, prepared statements on `db` go past Kysely's executor, whose many turns cost more than the embedded database
 * takes. `prepare` makes one ready.
 */
export function runDirectly(db: Kysely<Schema>, prepare: (sql: string) => Run): void {
  direct.set(db, prepare);
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
  const ready = new WeakMap<object, (values: Values) => Row[]>();

  const compiled = (db: Kysely<Schema>): Kept => {
    const dialect = db.getExecutor().adapter.constructor;
    const known = kept.get(dialect);
    if (known !== undefined) return known;
    const { sql, parameters } = build(db, SLOTS as Values).compile();
    const made = { sql, parameters };
    kept.set(dialect, made);
    return made;
  };

  return async (db, values) => {
    const known = ready.get(db);
    if (known !== undefined) return known(values);
    const { sql, parameters } = compiled(db);
    const prepare = direct.get(db);
    if (prepare === undefined) {
      return (await db.executeQuery(CompiledQuery.raw(sql, filled(parameters, values)) as CompiledQuery<Row>)).rows;
    }
    const run = prepare(sql);
    const made = (given: Values): Row[] => run(filled(parameters, given)) as Row[];
    ready.set(db, made);
    return made(values);
  };
}

function filled(parameters: readonly unknown[], values: object): unknown[] {
  return parameters.map((one) => (one instanceof Slot ? (values as Record<string, unknown>)[one.name] : one));
}
