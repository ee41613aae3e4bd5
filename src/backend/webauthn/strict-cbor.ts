/**
 * Walks over one CBOR item and says where it ends, or null where it is not in the form that CTAP2 asks for (CTAP 2.1,
 * section 8, message encoding): definite lengths, shortest integers, no tags, no floats, no key twice, little nesting.
 * Key order is left to the maker: browsers have been seen to write the attestation object in another one.
 */
export function endOfStrictCbor(bytes: Uint8Array, start: number, depth = 0): number | null {
  const head = readHead(bytes, start);
  if (head === null || depth > MAX_DEPTH) return null;
  const { major, value, end } = head;
  switch (major) {
    case 0:
    case 1:
      return end;
    case 2:
      return end + value <= bytes.length ? end + value : null;
    case 3:
      return end + value <= bytes.length && isUtf8(bytes.subarray(end, end + value)) ? end + value : null;
    case 4:
      return endOfItems(bytes, end, value, depth);
    case 5:
      return endOfMap(bytes, end, value, depth);
    case 7:
      // false, true, null, undefined; anything else is a float, a break or unassigned.
      return value >= 20 && value <= 23 && end === start + 1 ? end : null;
    default:
      return null;
  }
}

const MAX_DEPTH = 8;

function endOfItems(bytes: Uint8Array, start: number, count: number, depth: number): number | null {
  // Each item takes a byte or more: a count beyond the bytes that are left is a lie.
  if (count > bytes.length - start) return null;
  let position: number | null = start;
  for (let index = 0; index < count && position !== null; index += 1) position = endOfStrictCbor(bytes, position, depth + 1);
  return position;
}

function endOfMap(bytes: Uint8Array, start: number, pairs: number, depth: number): number | null {
  if (pairs * 2 > bytes.length - start) return null;
  const keys = new Set<string>();
  let position = start;
  for (let index = 0; index < pairs; index += 1) {
    const keyEnd = endOfStrictCbor(bytes, position, depth + 1);
    if (keyEnd === null) return null;
    const key = Buffer.from(bytes.subarray(position, keyEnd)).toString('hex');
    if (keys.has(key)) return null;
    keys.add(key);
    const valueEnd = endOfStrictCbor(bytes, keyEnd, depth + 1);
    if (valueEnd === null) return null;
    position = valueEnd;
  }
  return position;
}

interface Head {
  readonly major: number;
  readonly value: number;
  readonly end: number;
}

/** Least value that needs the 1, 2, 4 and 8 bytes that follow the initial byte. */
const LEAST = [24, 0x100, 0x10000, 0x100000000];

function readHead(bytes: Uint8Array, start: number): Head | null {
  const initial = bytes[start];
  if (initial === undefined) return null;
  const major = initial >> 5;
  const short = initial & 0x1f;
  if (short < 24) return { major, value: short, end: start + 1 };
  const least = LEAST[short - 24];
  if (least === undefined) return null;
  const size = 2 ** (short - 24);
  if (start + 1 + size > bytes.length) return null;
  let value = 0;
  for (let index = 1; index <= size; index += 1) value = value * 256 + (bytes[start + index] ?? 0);
  return value >= least && Number.isSafeInteger(value) ? { major, value, end: start + 1 + size } : null;
}

const utf8 = new TextDecoder('utf-8', { fatal: true });

function isUtf8(bytes: Uint8Array): boolean {
  try {
    utf8.decode(bytes);
    return true;
  } catch {
    return false;
  }
}
