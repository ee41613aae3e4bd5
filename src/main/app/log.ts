/**
 * Structured log lines to stderr, one JSON object a line. A field whose name could hold a secret is never
 * written, whatever its value: the check is on the name because a secret's value looks like any other text.
 */
export type LogFields = Readonly<Record<string, string | number | boolean | null | undefined>>;
export type LogLevel = 'info' | 'warn' | 'error';

export interface Log {
  info(event: string, fields?: LogFields): void;
  warn(event: string, fields?: LogFields): void;
  error(event: string, fields?: LogFields): void;
}

const SECRET_NAME = /pin|code$|secret|password|seed|private|authorization|cookie|signature|credential|assertion|claim/i;
/** `code` alone is an error code and wanted; a pairing code must be logged under no name at all. */
const KNOWN_SAFE = new Set(['code', 'exitCode']);
const LONGEST_TEXT = 300;

/** Fields as they may be written: secrets by name are replaced, long text is cut, controls are escaped by JSON. */
export function redact(fields: LogFields): Record<string, string | number | boolean | null> {
  const clean: Record<string, string | number | boolean | null> = {};
  for (const [name, value] of Object.entries(fields)) {
    if (value === undefined) continue;
    if (SECRET_NAME.test(name) && !KNOWN_SAFE.has(name)) clean[name] = '[redacted]';
    else clean[name] = typeof value === 'string' && value.length > LONGEST_TEXT ? `${value.slice(0, LONGEST_TEXT)}…` : value;
  }
  return clean;
}

/** A log that writes through `write` (a line with its newline), stamped by `now` (milliseconds since 1970). */
export function createLog(write: (line: string) => void, now: () => number = Date.now): Log {
  const put = (level: LogLevel, event: string, fields: LogFields = {}) =>
    write(`${JSON.stringify({ time: new Date(now()).toISOString(), level, event, ...redact(fields) })}\n`);
  return {
    info: (event, fields) => put('info', event, fields),
    warn: (event, fields) => put('warn', event, fields),
    error: (event, fields) => put('error', event, fields),
  };
}
