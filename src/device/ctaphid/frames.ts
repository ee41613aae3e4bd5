/** CTAPHID framing (CTAP 2.1 section 11.2.4): messages into reports and back. Pure. */
import { DoorstepError } from '../../contract/errors.ts';
import { MAX_LINK_MESSAGE } from '../link.ts';

export const BROADCAST_CHANNEL = 0xffffffff;
const INIT_HEADER = 7;
const CONT_HEADER = 5;
const MAX_CONTINUATIONS = 128;

export type Packet =
  | { readonly kind: 'first'; readonly channel: number; readonly command: number; readonly length: number; readonly data: Uint8Array }
  | { readonly kind: 'next'; readonly channel: number; readonly sequence: number; readonly data: Uint8Array };

/** The longest message that fits reports of `size` bytes (8 to 64). */
export function maxMessage(size: number): number {
  return Math.min(MAX_LINK_MESSAGE, size - INIT_HEADER + MAX_CONTINUATIONS * (size - CONT_HEADER));
}

/** Cuts one message into reports of `size` bytes, zero padded. `command` has no bit 7. */
export function encodeMessage(channel: number, command: number, payload: Uint8Array, size: number): readonly Uint8Array[] {
  if (payload.length > maxMessage(size))
    throw new DoorstepError('token.unsupported', { reason: 'message-too-long', length: payload.length });
  const reports: Uint8Array[] = [];
  const first = new Uint8Array(size);
  const view = new DataView(first.buffer);
  view.setUint32(0, channel);
  first[4] = 0x80 | command;
  view.setUint16(5, payload.length);
  first.set(payload.subarray(0, size - INIT_HEADER), INIT_HEADER);
  reports.push(first);
  for (let at = size - INIT_HEADER, sequence = 0; at < payload.length; at += size - CONT_HEADER, sequence++) {
    const next = new Uint8Array(size);
    new DataView(next.buffer).setUint32(0, channel);
    next[4] = sequence;
    next.set(payload.subarray(at, at + size - CONT_HEADER), CONT_HEADER);
    reports.push(next);
  }
  return reports;
}

/** Reads one report; null for one too short to be a packet. */
export function parsePacket(report: Uint8Array): Packet | null {
  if (report.length < CONT_HEADER) return null;
  const view = new DataView(report.buffer, report.byteOffset, report.byteLength);
  const channel = view.getUint32(0);
  const kind = view.getUint8(4);
  if ((kind & 0x80) === 0) return { kind: 'next', channel, sequence: kind, data: report.subarray(CONT_HEADER) };
  if (report.length < INIT_HEADER) return null;
  return { kind: 'first', channel, command: kind & 0x7f, length: view.getUint16(5), data: report.subarray(INIT_HEADER) };
}

export type AssemblyFault = 'too-long' | 'no-start' | 'second-start' | 'sequence' | 'short-report';
export type AssemblyStep =
  | { readonly kind: 'more' }
  | { readonly kind: 'whole'; readonly command: number; readonly payload: Uint8Array }
  | { readonly kind: 'fault'; readonly fault: AssemblyFault };

/** Puts the packets of one channel together. Holds at most one message of at most `maxMessage` bytes. */
export class Assembly {
  readonly #reportSize: number;
  #message: { readonly command: number; readonly payload: Uint8Array } | null = null;
  #filled = 0;
  #sequence = 0;

  /** @param reportSize input report size in bytes; a report that carries less than the message still needs is a fault. */
  constructor(reportSize: number) {
    this.#reportSize = reportSize;
  }

  get started(): boolean {
    return this.#message !== null;
  }

  push(packet: Packet): AssemblyStep {
    if (packet.kind === 'first') {
      if (this.#message !== null) return { kind: 'fault', fault: 'second-start' };
      // BCNT has 16 bits but nothing above 7609 can be carried: refuse before memory is taken.
      if (packet.length > maxMessage(this.#reportSize)) return { kind: 'fault', fault: 'too-long' };
      this.#message = { command: packet.command, payload: new Uint8Array(packet.length) };
    } else {
      if (this.#message === null) return { kind: 'fault', fault: 'no-start' };
      if (packet.sequence !== this.#sequence) return { kind: 'fault', fault: 'sequence' };
      this.#sequence++;
    }
    const { command, payload } = this.#message;
    const wanted = payload.length - this.#filled;
    const room = this.#reportSize - (packet.kind === 'first' ? INIT_HEADER : CONT_HEADER);
    if (packet.data.length < Math.min(wanted, room)) return { kind: 'fault', fault: 'short-report' };
    payload.set(packet.data.subarray(0, Math.min(wanted, room)), this.#filled);
    this.#filled += Math.min(wanted, room);
    return this.#filled === payload.length ? { kind: 'whole', command, payload } : { kind: 'more' };
  }
}
