/** A name that came from elsewhere stays a name: no line breaks, nothing that turns the writing round, no endless length. */
const MOST = 80;
/** Controls, and the marks that change the direction of what follows (UAX 9). */
const HIDDEN = /[\p{Cc}\u200e\u200f\u061c\u202a-\u202e\u2066-\u2069]/gu;

export function shownName(name: string, most = MOST): string {
  const plain = name.replaceAll(HIDDEN, ' ').replaceAll(/\s+/g, ' ').trim();
  const signs = [...plain];
  return signs.length <= most ? plain : `${signs.slice(0, most - 1).join('')}…`;
}
