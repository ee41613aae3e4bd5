/** base32 (RFC 4648, 6) as secrets are written in it: without padding; read also as people type it. */
import { malformed } from './seed.ts';

const LETTERS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';

/** Upper case, no padding. */
export function encodeBase32(bytes: Uint8Array): string {
  let text = '';
  let held = 0;
  let bits = 0;
  for (const byte of bytes) {
    held = (held << 8) | byte;
    bits += 8;
    while (bits >= 5) {
      bits -= 5;
      text += LETTERS[(held >>> bits) & 31];
    }
    held &= (1 << bits) - 1;
  }
  return bits === 0 ? text : text + LETTERS[(held << (5 - bits)) & 31];
}

/**
 * Reads base32 in either case, with spaces and dashes between groups and padding at the end. Bits that are left over
 * after the last whole byte are dropped whatever they are: sites draw secrets letter by letter, and other apps drop
 * them too.
 * @throws DoorstepError seed.malformed: 'secret-letter' with its place, or 'secret-length' where letters are missing
 */
export function decodeBase32(text: string): Uint8Array {
  const bare = text.replace(/=+\s*$/, '');
  const bytes: number[] = [];
  let held = 0;
  let bits = 0;
  let letters = 0;
  for (let at = 0; at < bare.length; at++) {
    const letter = bare[at] as string;
    if (/[\s-]/.test(letter)) continue;
    const value = /[a-z2-7]/i.test(letter) ? LETTERS.indexOf(letter.toUpperCase()) : -1;
    if (value < 0) throw malformed('secret-letter', at + 1);
    letters += 1;
    held = (held << 5) | value;
    bits += 5;
    if (bits < 8) continue;
    bits -= 8;
    bytes.push((held >>> bits) & 255);
    held &= (1 << bits) - 1;
  }
  // RFC 4648, 6: a last group has 2, 4, 5, 7 or 8 letters.
  if ([1, 3, 6].includes(letters % 8)) throw malformed('secret-length');
  return Uint8Array.from(bytes);
}
