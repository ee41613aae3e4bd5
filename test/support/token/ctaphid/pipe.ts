import { randomBytes } from 'node:crypto';
import type { Clock } from '../clock.ts';
import { type Fault, type ScriptedFault, spoilCbor } from '../faults.ts';
import { BROADCAST, Command, packetsOf } from './wire.ts';

/** Packets from the token to the host: the place where scripted faults happen. */
export class Pipe {
  /** Packets that really went out since the pipe was made, keepalives among them. */
  sent = 0;
  keepalives = 0;
  readonly #clock: Clock;
  readonly #emit: (packet: Buffer) => void;
  readonly #unplug: () => void;
  #faults: ScriptedFault[] = [];
  #index = 0;
  #silent = false;
  #queue: Buffer[] = [];
  #held = false;
  #stops: (() => void)[] = [];

  constructor(clock: Clock, emit: (packet: Buffer) => void, unplug: () => void) {
    this.#clock = clock;
    this.#emit = emit;
    this.#unplug = unplug;
  }

  /** Replaces the script; packets are counted anew from 0. */
  arm(faults: readonly ScriptedFault[]): void {
    this.#faults = [...faults];
    this.#index = 0;
  }

  /** Faults that have not fired yet. */
  get armed(): readonly ScriptedFault[] {
    return this.#faults;
  }

  /** How many packets were due since the script was armed, whether they went out or not. */
  get index(): number {
    return this.#index;
  }

  /** Ends every timer and forgets every held packet; a new plug-in starts clean. */
  reset(): void {
    for (const stop of this.#stops) stop();
    this.#stops = [];
    this.#queue = [];
    this.#held = false;
    this.#silent = false;
  }

  send(cid: number, command: number, payload: Uint8Array): void {
    const packets = packetsOf(cid, command, this.#spoil(command, payload));
    if (command === Command.KEEPALIVE) this.keepalives += 1;
    for (const packet of packets) {
      const fault = this.#due();
      const more = fault === null ? this.#out(packet) : this.#apply(fault, packet, cid);
      if (!more) return;
    }
  }

  /** Faults of a whole answer: they fire where the named packet would belong to it. */
  #spoil(command: number, payload: Uint8Array): Uint8Array {
    if (command !== Command.CBOR) return payload;
    const end = this.#index + packetsOf(0, command, payload).length;
    const found = this.#faults.find(({ at, fault }) => (fault.kind === 'cbor' || fault.kind === 'status') && at >= this.#index && at < end);
    if (found === undefined) return payload;
    this.#faults = this.#faults.filter((other) => other !== found);
    if (found.fault.kind === 'cbor') return spoilCbor(found.fault.what, payload);
    return found.fault.kind === 'status' ? Uint8Array.of(found.fault.value) : payload;
  }

  #due(): Fault | null {
    const index = this.#index;
    this.#index += 1;
    const found = this.#faults.find(({ at, fault }) => at === index && fault.kind !== 'cbor' && fault.kind !== 'status');
    if (found === undefined) return null;
    this.#faults = this.#faults.filter((other) => other !== found);
    return found.fault;
  }

  /** Sends `packet` in its spoilt form; false where the rest of the message does not follow. */
  #apply(fault: Fault, packet: Buffer, cid: number): boolean {
    switch (fault.kind) {
      case 'drop':
        return true;
      case 'cut':
        return false;
      case 'silence':
        this.#silent = true;
        return false;
      case 'wrong-cid':
        packet.writeUInt32BE((cid ^ 0x0101_0101) >>> 0, 0);
        return this.#out(packet);
      case 'wrong-seq':
        packet[4] = ((packet[4]! & 0x7f) + 1) & 0x7f;
        return this.#out(packet);
      case 'wrong-nonce-flood':
        for (let left = fault.count; left > 0; left -= 1) {
          const answer = Buffer.concat([randomBytes(8), randomBytes(4), Buffer.of(2, 1, 0, 0, 0x05)]);
          this.#out(packetsOf(BROADCAST, Command.INIT, answer)[0]!);
        }
        return this.#out(packet);
      case 'other-channel-flood':
        for (let left = fault.count; left > 0; left -= 1) {
          this.#out(packetsOf((cid ^ 0x00ff_00ff) >>> 0, Command.CBOR, Buffer.alloc(1))[0]!);
        }
        return this.#out(packet);
      case 'bcnt':
        this.#head(packet);
        packet.writeUInt16BE(fault.value, 5);
        return this.#out(packet);
      case 'error':
        this.#out(packetsOf(cid, Command.ERROR, Uint8Array.of(fault.code))[0]!);
        return false;
      case 'endless-keepalive':
        this.#keepAlive(cid, fault.status, fault.everyMs);
        return false;
      case 'wrong-command':
        this.#head(packet);
        packet[4] = fault.command | 0x80;
        return this.#out(packet);
      case 'unplug':
        this.#unplug();
        return false;
      case 'delay':
        this.#hold(fault.ms);
        return this.#out(packet);
      case 'repeat':
        this.#out(Buffer.from(packet));
        return this.#out(packet);
      case 'noise':
        randomBytes(packet.length - 7).copy(packet, 7);
        return this.#out(packet);
      case 'cbor':
      case 'status':
        return this.#out(packet);
    }
  }

  /** Makes an initialization packet of a continuation packet, so that the fault fits any index. */
  #head(packet: Buffer): void {
    if ((packet[4]! & 0x80) !== 0) return;
    packet[4] = Command.CBOR | 0x80;
    packet.writeUInt16BE(1, 5);
  }

  #keepAlive(cid: number, status: number, everyMs: number): void {
    this.#silent = true;
    const beat = (): void => {
      this.keepalives += 1;
      this.#pass(packetsOf(cid, Command.KEEPALIVE, Uint8Array.of(status))[0]!);
      this.#later(everyMs, beat);
    };
    beat();
  }

  #hold(ms: number): void {
    this.#held = true;
    this.#later(ms, () => {
      this.#held = false;
      for (const packet of this.#queue.splice(0)) this.#pass(packet);
    });
  }

  #later(ms: number, action: () => void): void {
    this.#stops.push(this.#clock.after(ms, action));
  }

  #out(packet: Buffer): boolean {
    if (this.#silent) return false;
    if (this.#held) this.#queue.push(packet);
    else this.#pass(packet);
    return true;
  }

  #pass(packet: Buffer): void {
    this.sent += 1;
    this.#emit(packet);
  }
}
