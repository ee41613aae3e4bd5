import { randomBytes } from 'node:crypto';
import type { Clock } from '../clock.ts';
import type { Timings } from '../profile.ts';
import type { Pipe } from './pipe.ts';
import { BROADCAST, Capability, Command, HidError, INIT_DATA, MAX_MESSAGE, PROCESSING, REPORT_SIZE, UP_NEEDED } from './wire.ts';

/** What stands above CTAPHID in the token. */
export interface Application {
  /** Answers a CTAP2 request; undefined where the token has no CTAP2. Never rejects. */
  readonly cbor: ((request: Uint8Array, signal: AbortSignal) => Promise<Uint8Array>) | undefined;
  /** Answers a CTAP1 APDU at once; undefined where the token has no CTAP1. */
  readonly msg: ((apdu: Uint8Array) => Uint8Array) | undefined;
  readonly wink: (() => void) | undefined;
  /** Whether the token waits for a touch now. */
  wantsTouch(): boolean;
}

interface Receiving {
  readonly cid: number;
  readonly command: number;
  readonly data: Buffer;
  filled: number;
  seq: number;
  last: number;
}

interface Processing {
  readonly cid: number;
  readonly abort: AbortController;
  /** False once INIT resynchronised: the answer must not go out any more. */
  wanted: boolean;
  stopKeepalive: () => void;
}

/** Answers a message with ERROR. */
class Refusal extends Error {
  readonly code: number;

  constructor(code: number) {
    super(`CTAPHID error ${code}`);
    this.code = code;
  }
}

/** The transport half of the token: channels, framing, busy, lock, cancel, keepalive (CTAP 2.1, section 11.2). */
export class HidDevice {
  readonly #clock: Clock;
  readonly #timings: Timings;
  readonly #application: Application;
  readonly #pipe: Pipe;
  readonly #channels = new Set<number>();
  #receiving: Receiving | null = null;
  #processing: Processing | null = null;
  #lock: { cid: number; until: number } | null = null;

  constructor(clock: Clock, timings: Timings, application: Application, pipe: Pipe) {
    this.#clock = clock;
    this.#timings = timings;
    this.#application = application;
    this.#pipe = pipe;
  }

  /** Loses power: channels, lock and whatever was going on are gone. */
  reset(): void {
    this.#channels.clear();
    this.#receiving = null;
    this.#lock = null;
    this.#abandon();
    this.#pipe.reset();
  }

  /** Takes one output report of 64 bytes, without a report number. */
  receive(report: Uint8Array): void {
    const packet = Buffer.alloc(REPORT_SIZE);
    packet.set(report.subarray(0, REPORT_SIZE));
    const cid = packet.readUInt32BE(0);
    const init = (packet[4]! & 0x80) !== 0;
    if (this.#late(cid)) return;
    if (this.#receiving !== null && this.#receiving.cid !== cid) {
      if (init && packet[4] !== (Command.CANCEL | 0x80)) this.#error(cid, HidError.CHANNEL_BUSY);
      return;
    }
    if (init) this.#receiveInit(cid, packet);
    else this.#receiveContinuation(packet);
  }

  /** A message whose next packet took too long is dropped; its late packet earns MSG_TIMEOUT. */
  #late(cid: number): boolean {
    const message = this.#receiving;
    if (message === null || this.#clock.now() - message.last <= this.#timings.transaction) return false;
    this.#receiving = null;
    if (message.cid !== cid) return false;
    this.#error(cid, HidError.MSG_TIMEOUT);
    return true;
  }

  #receiveInit(cid: number, packet: Buffer): void {
    const command = packet[4]! & 0x7f;
    const length = packet.readUInt16BE(5);
    const resynchronises = command === Command.INIT;
    if (this.#receiving !== null && !resynchronises) {
      this.#receiving = null;
      this.#error(cid, HidError.INVALID_SEQ);
      return;
    }
    this.#receiving = null;
    if (command === Command.CANCEL) {
      if (this.#processing?.cid === cid) this.#processing.abort.abort();
      return;
    }
    const known = cid === BROADCAST ? resynchronises : this.#channels.has(cid);
    if (!known) {
      this.#error(cid, HidError.INVALID_CHANNEL);
      return;
    }
    if (this.#processing !== null && !(resynchronises && this.#processing.cid === cid)) {
      this.#error(cid, HidError.CHANNEL_BUSY);
      return;
    }
    if (this.#lockedFor(cid)) {
      this.#error(cid, HidError.CHANNEL_BUSY);
      return;
    }
    if (length > MAX_MESSAGE) {
      this.#error(cid, HidError.INVALID_LEN);
      return;
    }
    const data = Buffer.alloc(length);
    const filled = packet.copy(data, 0, 7, 7 + Math.min(length, INIT_DATA));
    this.#receiving = { cid, command, data, filled, seq: 0, last: this.#clock.now() };
    this.#finishIfWhole();
  }

  #receiveContinuation(packet: Buffer): void {
    const message = this.#receiving;
    if (message === null) return;
    if (packet[4] !== message.seq) {
      this.#receiving = null;
      this.#error(message.cid, HidError.INVALID_SEQ);
      return;
    }
    message.filled += packet.copy(message.data, message.filled, 5);
    message.seq += 1;
    message.last = this.#clock.now();
    this.#finishIfWhole();
  }

  #finishIfWhole(): void {
    const message = this.#receiving;
    if (message === null || message.filled < message.data.length) return;
    this.#receiving = null;
    this.#run(message.cid, message.command, message.data);
  }

  #run(cid: number, command: number, data: Buffer): void {
    try {
      const answer = this.#perform(cid, command, data);
      if (answer !== null) this.#pipe.send(cid, command, answer);
    } catch (refusal) {
      if (!(refusal instanceof Refusal)) throw refusal;
      this.#error(cid, refusal.code);
    }
  }

  /** The payload of the answer, or null where it comes later. @throws Refusal */
  #perform(cid: number, command: number, data: Buffer): Uint8Array | null {
    const { cbor, msg, wink } = this.#application;
    switch (command) {
      case Command.INIT:
        return this.#init(cid, data);
      case Command.PING:
        return data;
      case Command.LOCK:
        return this.#takeLock(cid, data);
      case Command.WINK:
        if (wink === undefined) throw new Refusal(HidError.INVALID_CMD);
        if (data.length !== 0) throw new Refusal(HidError.INVALID_LEN);
        wink();
        return data;
      case Command.MSG:
        if (msg === undefined) throw new Refusal(HidError.INVALID_CMD);
        if (data.length === 0) throw new Refusal(HidError.INVALID_LEN);
        return msg(data);
      case Command.CBOR:
        if (cbor === undefined) throw new Refusal(HidError.INVALID_CMD);
        if (data.length === 0) throw new Refusal(HidError.INVALID_LEN);
        this.#work(cid, cbor, data);
        return null;
      default:
        throw new Refusal(HidError.INVALID_CMD);
    }
  }

  #init(cid: number, nonce: Buffer): Uint8Array {
    if (nonce.length !== 8) throw new Refusal(HidError.INVALID_LEN);
    if (this.#processing?.cid === cid) this.#abandon();
    const channel = cid === BROADCAST ? this.#allocate() : cid;
    const answer = Buffer.alloc(17);
    nonce.copy(answer);
    answer.writeUInt32BE(channel, 8);
    answer.set([2, 1, 0, 0, this.#capabilities()], 12);
    return answer;
  }

  #capabilities(): number {
    return (
      (this.#application.wink === undefined ? 0 : Capability.WINK) |
      (this.#application.cbor === undefined ? 0 : Capability.CBOR) |
      (this.#application.msg === undefined ? Capability.NMSG : 0)
    );
  }

  #allocate(): number {
    for (;;) {
      const cid = randomBytes(4).readUInt32BE();
      if (cid === 0 || cid === BROADCAST || this.#channels.has(cid)) continue;
      this.#channels.add(cid);
      return cid;
    }
  }

  #takeLock(cid: number, data: Buffer): Uint8Array {
    if (data.length !== 1) throw new Refusal(HidError.INVALID_LEN);
    const seconds = data[0]!;
    if (seconds > 10) throw new Refusal(HidError.INVALID_PAR);
    this.#lock = seconds === 0 ? null : { cid, until: this.#clock.now() + seconds * 1000 };
    return new Uint8Array();
  }

  #lockedFor(cid: number): boolean {
    if (this.#lock !== null && this.#clock.now() >= this.#lock.until) this.#lock = null;
    return this.#lock !== null && this.#lock.cid !== cid;
  }

  #work(cid: number, cbor: NonNullable<Application['cbor']>, data: Buffer): void {
    const processing: Processing = { cid, abort: new AbortController(), wanted: true, stopKeepalive: () => {} };
    const beat = (): void => {
      this.#pipe.send(cid, Command.KEEPALIVE, Uint8Array.of(this.#application.wantsTouch() ? UP_NEEDED : PROCESSING));
      processing.stopKeepalive = this.#clock.after(this.#timings.keepalive, beat);
    };
    processing.stopKeepalive = this.#clock.after(this.#timings.keepalive, beat);
    this.#processing = processing;
    void cbor(data, processing.abort.signal).then((answer) => {
      processing.stopKeepalive();
      if (!processing.wanted) return;
      this.#processing = null;
      this.#pipe.send(cid, Command.CBOR, answer);
    });
  }

  #abandon(): void {
    const processing = this.#processing;
    if (processing === null) return;
    this.#processing = null;
    processing.wanted = false;
    processing.stopKeepalive();
    processing.abort.abort();
  }

  #error(cid: number, code: number): void {
    this.#pipe.send(cid, Command.ERROR, Uint8Array.of(code));
  }
}
