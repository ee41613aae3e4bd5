/**
 * What a hostile or broken token does, at a packet that the test names. Packets are those from the token to the
 * host, counted from 0 since the fault was armed. Each fault fires once, except those that say otherwise.
 */
export type Fault =
  /** This packet is lost. */
  | { readonly kind: 'drop' }
  /** This packet and the rest of its message never come. */
  | { readonly kind: 'cut' }
  /** Nothing comes any more. */
  | { readonly kind: 'silence' }
  | { readonly kind: 'wrong-cid' }
  | { readonly kind: 'wrong-seq' }
  /** Answers to other programs' INIT come before this packet. */
  | { readonly kind: 'wrong-nonce-flood'; readonly count: number }
  /** Packets for another channel come before this packet. */
  | { readonly kind: 'other-channel-flood'; readonly count: number }
  /** This packet is an initialization packet that claims `value` bytes. */
  | { readonly kind: 'bcnt'; readonly value: number }
  /** An ERROR message stands in for this packet and the rest of its message. */
  | { readonly kind: 'error'; readonly code: number }
  /** Keepalives stand in for this packet and everything after it. */
  | { readonly kind: 'endless-keepalive'; readonly everyMs: number; readonly status: number }
  /** This packet is an initialization packet of another command. */
  | { readonly kind: 'wrong-command'; readonly command: number }
  | { readonly kind: 'unplug' }
  /** The CBOR answer that this packet belongs to is replaced. */
  | { readonly kind: 'cbor'; readonly what: CborFault }
  /** The CBOR answer that this packet belongs to is this status byte alone. */
  | { readonly kind: 'status'; readonly value: number }
  | { readonly kind: 'delay'; readonly ms: number }
  /** This packet comes twice. */
  | { readonly kind: 'repeat' }
  /** Every byte of this packet after the header is random. */
  | { readonly kind: 'noise' };

export type CborFault =
  | 'deep'
  | 'huge-array'
  | 'huge-bytes'
  | 'garbage'
  | 'trailing'
  | 'truncated'
  | 'duplicate-key'
  | 'unsorted-keys'
  | 'indefinite'
  | 'long-form'
  | 'tag'
  | 'float'
  | 'not-a-map'
  | 'empty';

export interface ScriptedFault {
  readonly at: number;
  readonly fault: Fault;
}

/** One of each, small enough to be tried at every packet index. */
export const FAULTS: readonly { readonly name: string; readonly fault: Fault }[] = [
  { name: 'drop', fault: { kind: 'drop' } },
  { name: 'cut', fault: { kind: 'cut' } },
  { name: 'silence', fault: { kind: 'silence' } },
  { name: 'wrong CID', fault: { kind: 'wrong-cid' } },
  { name: 'wrong SEQ', fault: { kind: 'wrong-seq' } },
  { name: 'wrong nonce flood', fault: { kind: 'wrong-nonce-flood', count: 200 } },
  { name: 'other channel flood', fault: { kind: 'other-channel-flood', count: 200 } },
  { name: 'BCNT 65535', fault: { kind: 'bcnt', value: 65535 } },
  { name: 'BCNT 7610', fault: { kind: 'bcnt', value: 7610 } },
  { name: 'BCNT 0', fault: { kind: 'bcnt', value: 0 } },
  { name: 'ERROR other', fault: { kind: 'error', code: 0x7f } },
  { name: 'ERROR invalid channel', fault: { kind: 'error', code: 0x0b } },
  { name: 'ERROR unknown', fault: { kind: 'error', code: 0x63 } },
  { name: 'CHANNEL_BUSY', fault: { kind: 'error', code: 0x06 } },
  { name: 'endless keepalive', fault: { kind: 'endless-keepalive', everyMs: 100, status: 1 } },
  { name: 'endless wish for a touch', fault: { kind: 'endless-keepalive', everyMs: 100, status: 2 } },
  { name: 'wrong command', fault: { kind: 'wrong-command', command: 0x01 } },
  { name: 'unplug', fault: { kind: 'unplug' } },
  { name: 'CBOR nested 1000 deep', fault: { kind: 'cbor', what: 'deep' } },
  { name: 'CBOR array of 2^53 items', fault: { kind: 'cbor', what: 'huge-array' } },
  { name: 'CBOR string of 2^32-1 bytes', fault: { kind: 'cbor', what: 'huge-bytes' } },
  { name: 'CBOR garbage', fault: { kind: 'cbor', what: 'garbage' } },
  { name: 'CBOR trailing byte', fault: { kind: 'cbor', what: 'trailing' } },
  { name: 'CBOR truncated', fault: { kind: 'cbor', what: 'truncated' } },
  { name: 'CBOR duplicate key', fault: { kind: 'cbor', what: 'duplicate-key' } },
  { name: 'CBOR keys out of order', fault: { kind: 'cbor', what: 'unsorted-keys' } },
  { name: 'CBOR indefinite length', fault: { kind: 'cbor', what: 'indefinite' } },
  { name: 'CBOR longer form than needed', fault: { kind: 'cbor', what: 'long-form' } },
  { name: 'CBOR tag', fault: { kind: 'cbor', what: 'tag' } },
  { name: 'CBOR float', fault: { kind: 'cbor', what: 'float' } },
  { name: 'CBOR that is no map', fault: { kind: 'cbor', what: 'not-a-map' } },
  { name: 'answer of no bytes', fault: { kind: 'cbor', what: 'empty' } },
  { name: 'status 0x7f', fault: { kind: 'status', value: 0x7f } },
  { name: 'status 0xf1 (vendor)', fault: { kind: 'status', value: 0xf1 } },
  { name: 'status 0x99 (unassigned)', fault: { kind: 'status', value: 0x99 } },
  { name: 'delay', fault: { kind: 'delay', ms: 300 } },
  { name: 'repeat', fault: { kind: 'repeat' } },
  { name: 'noise', fault: { kind: 'noise' } },
];

/** What stands in for a good CBOR answer (status byte and map). */
export function spoilCbor(what: CborFault, answer: Uint8Array): Buffer {
  const body = Buffer.from(answer.subarray(1));
  const ok = (...parts: Uint8Array[]): Buffer => Buffer.concat([Buffer.of(0), ...parts]);
  switch (what) {
    case 'deep':
      return ok(Buffer.alloc(1000, 0x81), Buffer.of(0));
    case 'huge-array':
      return ok(Buffer.from('9b0020000000000000', 'hex'));
    case 'huge-bytes':
      return ok(Buffer.from('a1015affffffff00', 'hex'));
    case 'garbage':
      return ok(Buffer.from('ff1cfeedfacedeadbeef', 'hex'));
    case 'trailing':
      return ok(body, Buffer.of(0));
    case 'truncated':
      return ok(body.subarray(0, Math.max(1, body.length >> 1)));
    case 'duplicate-key':
      return ok(Buffer.from('a201000100', 'hex'));
    case 'unsorted-keys':
      return ok(Buffer.from('a202000100', 'hex'));
    case 'indefinite':
      return ok(Buffer.from('bf0100ff', 'hex'));
    case 'long-form':
      return ok(Buffer.from('a1180100', 'hex'));
    case 'tag':
      return ok(Buffer.from('c1', 'hex'), body);
    case 'float':
      return ok(Buffer.from('a101f93c00', 'hex'));
    case 'not-a-map':
      return ok(Buffer.from('83010203', 'hex'));
    case 'empty':
      return Buffer.alloc(0);
  }
}
