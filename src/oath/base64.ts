/** base64 (RFC 4648, 4 and 5), either alphabet, with or without padding; null where it is not. */
const LETTERS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';
const VALUES: ReadonlyMap<string, number> = new Map([
  ...[...LETTERS].map((letter, value) => [letter, value] as const),
  ['-', 62] as const,
  ['_', 63] as const,
]);

export function decodeBase64(text: string): Uint8Array | null {
  const bare = text.replace(/={0,2}$/, '');
  if (bare.length % 4 === 1) return null;
  const bytes = new Uint8Array(Math.floor((bare.length * 6) / 8));
  let held = 0;
  let bits = 0;
  let next = 0;
  for (const letter of bare) {
    const value = VALUES.get(letter);
    if (value === undefined) return null;
    held = (held << 6) | value;
    bits += 6;
    if (bits < 8) continue;
    bits -= 8;
    bytes[next++] = (held >>> bits) & 255;
    held &= (1 << bits) - 1;
  }
  return bytes;
}
