import type { Cbor, CborMap } from '../../../support/token/cbor.ts';
import { decodeCbor, encodeCbor } from '../../../support/token/cbor.ts';
import { BROADCAST, Command, packetsOf } from '../../../support/token/ctaphid/wire.ts';
import type { VirtualToken } from '../../../support/token/token.ts';

/** One message from the token. */
export interface Message {
  readonly cid: number;
  readonly command: number;
  readonly data: Buffer;
}

/** A bare host for the token's own tests: it says what it is told, and keeps what comes back. */
export class BareHost {
  readonly messages: Message[] = [];
  readonly keepalives: number[] = [];
  readonly #token: VirtualToken;
  readonly #waiting: ((message: Message) => void)[] = [];
  #partial: { message: Message; filled: number } | null = null;

  constructor(token: VirtualToken) {
    this.#token = token;
    token.subscribe((report) => this.#take(report));
  }

  /** Sends a message in its packets. */
  send(cid: number, command: number, data: Uint8Array = new Uint8Array()): void {
    for (const packet of packetsOf(cid, command, data)) this.#token.receive(packet);
  }

  /** The next message that is no keepalive. */
  next(): Promise<Message> {
    const have = this.messages.shift();
    return have === undefined ? new Promise((resolve) => this.#waiting.push(resolve)) : Promise.resolve(have);
  }

  call(cid: number, command: number, data?: Uint8Array): Promise<Message> {
    this.send(cid, command, data);
    return this.next();
  }

  async open(): Promise<number> {
    const answer = await this.call(BROADCAST, Command.INIT, Buffer.from('0102030405060708', 'hex'));
    return answer.data.readUInt32BE(8);
  }

  /** One CTAP2 command: the status byte, and the map where there is one. */
  async ctap2(cid: number, command: number, request?: CborMap): Promise<{ status: number; map: CborMap }> {
    const bytes = request === undefined ? Buffer.of(command) : Buffer.concat([Buffer.of(command), encodeCbor(request)]);
    const { data } = await this.call(cid, Command.CBOR, bytes);
    return { status: data[0]!, map: data.length > 1 ? (decodeCbor(data.subarray(1)) as CborMap) : new Map() };
  }

  #take(report: Buffer): void {
    if ((report[4]! & 0x80) !== 0) {
      const message = { cid: report.readUInt32BE(0), command: report[4]! & 0x7f, data: Buffer.alloc(report.readUInt16BE(5)) };
      if (message.command === Command.KEEPALIVE) {
        this.keepalives.push(report[7]!);
        return;
      }
      this.#partial = { message, filled: report.copy(message.data, 0, 7) };
    } else if (this.#partial !== null) {
      this.#partial.filled += report.copy(this.#partial.message.data, this.#partial.filled, 5);
    }
    const partial = this.#partial;
    if (partial === null || partial.filled < partial.message.data.length) return;
    this.#partial = null;
    const waiter = this.#waiting.shift();
    if (waiter === undefined) this.messages.push(partial.message);
    else waiter(partial.message);
  }
}

/** A map from plain pairs. */
export const map = (...pairs: [number | string, Cbor][]): CborMap => new Map(pairs);
