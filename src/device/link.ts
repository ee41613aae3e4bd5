/**
 * The two seams of the ladder. Below `ReportPipe` lies a device; above `Link` nothing knows that messages
 * travel in reports. A USB token, the practice key and a replay in a test all stand behind the same two.
 */
import type { DoorstepError } from '../contract/errors.ts';

/** Sizes of one report in bytes, without the report number: 8 to 64, 64 in practice. */
export interface ReportSizes {
  readonly output: number;
  readonly input: number;
}

/** One open HID interface: reports out, reports in, and the news that it is gone. */
export interface ReportPipe {
  readonly sizes: ReportSizes;
  /** Sends one output report of exactly `sizes.output` bytes. Rejects with `token.gone` and its kin. */
  write(report: Uint8Array): Promise<void>;
  /** Calls `listener` with each input report; returns the unsubscribe. */
  onReport(listener: (report: Uint8Array) => void): () => void;
  /** Calls `listener` once when the device is gone, never before this returns (soon, if it already is); returns the unsubscribe. */
  onClosed(listener: (reason: DoorstepError) => void): () => void;
  /** Lets go of the device. Never rejects, may be called twice. */
  close(): Promise<void>;
}

/** What a token says while it works (CTAP 2.1 section 11.2.9.1.7). */
export type Keepalive = 'processing' | 'touch-needed';

export interface CallOptions {
  /** Aborting sends CANCEL and waits for the token's last word. */
  readonly signal?: AbortSignal;
  /** Called when the token's state changes, not once a keepalive. */
  readonly onKeepalive?: (state: Keepalive) => void;
  /** How long the token may stay silent, milliseconds; each keepalive starts it again. */
  readonly silenceMs?: number;
}

/** Reports on the wire since the channel was opened. Keepalives and other programs' reports are apart, the latter also between calls. */
export interface PacketCount {
  readonly sent: number;
  readonly received: number;
  readonly keepalives: number;
  readonly foreign: number;
}

export interface LinkCapabilities {
  readonly wink: boolean;
  /** Speaks CTAP2. */
  readonly cbor: boolean;
  /** Speaks CTAP1 (U2F). */
  readonly msg: boolean;
}

/** CTAPHID commands that the rungs above send (CTAP 2.1 section 11.2.9), without bit 7. */
export const LINK_COMMAND = { ping: 0x01, msg: 0x03, lock: 0x04, wink: 0x08, cbor: 0x10 } as const;

/** Bytes: the most that one message can carry in 64-byte reports (CTAP 2.1 section 11.2.4). */
export const MAX_LINK_MESSAGE = 7609;

/** A channel to one token: a command and its bytes in, the bytes of the answer out. One call at a time; others wait. */
export interface Link {
  readonly capabilities: LinkCapabilities;
  readonly packets: PacketCount;
  /**
   * Sends `bytes` under `command` and gives the answer's bytes.
   * Throws `token.gone`, `token.timeout`, `token.not-touched`, `token.busy`, `token.misbehaved`, `token.canceled`.
   */
  call(command: number, bytes: Uint8Array, options?: CallOptions): Promise<Uint8Array>;
  close(): Promise<void>;
}
