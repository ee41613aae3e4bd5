/**
 * Reads the wire format of Protocol Buffers ("Encoding", protobuf.dev) as far as one small message needs it.
 * Strict: what is cut off, too long or of an unknown wire type is refused, nothing is guessed.
 */

/** One field: a varint as a signed 64-bit integer, or bytes. Fixed-width fields are passed over as bytes. */
export interface Field {
  readonly number: number;
  readonly value: bigint | Uint8Array;
}

export class WireError extends Error {
  override readonly name = 'WireError';
}

/** @throws WireError */
export function readFields(bytes: Uint8Array): Field[] {
  const fields: Field[] = [];
  let at = 0;

  const varint = (): bigint => {
    let value = 0n;
    for (let shift = 0n; shift < 70n; shift += 7n) {
      const byte = bytes[at];
      if (byte === undefined) throw new WireError('a number is cut off');
      at += 1;
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return BigInt.asIntN(64, value);
    }
    throw new WireError('a number has more than ten bytes');
  };
  const take = (length: number): Uint8Array => {
    if (length > bytes.length - at) throw new WireError('bytes are cut off');
    at += length;
    return bytes.subarray(at - length, at);
  };
  const length = (): number => {
    const value = varint();
    if (value < 0n || value > BigInt(bytes.length)) throw new WireError('a length goes beyond the end');
    return Number(value);
  };

  while (at < bytes.length) {
    const key = varint();
    if (key < 8n || key > 0xffff_ffffn) throw new WireError('a field has no number');
    const number = Number(key >> 3n);
    switch (Number(key & 7n)) {
      case 0:
        fields.push({ number, value: varint() });
        break;
      case 1:
        fields.push({ number, value: take(8) });
        break;
      case 2:
        fields.push({ number, value: take(length()) });
        break;
      case 5:
        fields.push({ number, value: take(4) });
        break;
      default:
        throw new WireError('a field has no known wire type');
    }
  }
  return fields;
}
