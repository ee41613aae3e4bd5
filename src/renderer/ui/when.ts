/** Times as people say them. The locale and the clock come from the caller. */

export interface DayWords {
  readonly today: string;
  readonly yesterday: string;
  readonly atTime: (parts: { day: string; time: string }) => string;
}

/** @param instant RFC 3339, or milliseconds since 1970 @returns such as "14:42" in the computer's time zone */
export function clockTime(instant: string | number, locale: string, seconds = false): string {
  const parts: Intl.DateTimeFormatOptions = { hour: '2-digit', minute: '2-digit' };
  if (seconds) parts.second = '2-digit';
  return new Intl.DateTimeFormat(locale, parts).format(new Date(instant));
}

/** @returns "today", "yesterday", "9 September", or with the year where it is another one */
export function dayOf(instant: string, now: number, locale: string, words: DayWords): string {
  const date = new Date(instant);
  const today = new Date(now);
  const days = Math.round((midnight(today) - midnight(date)) / 86_400_000);
  if (days === 0) return words.today;
  if (days === 1) return words.yesterday;
  const year = date.getFullYear() === today.getFullYear() ? {} : ({ year: 'numeric' } as const);
  return new Intl.DateTimeFormat(locale, { day: 'numeric', month: 'long', ...year }).format(date);
}

/** @returns "24 November 2026", for paper, where "today" would not stay true */
export function fullDate(instant: string, locale: string): string {
  return new Intl.DateTimeFormat(locale, { day: 'numeric', month: 'long', year: 'numeric' }).format(new Date(instant));
}

/** @returns "today at 14:42" */
export function dayWithTime(instant: string, now: number, locale: string, words: DayWords): string {
  return words.atTime({ day: dayOf(instant, now, locale, words), time: clockTime(instant, locale) });
}

function midnight(date: Date): number {
  return new Date(date.getFullYear(), date.getMonth(), date.getDate()).getTime();
}
