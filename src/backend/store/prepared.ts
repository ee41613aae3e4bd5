/**
 * Statements that every second step runs: built and compiled once for each dialect, and only filled in after that. Building
 * one costs several times what SQLite takes to run it.
 */
import { type Compilable, CompiledQuery, type Kysely, type QueryResult } from 'kysely';
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

/** Runs a statement at once. */
export interface Runs {
  /** Answers its rows. */
  readonly rows: (parameters: readonly unknown[]) => unknown[];
  /** Answers how many rows it has changed. */
  readonly changes: (parameters: readonly unknown[]) => number;
}

/** How the statements of a database are made ready that runs them at once. */
const direct = new WeakMap<object, (sql: string) => Runs>();

/**
 * From now on, prepared statements on `db` go past Kysely's executor, whose many turns cost more than the embedded database
 * takes. `prepare` makes one ready.
 */
export function runDirectly(db: Kysely<Schema>, prepare: (sql: string) => Runs): void {
  direct.set(db, prepare);
}

/**
 * `build` makes the statement with each value under a name of `Values`; it must use them as values and nothing else, and
 * not look at them. Answers what runs it.
 *
 * @example const byId = prepared((db, { id }: { id: string }) => db.selectFrom('people').selectAll().where('id', '=', id));
 */
export function prepared<Values extends object, Row>(build: Build<Values, Row>): (db: Kysely<Schema>, values: Values) => Promise<Row[]> {
  return ready(build, {
    atOnce: ({ rows }) => rows as (parameters: readonly unknown[]) => Row[],
    later: ({ rows }) => rows,
  });
}

/** The same for a statement of which nothing is asked but how many rows it has changed: SQLite makes a table for rows that come back. */
export function preparedChange<Values extends object>(
  build: Build<Values, unknown>,
): (db: Kysely<Schema>, values: Values) => Promise<number> {
  return ready(build, {
    atOnce: ({ changes }) => changes,
    later: ({ numAffectedRows }) => Number(numAffectedRows),
  });
}

type Build<Values, Row> = (db: Kysely<Schema>, values: Values) => Compilable<Row>;

function ready<Values extends object, Row, Answer>(
  build: Build<Values, Row>,
  answer: {
    readonly atOnce: (runs: Runs) => (parameters: readonly unknown[]) => Answer;
    readonly later: (result: QueryResult<Row>) => Answer;
  },
): (db: Kysely<Schema>, values: Values) => Promise<Answer> {
  const kept = new Map<unknown, Kept>();
  const made = new WeakMap<object, (values: Values) => Answer>();

  const compiled = (db: Kysely<Schema>): Kept => {
    const dialect = db.getExecutor().adapter.constructor;
    const known = kept.get(dialect);
    if (known !== undefined) return known;
    const { sql, parameters } = build(db, SLOTS as Values).compile();
    const one = { sql, parameters };
    kept.set(dialect, one);
    return one;
  };

  return async (db, values) => {
    const known = made.get(db);
    if (known !== undefined) return known(values);
    const { sql, parameters } = compiled(db);
    const prepare = direct.get(db);
    if (prepare === undefined) {
      return answer.later(await db.executeQuery(CompiledQuery.raw(sql, filled(parameters, values)) as CompiledQuery<Row>));
    }
    const run = answer.atOnce(prepare(sql));
    const one = (given: Values): Answer => run(filled(parameters, given));
    made.set(db, one);
    return one(values);
  };
}

function filled(parameters: readonly unknown[], values: object): unknown[] {
  return parameters.map((one) => (one instanceof Slot ? (values as Record<string, unknown>)[one.name] : one));
}
