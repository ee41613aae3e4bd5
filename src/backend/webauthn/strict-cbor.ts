/** What CTAP2 CBOR can hold. Maps keep their order; keys are what they are, numbers or texts in all that we read. */
export type CborItem = number | string | boolean | null | undefined | Uint8Array | readonly CborItem[] | ReadonlyMap<CborItem, CborItem>;

export interface ReadCbor {
  readonly item: CborItem;
  /** Where the next item would begin. */
  readonly end: number;
}

/**
 * Reads one CBOR item, or answers null where it is not in the form that CTAP2 asks for (CTAP 2.1, section 8, message
 * encoding): definite lengths, shortest integers, no tags, no floats, no key twice, little nesting. Key order is left to
 * the maker: browsers have been seen to write the attestation object in another one.
 */
export function readStrictCbor(bytes: Uint8Array, start: number, depth = 0): ReadCbor | null {
  const head = readHead(bytes, start);
  if (head === null || depth > MAX_DEPTH) return null;
  const { major, value, end } = head;
  switch (major) {
    case 0:
      return { item: value, end };
    case 1:
      return { item: -1 - value, end };
    case 2:
      return end + value <= bytes.length ? { item: bytes.subarray(end, end + value), end: end + value } : null;
    case 3:
      return readText(bytes, end, value);
    case 4:
      return readArray(bytes, end, value, depth);
    case 5:
      return readMap(bytes, end, value, depth);
    case 7:
      // Anything else is a float, a break or unassigned.
      return end === start + 1 && SIMPLE.has(value) ? { item: SIMPLE.get(value), end } : null;
    default:
      return null;
  }
}

/** Where the item at `start` ends; null where it is not strict. */
export function endOfStrictCbor(bytes: Uint8Array, start: number): number | null {
  return readStrictCbor(bytes, start)?.end ?? null;
}

const MAX_DEPTH = 8;
const SIMPLE: ReadonlyMap<number, CborItem> = new Map<number, CborItem>([
  [20, false],
  [21, true],
  [22, null],
  [23, undefined],
]);
const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

function readText(bytes: Uint8Array, start: number, length: number): ReadCbor | null {
  const end = start + length;
  if (end > bytes.length) return null;
  try {
    return { item: utf8.decode(bytes.subarray(start, end)), end };
  } catch {
    return null;
  }
}

function readArray(bytes: Uint8Array, start: number, count: number, depth: number): ReadCbor | null {
  // Each item takes a byte or more: a count beyond the bytes that are left is a lie.
  if (count > bytes.length - start) return null;
  const items: CborItem[] = [];
  let end = start;
  for (let index = 0; index < count; index += 1) {
    const read = readStrictCbor(bytes, end, depth + 1);
    if (read === null) return null;
    items.push(read.item);
    end = read.end;
  }
  return { item: items, end };
}

function readMap(bytes: Uint8Array, start: number, pairs: number, depth: number): ReadCbor | null {
  if (pairs * 2 > bytes.length - start) return null;
  const map = new Map<CborItem, CborItem>();
  // By their bytes: two equal byte strings are two objects.
  const keys = new Set<string>();
  let end = start;
  for (let index = 0; index < pairs; index += 1) {
    const key = readStrictCbor(bytes, end, depth + 1);
    if (key === null) return null;
    const encoded = Buffer.from(bytes.subarray(end, key.end)).toString('latin1');
    if (keys.has(encoded)) return null;
    keys.add(encoded);
    const value = readStrictCbor(bytes, key.end, depth + 1);
    if (value === null) return null;
    map.set(key.item, value.item);
    end = value.end;
  }
  return { item: map, end };
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
