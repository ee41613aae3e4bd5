/** Amounts and lengths of time as English says them. */

const NUMBERS = ['no', 'one', 'two', 'three', 'four', 'five', 'six', 'seven', 'eight', 'nine', 'ten'];

/** Small counts as words, larger as digits. */
export function count(amount: number, one: string, many: string): string {
  return `${NUMBERS[amount] ?? String(amount)} ${amount === 1 ? one : many}`;
}

export function digits(amount: number, one: string, many: string): string {
  return `${amount} ${amount === 1 ? one : many}`;
}

export function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/** A length of time that is no more exact than it needs to be. */
export function about(seconds: number): string {
  if (seconds < 90) return digits(Math.max(1, Math.round(seconds)), 'second', 'seconds');
  if (seconds < 5400) return digits(Math.round(seconds / 60), 'minute', 'minutes');
  if (seconds < 129_600) return digits(Math.round(seconds / 3600), 'hour', 'hours');
  return digits(Math.round(seconds / 86_400), 'day', 'days');
}
