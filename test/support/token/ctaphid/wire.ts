/** CTAPHID on the wire (CTAP 2.1, section 11.2.4). */
export const REPORT_SIZE = 64;
export const INIT_DATA = REPORT_SIZE - 7;
export const CONT_DATA = REPORT_SIZE - 5;
/** One initialization packet and 128 continuation packets. */
export const MAX_MESSAGE = INIT_DATA + 128 * CONT_DATA;
export const BROADCAST = 0xffff_ffff;

export const Command = {
  PING: 0x01,
  MSG: 0x03,
  LOCK: 0x04,
  INIT: 0x06,
  WINK: 0x08,
  CBOR: 0x10,
  CANCEL: 0x11,
  KEEPALIVE: 0x3b,
  ERROR: 0x3f,
} as const;

export const HidError = {
  INVALID_CMD: 0x01,
  INVALID_PAR: 0x02,
  INVALID_LEN: 0x03,
  INVALID_SEQ: 0x04,
  MSG_TIMEOUT: 0x05,
  CHANNEL_BUSY: 0x06,
  LOCK_REQUIRED: 0x0a,
  INVALID_CHANNEL: 0x0b,
  OTHER: 0x7f,
} as const;

export const Capability = { WINK: 0x01, LOCK: 0x02, CBOR: 0x04, NMSG: 0x08 } as const;

/** Keepalive states. */
export const PROCESSING = 1;
export const UP_NEEDED = 2;

/** One message as its packets of 64 bytes. */
export function packetsOf(cid: number, command: number, payload: Uint8Array): Buffer[] {
  const first = Buffer.alloc(REPORT_SIZE);
  first.writeUInt32BE(cid, 0);
  first[4] = command | 0x80;
  first.writeUInt16BE(payload.length, 5);
  first.set(payload.subarray(0, INIT_DATA), 7);
  const packets = [first];
  for (let at = INIT_DATA, seq = 0; at < payload.length; at += CONT_DATA, seq += 1) {
    const next = Buffer.alloc(REPORT_SIZE);
    next.writeUInt32BE(cid, 0);
    next[4] = seq;
    next.set(payload.subarray(at, at + CONT_DATA), 5);
    packets.push(next);
  }
  return packets;
}
