/**
 * The canonical CBOR of CTAP2 (CTAP 2.1 section 8, "Message Encoding"; RFC 8949): smallest lengths, definite
 * lengths, no tags, no floats, sorted and unique keys, at most four levels. Decoding accepts nothing else, and
 * proves it by encoding again and comparing.
 */
import { DoorstepError } from '../../contract/errors.ts';
import { concat, equalBytes, utf8 } from '../bytes.ts';

export type CborKey = number | string;
export type CborMap = ReadonlyMap<CborKey, CborValue>;
/** Integers are numbers as far as numbers are exact, bigints beyond. */
export type CborValue = number | bigint | string | boolean | null | Uint8Array | readonly CborValue[] | CborMap;

export type CborFault =
  | 'cut-short'
  | 'trailing-bytes'
  | 'not-smallest'
  | 'indefinite'
  | 'tag'
  | 'float-or-simple'
  | 'too-deep'
  | 'key-type'
  | 'key-order'
  | 'key-twice'
  | 'bad-text'
  | 'count'
  | 'not-canonical';

const MAX_DEPTH = 4;
const TYPE = { unsigned: 0, negative: 1, bytes: 2, text: 3, array: 4, map: 5, tag: 6, simple: 7 } as const;

/** A map from its entries, leaving out those whose value is undefined. */
export function cborMap(entries: readonly (readonly [CborKey, CborValue | undefined])[]): CborMap {
  const map = new Map<CborKey, CborValue>();
  for (const [key, value] of entries) if (value !== undefined) map.set(key, value);
  return map;
}

export function isCborMap(value: CborValue | undefined): value is CborMap {
  return value instanceof Map;
}

export function encodeCbor(value: CborValue): Uint8Array {
  const parts: Uint8Array[] = [];
  write(value, parts);
  return concat(...parts);
}

/** Decodes exactly one item. Throws `token.misbehaved` with the fault's name for anything that is not canonical. */
export function decodeCbor(bytes: Uint8Array): CborValue {
  const { value, end } = decodeCborPrefix(bytes, 0);
  if (end !== bytes.length) throw fault('trailing-bytes');
  return value;
}

/** Decodes the item that starts at `start` and tells where it ends. Throws like `decodeCbor`. */
export function decodeCborPrefix(bytes: Uint8Array, start: number): { readonly value: CborValue; readonly end: number } {
  const reader = new Reader(bytes, start);
  const value = reader.item(0);
  if (!reader.mended && !equalBytes(encodeCbor(value), bytes.subarray(start, reader.at))) throw fault('not-canonical');
  return { value, end: reader.at };
}

function fault(name: CborFault): DoorstepError {
  return new DoorstepError('token.misbehaved', { reason: 'cbor', fault: name });
}

function head(type: number, argument: number | bigint): Uint8Array {
  const kind = type << 5;
  if (argument < 24) return Uint8Array.of(kind | Number(argument));
  if (argument <= 0xff) return Uint8Array.of(kind | 24, Number(argument));
  const wide = argument <= 0xffff ? 2 : argument <= 0xffffffff ? 4 : 8;
  const out = new Uint8Array(1 + wide);
  const view = new DataView(out.buffer);
  out[0] = kind | (wide === 2 ? 25 : wide === 4 ? 26 : 27);
  if (wide === 2) view.setUint16(1, Number(argument));
  else if (wide === 4) view.setUint32(1, Number(argument));
  else view.setBigUint64(1, BigInt(argument));
  return out;
}

function write(value: CborValue, parts: Uint8Array[]): void {
  if (typeof value === 'number' || typeof value === 'bigint') {
    if (typeof value === 'number' && !Number.isSafeInteger(value)) throw new DoorstepError('internal', { reason: 'cbor-number' });
    parts.push(value >= 0 ? head(TYPE.unsigned, value) : head(TYPE.negative, typeof value === 'bigint' ? -1n - value : -1 - value));
  } else if (typeof value === 'string') {
    const text = utf8(value);
    parts.push(head(TYPE.text, text.length), text);
  } else if (typeof value === 'boolean') {
    parts.push(Uint8Array.of(value ? 0xf5 : 0xf4));
  } else if (value === null) {
    parts.push(Uint8Array.of(0xf6));
  } else if (value instanceof Uint8Array) {
    parts.push(head(TYPE.bytes, value.length), value);
  } else if (isCborMap(value)) {
    const entries = [...value].map(([key, member]) => ({ key: encodeCbor(key), member }));
    entries.sort((a, b) => compareKeys(a.key, b.key));
    parts.push(head(TYPE.map, entries.length));
    for (const { key, member } of entries) {
      parts.push(key);
      write(member, parts);
    }
  } else {
    parts.push(head(TYPE.array, value.length));
    for (const member of value) write(member, parts);
  }
}

/** Major type first, then the length of the encoding, then its bytes. */
function compareKeys(a: Uint8Array, b: Uint8Array): number {
  const type = ((a[0] ?? 0) >> 5) - ((b[0] ?? 0) >> 5);
  return type !== 0 ? type : a.length !== b.length ? a.length - b.length : Buffer.compare(a, b);
}

class Reader {
  at: number;
  /** A text was mended, so that encoding again cannot give the same bytes. */
  mended = false;
  readonly #bytes: Uint8Array;
  readonly #view: DataView;

  constructor(bytes: Uint8Array, start: number) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.at = start;
  }

  item(depth: number): CborValue {
    this.#need(1);
    const first = this.#view.getUint8(this.at++);
    const type = first >> 5;
    const info = first & 0x1f;
    if (type === TYPE.simple) {
      if (info === 20) return false;
      if (info === 21) return true;
      if (info === 22) return null;
      throw fault('float-or-simple');
    }
    if (type === TYPE.tag) throw fault('tag');
    const argument = this.#argument(info);
    switch (type) {
      case TYPE.unsigned:
        return argument;
      case TYPE.negative:
        return typeof argument === 'bigint' || argument === Number.MAX_SAFE_INTEGER ? -1n - BigInt(argument) : -1 - argument;
      case TYPE.bytes:
        return this.#take(argument).slice();
      case TYPE.text:
        return this.#text(this.#take(argument));
      case TYPE.array:
        return this.#array(argument, depth + 1);
      default:
        return this.#map(argument, depth + 1);
    }
  }

  #array(count: number | bigint, depth: number): CborValue {
    this.#enter(count, 1, depth);
    const items: CborValue[] = [];
    for (let left = Number(count); left > 0; left--) items.push(this.item(depth));
    return items;
  }

  #map(count: number | bigint, depth: number): CborValue {
    this.#enter(count, 2, depth);
    const map = new Map<CborKey, CborValue>();
    let before: Uint8Array | null = null;
    for (let left = Number(count); left > 0; left--) {
      const start = this.at;
      const key = this.item(depth);
      if (typeof key !== 'number' && typeof key !== 'string') throw fault('key-type');
      const encoded = this.#bytes.subarray(start, this.at);
      const order = before === null ? -1 : compareKeys(before, encoded);
      if (order === 0 || map.has(key)) throw fault('key-twice');
      if (order > 0) throw fault('key-order');
      before = encoded;
      map.set(key, this.item(depth));
    }
    return map;
  }

  /** A count is believed only as far as the bytes that are left could hold it. */
  #enter(count: number | bigint, bytesEach: number, depth: number): void {
    if (depth > MAX_DEPTH) throw fault('too-deep');
    if (count > (this.#bytes.length - this.at) / bytesEach) throw fault('count');
  }

  #argument(info: number): number | bigint {
    if (info < 24) return info;
    if (info === 31) throw fault('indefinite');
    if (info > 27) throw fault('not-canonical');
    const width = 1 << (info - 24);
    this.#need(width);
    const at = this.at;
    this.at += width;
    const argument =
      width === 1
        ? this.#view.getUint8(at)
        : width === 2
          ? this.#view.getUint16(at)
          : width === 4
            ? this.#view.getUint32(at)
            : this.#view.getBigUint64(at);
    const least = width === 1 ? 24 : width === 2 ? 0x100 : width === 4 ? 0x10000 : 0x1_0000_0000;
    if (argument < least) throw fault('not-smallest');
    return typeof argument === 'bigint' && argument <= Number.MAX_SAFE_INTEGER ? Number(argument) : argument;
  }

  #take(length: number | bigint): Uint8Array {
    if (length > this.#bytes.length - this.at) throw fault('cut-short');
    const start = this.at;
    this.at += Number(length);
    return this.#bytes.subarray(start, this.at);
  }

  #need(length: number): void {
    if (this.#bytes.length - this.at < length) throw fault('cut-short');
  }

  /** Tokens cut names at 64 bytes, in the middle of a character if need be (WebAuthn section 6.4.1): that rest is dropped. */
  #text(bytes: Uint8Array): string {
    const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
    for (let cut = 0; cut <= 3 && cut <= bytes.length; cut++) {
      if (cut > 0 && !isCutCharacter(bytes, cut)) continue;
      try {
        const text = decoder.decode(bytes.subarray(0, bytes.length - cut));
        if (cut > 0) this.mended = true;
        return text;
      } catch {
        // Not this many bytes; the next turn tries with one fewer.
      }
    }
    throw fault('bad-text');
  }
}

/** Whether the last `cut` bytes are the beginning of one longer UTF-8 character. */
function isCutCharacter(bytes: Uint8Array, cut: number): boolean {
  const lead = bytes[bytes.length - cut] ?? 0;
  const length = lead >= 0xf0 && lead < 0xf5 ? 4 : lead >= 0xe0 && lead < 0xf0 ? 3 : lead >= 0xc2 && lead < 0xe0 ? 2 : 0;
  if (cut >= length) return false;
  return bytes.subarray(bytes.length - cut + 1).every((byte) => (byte & 0xc0) === 0x80);
}
