import { type CborMap, encodeCbor } from '../cbor.ts';

/** Authenticator data (WebAuthn, 6.1). `attested` is the attested credential data, `extensions` the outputs. */
export function authenticatorData(parts: {
  readonly rpIdHash: Uint8Array;
  readonly up: boolean;
  readonly uv: boolean;
  readonly counter: number;
  readonly attested?: Uint8Array;
  readonly extensions: CborMap;
}): Buffer {
  const withExtensions = parts.extensions.size > 0;
  const head = Buffer.alloc(5);
  head[0] = (parts.up ? 0x01 : 0) | (parts.uv ? 0x04 : 0) | (parts.attested === undefined ? 0 : 0x40) | (withExtensions ? 0x80 : 0);
  head.writeUInt32BE(parts.counter, 1);
  return Buffer.concat([
    parts.rpIdHash,
    head,
    parts.attested ?? new Uint8Array(),
    withExtensions ? encodeCbor(parts.extensions) : new Uint8Array(),
  ]);
}
