/** Where the time comes from; tests bring their own. Milliseconds since 1970. */
export interface Clock {
  now(): number;
}

export const systemClock: Clock = { now: () => Date.now() };

export const SECOND = 1_000;
export const MINUTE = 60 * SECOND;
export const HOUR = 60 * MINUTE;

/** RFC 3339, UTC, milliseconds: the form of every instant in the HTTP API. */
export function instant(milliseconds: number): string {
  return new Date(milliseconds).toISOString();
}
