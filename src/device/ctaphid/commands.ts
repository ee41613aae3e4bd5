/** CTAPHID commands, without bit 7 (CTAP 2.1 section 11.2.9). */
export const CTAPHID = { init: 0x06, cancel: 0x11, keepalive: 0x3b, error: 0x3f, cbor: 0x10 } as const;

/** ERROR payloads (CTAP 2.1 section 11.2.9.1.6). */
export const HID_ERROR = {
  invalidCommand: 0x01,
  invalidParameter: 0x02,
  invalidLength: 0x03,
  invalidSequence: 0x04,
  timeout: 0x05,
  channelBusy: 0x06,
  lockRequired: 0x0a,
  invalidChannel: 0x0b,
  other: 0x7f,
} as const;

/** Bits of the capabilities byte in the answer to INIT. NMSG is the one that says "not". */
export const CAPABILITY = { wink: 0x01, lock: 0x02, cbor: 0x04, noMsg: 0x08 } as const;
