/** What the list of codes says and finds. */
import type { CodeEntry, ShownCode } from '../../../contract/codes.ts';
import { shownName } from '../../ui/shown-name.ts';

/** Seconds before its end in which a code is old enough to show the next one too. */
export const SOON = 5;

export interface CodeWords {
  readonly unnamed: string;
}

/** What an entry is called: the person's own name, else the site's, else the account. */
export function titleOf(entry: Pick<CodeEntry, 'name' | 'issuer' | 'account'>, words: CodeWords): string {
  return shownName(entry.name) || shownName(entry.issuer) || shownName(entry.account) || words.unnamed;
}

/** What else is known of it; empty where the title says all. */
export function aboutOf(entry: Pick<CodeEntry, 'name' | 'issuer' | 'account'>, words: CodeWords): string {
  const title = titleOf(entry, words);
  return [shownName(entry.issuer), shownName(entry.account)].filter((part) => part !== '' && part !== title).join(', ');
}

const plain = (text: string) => text.normalize('NFD').replaceAll(/\p{M}/gu, '').toLocaleLowerCase();

/** Entries whose name, site or account hold every word that was typed, in their own order. */
export function findCodes(entries: readonly CodeEntry[], typed: string): readonly CodeEntry[] {
  const words = plain(typed).split(/\s+/).filter(Boolean);
  return entries.filter((entry) => {
    const text = plain([entry.name, entry.issuer, entry.account].join(' '));
    return words.every((word) => text.includes(word));
  });
}

/** A time-based code as it stands at an instant. */
export interface CodeNow {
  readonly code: string;
  /** Whole seconds that it has left, and its whole life. */
  readonly left: number;
  readonly period: number;
  /** The one after it, in its last seconds. */
  readonly next: string | null;
}

/**
 * The code at `time` out of what main told last. Past its end the next one is shown, which main told too;
 * null once that has ended as well, or where nothing was told yet.
 */
export function codeAt(shown: ShownCode | undefined, time: number): CodeNow | null {
  if (shown === undefined || shown.until === null) return null;
  const life = shown.until - shown.from;
  const period = Math.round(life / 1000);
  if (time < shown.until) {
    const left = Math.ceil((shown.until - time) / 1000);
    return { code: shown.code, left: Math.min(left, period), period, next: left <= SOON ? shown.next : null };
  }
  const left = Math.ceil((shown.until + life - time) / 1000);
  return shown.next === null || left <= 0 ? null : { code: shown.next, left, period, next: null };
}

/** Where an entry goes that is dropped before the one at `before` (its index before the move). */
export function placeAfterDrop(from: number, before: number): number {
  return before > from ? before - 1 : before;
}
