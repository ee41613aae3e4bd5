/**
 * Text that somebody else wrote, made fit to be shown on one line: no control or invisible signs, no marks that turn the
 * direction of what stands beside it (Unicode, TR 36), one blank at a time, and no more than `most` letters. Markup is left
 * as it is: it is text, and whoever shows it shows it as text.
 */
export function shownText(text: string, most: number): string {
  // Long before the rest: normalizing ten thousand letters costs more than cutting them off.
  const plain = text
    .slice(0, most * 8)
    // ZERO WIDTH NON-JOINER and JOINER make letters of several scripts; all other format signs, private and unassigned ones go.
    .replace(/(?![\u200c\u200d])[\p{Cf}\p{Co}\p{Cs}\p{Cn}]/gu, '')
    .normalize('NFC')
    .replace(/[\p{White_Space}\p{Cc}]+/gu, ' ')
    .trim();
  const letters = [...plain];
  return letters.length <= most
    ? plain
    : `${letters
        .slice(0, most - 1)
        .join('')
        .trimEnd()}…`;
}
