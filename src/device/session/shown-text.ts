/** Text that a token gives and a person reads: what could make a window lie or overflow is taken out. Pure. */

/** Code points. */
const MOST = 128;
/** Controls, and the characters that turn the direction of what follows (Unicode Bidirectional Algorithm, UAX 9 section 2). */
const MISLEADING = /[\p{Cc}\u200e\u200f\u061c\u202a-\u202e\u2066-\u2069]/gu;

export function shownText(text: string): string {
  const clean = text.replace(MISLEADING, '').trim();
  const points = [...clean];
  return points.length <= MOST ? clean : `${points.slice(0, MOST - 1).join('')}\u2026`;
}
