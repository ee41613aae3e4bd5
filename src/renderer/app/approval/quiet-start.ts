/** The window comes up by itself, perhaps while somebody types elsewhere: what was meant for another window does nothing here. */
export const QUIET = 500;

/** @returns whether a key that is pressed now was meant for what stood here before; both in milliseconds of one clock */
export function isMeantForAnother(openedAt: number, now: number): boolean {
  return now - openedAt < QUIET;
}
