/** Parsing at a process boundary: one way for every room that reads what another process sent. */
export type { Static as Parsed, TSchema as Schema } from 'typebox';

import type { Static, TSchema } from 'typebox';
import { Value } from 'typebox/value';

/** The value as the schema's type, or null where it does not fit. Members that the schema does not name are refused. */
export function parseStrict<T extends TSchema>(schema: T, value: unknown): Static<T> | null {
  return Value.Check(schema, value) ? (value as Static<T>) : null;
}

/**
 * The same for answers of a backend that may be newer than we are: members that the schema does not name
 * are dropped first, so that a new member does not break an old app.
 */
export function parseTolerant<T extends TSchema>(schema: T, value: unknown): Static<T> | null {
  return parseStrict(schema, Value.Clean(schema, Value.Clone(value)));
}
