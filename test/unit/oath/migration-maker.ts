/** Makes exports as Google Authenticator does, from the wire format of Protocol Buffers: apart from the code that reads them. */

export interface Entry {
  readonly secret: Uint8Array;
  readonly name: string;
  readonly issuer: string;
  readonly algorithm: number;
  readonly digits: number;
  readonly type: number;
  readonly counter?: number;
}

export interface Export {
  readonly entries: readonly Entry[];
  readonly version?: number;
  readonly size?: number;
  readonly index?: number;
  readonly id?: number;
}

export function migrationLink(made: Export): string {
  return `otpauth-migration://offline?data=${encodeURIComponent(payload(made).toString('base64'))}`;
}

export function payload({ entries, version = 1, size = 1, index = 0, id = 1 }: Export): Buffer {
  return Buffer.concat([
    ...entries.map((entry) =>
      bytes(
        1,
        Buffer.concat([
          bytes(1, Buffer.from(entry.secret)),
          bytes(2, Buffer.from(entry.name)),
          bytes(3, Buffer.from(entry.issuer)),
          number(4, entry.algorithm),
          number(5, entry.digits),
          number(6, entry.type),
          ...(entry.counter === undefined ? [] : [number(7, entry.counter)]),
        ]),
      ),
    ),
    number(2, version),
    number(3, size),
    number(4, index),
    number(5, id),
  ]);
}

function varint(value: bigint): Buffer {
  const made: number[] = [];
  let rest = BigInt.asUintN(64, value);
  while (rest >= 128n) {
    made.push(Number(rest & 127n) | 128);
    rest >>= 7n;
  }
  made.push(Number(rest));
  return Buffer.from(made);
}

const number = (field: number, value: number) => Buffer.concat([varint(BigInt(field * 8)), varint(BigInt(value))]);
const bytes = (field: number, value: Buffer) => Buffer.concat([varint(BigInt(field * 8 + 2)), varint(BigInt(value.length)), value]);
