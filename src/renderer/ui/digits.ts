/** Codes and numbers as people read, hear and type them. */

/** First digit of the sets of decimal digits that keyboards write (Unicode, category Nd): ours, Arabic, Persian, Devanagari, Bengali, wide. */
const ZEROS = [0x30, 0x660, 0x6f0, 0x966, 0x9e6, 0xff10] as const;

/** "193204" as ["193", "204"]: by three, from seven digits on by four. Two and four digits stay together. */
export function groupsOf(code: string): readonly string[] {
  const size = code.length >= 7 ? 4 : code.length === 5 || code.length === 6 ? 3 : Math.max(1, code.length);
  const groups: string[] = [];
  for (let start = 0; start < code.length; start += size) groups.push(code.slice(start, start + size));
  return groups;
}

/** "1 9 3 2 0 4": a screen reader reads digit by digit. */
export function spelled(code: string): string {
  return [...code.replaceAll(/[^0-9A-Za-z]/g, '')].join(' ');
}

/** What was typed or pasted, as at most `most` of the digits 0 to 9. Spaces, dashes and all else are dropped. */
export function digitsOf(typed: string, most: number): string {
  let digits = '';
  for (const sign of typed) {
    const point = sign.codePointAt(0) ?? 0;
    const zero = ZEROS.find((first) => point >= first && point < first + 10);
    if (zero !== undefined) digits += String(point - zero);
  }
  return digits.slice(0, most);
}
