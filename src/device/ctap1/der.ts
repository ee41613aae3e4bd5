/** Where a DER SEQUENCE ends: U2F puts a certificate between other members without saying how long it is. Pure. */

/** Length in bytes, header included, of the SEQUENCE that `bytes` start with; null where there is none or it is cut. */
export function derLength(bytes: Uint8Array): number | null {
  if (bytes[0] !== 0x30) return null;
  const first = bytes[1];
  if (first === undefined) return null;
  let header = 2;
  let length = first;
  if (first >= 0x80) {
    const count = first & 0x7f;
    // Two bytes carry more than any message can; the indefinite form (0x80) is not DER.
    if (count === 0 || count > 2) return null;
    length = 0;
    for (let at = 2; at < 2 + count; at++) length = length * 256 + (bytes[at] ?? 0);
    header += count;
  }
  return header + length <= bytes.length ? header + length : null;
}
