/**
 * CTAP2 canonical CBOR (CTAP 2.1, section 8 "Message Encoding"), as the token's firmware does it. Written apart
 * from the host's codec on purpose: an error in one must not be hidden by the same error in the other.
 */
import { Status, StatusError } from './status.ts';

export type CborKey = number | string;
export type CborMap = Map<CborKey, Cbor>;
export type Cbor = number | bigint | string | boolean | null | Uint8Array | Cbor[] | CborMap;

/** "limited to at most four (4) levels of any combination of CBOR maps and/or CBOR arrays" (section 8). */
const MAX_DEPTH = 4;

/** Encodes a value in the one form that CTAP2 allows. Map entries may be given in any order. */
export function encodeCbor(value: Cbor): Buffer {
  const chunks: Uint8Array[] = [];
  put(value, chunks);
  return Buffer.concat(chunks);
}

function put(value: Cbor, chunks: Uint8Array[]): void {
  if (typeof value === 'number' || typeof value === 'bigint') {
    const big = BigInt(value);
    chunks.push(big < 0n ? head(1, -1n - big) : head(0, big));
  } else if (typeof value === 'string') {
    const text = Buffer.from(value, 'utf8');
    chunks.push(head(3, BigInt(text.length)), text);
  } else if (typeof value === 'boolean') {
    chunks.push(Uint8Array.of(value ? 0xf5 : 0xf4));
  } else if (value === null) {
    chunks.push(Uint8Array.of(0xf6));
  } else if (value instanceof Uint8Array) {
    chunks.push(head(2, BigInt(value.length)), value);
  } else if (Array.isArray(value)) {
    chunks.push(head(4, BigInt(value.length)));
    for (const item of value) put(item, chunks);
  } else {
    const entries = [...value].map(([key, item]) => ({ key: encodeCbor(key), item }));
    entries.sort((a, b) => compareKeys(a.key, b.key));
    chunks.push(head(5, BigInt(entries.length)));
    for (const entry of entries) {
      chunks.push(entry.key);
      put(entry.item, chunks);
    }
  }
}

function head(major: number, argument: bigint): Buffer {
  const top = major << 5;
  if (argument < 24n) return Buffer.of(top | Number(argument));
  if (argument < 0x100n) return Buffer.of(top | 24, Number(argument));
  if (argument < 0x1_0000n) {
    const out = Buffer.of(top | 25, 0, 0);
    out.writeUInt16BE(Number(argument), 1);
    return out;
  }
  if (argument < 0x1_0000_0000n) {
    const out = Buffer.of(top | 26, 0, 0, 0, 0);
    out.writeUInt32BE(Number(argument), 1);
    return out;
  }
  const out = Buffer.alloc(9);
  out[0] = top | 27;
  out.writeBigUInt64BE(argument, 1);
  return out;
}

/** Major type first, then the shorter encoding, then bytewise. */
function compareKeys(a: Buffer, b: Buffer): number {
  const major = (a[0]! >> 5) - (b[0]! >> 5);
  if (major !== 0) return major;
  if (a.length !== b.length) return a.length - b.length;
  return a.compare(b);
}

/**
 * Decodes one value that fills `bytes`. Refuses whatever is not canonical: longer forms than needed, indefinite
 * lengths, tags, floats, keys out of order or twice, trailing bytes, more than four levels.
 * @throws StatusError INVALID_CBOR
 */
export function decodeCbor(bytes: Uint8Array): Cbor {
  const reader: Reader = { bytes: Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength), at: 0 };
  const value = take(reader, 0);
  if (reader.at !== reader.bytes.length) throw new StatusError(Status.INVALID_CBOR);
  return value;
}

interface Reader {
  readonly bytes: Buffer;
  at: number;
}

function takeBytes(reader: Reader, length: number): Buffer {
  if (length > reader.bytes.length - reader.at) throw new StatusError(Status.INVALID_CBOR);
  const out = reader.bytes.subarray(reader.at, reader.at + length);
  reader.at += length;
  return out;
}

function takeArgument(reader: Reader, short: number): bigint {
  if (short < 24) return BigInt(short);
  const size = ({ 24: 1, 25: 2, 26: 4, 27: 8 } as Record<number, number>)[short];
  if (size === undefined) throw new StatusError(Status.INVALID_CBOR);
  const argument = BigInt(`0x${takeBytes(reader, size).toString('hex')}`);
  const floor = size === 1 ? 24n : 1n << BigInt(size * 4);
  if (argument < floor) throw new StatusError(Status.INVALID_CBOR);
  return argument;
}

/** A count or length that the bytes at hand can hold at all, so that a bomb costs nothing. */
function takeLength(reader: Reader, short: number): number {
  const length = takeArgument(reader, short);
  if (length > BigInt(reader.bytes.length - reader.at)) throw new StatusError(Status.INVALID_CBOR);
  return Number(length);
}

function take(reader: Reader, depth: number): Cbor {
  const first = takeBytes(reader, 1)[0]!;
  const short = first & 0x1f;
  switch (first >> 5) {
    case 0:
      return narrow(takeArgument(reader, short));
    case 1:
      return narrow(-1n - takeArgument(reader, short));
    case 2:
      return new Uint8Array(takeBytes(reader, takeLength(reader, short)));
    case 3:
      return takeText(reader, short);
    case 4: {
      if (depth >= MAX_DEPTH) throw new StatusError(Status.INVALID_CBOR);
      const items: Cbor[] = [];
      for (let left = takeLength(reader, short); left > 0; left -= 1) items.push(take(reader, depth + 1));
      return items;
    }
    case 5:
      if (depth >= MAX_DEPTH) throw new StatusError(Status.INVALID_CBOR);
      return takeMap(reader, short, depth);
    case 7:
      if (first === 0xf4 || first === 0xf5) return first === 0xf5;
      if (first === 0xf6) return null;
      throw new StatusError(Status.INVALID_CBOR);
    default:
      throw new StatusError(Status.INVALID_CBOR);
  }
}

function takeText(reader: Reader, short: number): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(takeBytes(reader, takeLength(reader, short)));
  } catch {
    throw new StatusError(Status.INVALID_CBOR);
  }
}

function takeMap(reader: Reader, short: number, depth: number): CborMap {
  const map: CborMap = new Map();
  let previous: Buffer | null = null;
  for (let left = takeLength(reader, short); left > 0; left -= 1) {
    const start = reader.at;
    const key = take(reader, depth + 1);
    if (typeof key !== 'number' && typeof key !== 'string') throw new StatusError(Status.CBOR_UNEXPECTED_TYPE);
    const raw = reader.bytes.subarray(start, reader.at);
    if (previous !== null && compareKeys(previous, raw) >= 0) throw new StatusError(Status.INVALID_CBOR);
    previous = raw;
    map.set(key, take(reader, depth + 1));
  }
  return map;
}

function narrow(value: bigint): number | bigint {
  return value >= BigInt(Number.MIN_SAFE_INTEGER) && value <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(value) : value;
}
