/** A CTAPHID channel (CTAP 2.1 section 11.2): INIT, then one call after another, each within bounded time and memory. */
import { randomBytes } from 'node:crypto';
import { DoorstepError } from '../../contract/errors.ts';
import { equalBytes } from '../bytes.ts';
import { type Clock, pause, systemClock } from '../clock.ts';
import type { CallOptions, Link, LinkCapabilities, PacketCount, ReportPipe } from '../link.ts';
import { CAPABILITY, CTAPHID, HID_ERROR } from './commands.ts';
import { exchange, type Tally } from './exchange.ts';
import { Assembly, BROADCAST_CHANNEL, encodeMessage, maxMessage, parsePacket } from './frames.ts';
import { LIMITS, type Limits } from './limits.ts';

const NONCE_LENGTH = 8;
const INIT_ANSWER_LENGTH = 17;

export interface ChannelOptions {
  readonly clock?: Clock;
  readonly limits?: Partial<Limits>;
  /** Gives `length` random bytes. */
  readonly random?: (length: number) => Uint8Array;
  /** Called for each report that comes between calls: another program uses the token. */
  readonly onForeign?: () => void;
}

interface InitAnswer {
  readonly channel: number;
  readonly version: { readonly protocol: number; readonly device: readonly [number, number, number] };
  readonly capabilities: LinkCapabilities;
}

/**
 * Opens a channel on `pipe`.
 * Throws `token.busy` while another program holds the token, `token.timeout` when it does not answer, `token.gone`.
 */
export async function openChannel(pipe: ReportPipe, options: ChannelOptions = {}): Promise<Channel> {
  const channel = new Channel(pipe, options);
  await channel.start();
  return channel;
}

export class Channel implements Link {
  readonly #pipe: ReportPipe;
  readonly #clock: Clock;
  readonly #limits: Limits;
  readonly #random: (length: number) => Uint8Array;
  readonly #onForeign: () => void;
  readonly #tally: Tally = { sent: 0, received: 0, keepalives: 0, foreign: 0 };
  #opened: InitAnswer | null = null;
  #outOfStep = false;
  #working = false;
  #turn: Promise<unknown> = Promise.resolve();

  constructor(pipe: ReportPipe, options: ChannelOptions) {
    this.#pipe = pipe;
    this.#clock = options.clock ?? systemClock;
    this.#limits = { ...LIMITS, ...options.limits };
    this.#onForeign = options.onForeign ?? (() => {});
    this.#random = options.random ?? ((length) => new Uint8Array(randomBytes(length)));
  }

  get capabilities(): LinkCapabilities {
    return this.#opened?.capabilities ?? { wink: false, cbor: false, msg: false };
  }

  get packets(): PacketCount {
    return { ...this.#tally };
  }

  /** Versions that the token gave at INIT: of the protocol, and of the device as major, minor, build. */
  get version(): InitAnswer['version'] | null {
    return this.#opened?.version ?? null;
  }

  async start(): Promise<void> {
    this.#opened = await this.#init(BROADCAST_CHANNEL);
    // Between calls nothing is read, but that others use the token is worth knowing.
    this.#pipe.onReport(() => {
      if (this.#working) return;
      this.#tally.foreign++;
      this.#onForeign();
    });
  }

  call(command: number, bytes: Uint8Array, options: CallOptions = {}): Promise<Uint8Array> {
    const run = this.#turn.then(async () => {
      this.#working = true;
      try {
        return await this.#call(command, bytes, options);
      } finally {
        this.#working = false;
      }
    });
    this.#turn = run.catch(() => {});
    return run;
  }

  close(): Promise<void> {
    return this.#pipe.close();
  }

  async #call(command: number, bytes: Uint8Array, options: CallOptions): Promise<Uint8Array> {
    const { signal } = options;
    if (bytes.length > maxMessage(this.#pipe.sizes.output)) throw new DoorstepError('token.unsupported', { reason: 'message-too-long' });
    const busyUntil = this.#clock.now() + this.#limits.busyMs;
    let secondChance = true;
    for (;;) {
      if (signal?.aborted) throw new DoorstepError('token.canceled');
      const opened = await this.#inStep();
      const ending = await exchange(this.#pipe, this.#clock, this.#limits, this.#tally, {
        channel: opened.channel,
        command,
        payload: bytes,
        signal,
        onKeepalive: options.onKeepalive,
        silenceMs: options.silenceMs ?? this.#limits.silenceMs,
      });
      switch (ending.kind) {
        case 'answer':
          return ending.payload;
        case 'failed':
          this.#outOfStep = ending.outOfStep;
          throw ending.error;
        case 'busy':
          if (this.#clock.now() >= busyUntil) throw new DoorstepError('token.busy');
          await pause(this.#clock, this.#limits.busyPauseMs, signal);
          break;
        // The request was not carried out, so that sending it once more is safe; twice would be a token that plays with us.
        case 'lost':
        case 'resend':
          if (!secondChance) throw new DoorstepError('token.misbehaved', { reason: ending.kind });
          secondChance = false;
          if (ending.kind === 'lost') this.#opened = await this.#init(BROADCAST_CHANNEL);
          break;
      }
    }
  }

  /** After an exchange that was left half-way: INIT on our own channel ends whatever the token still does there. */
  async #inStep(): Promise<InitAnswer> {
    if (this.#opened === null) throw new DoorstepError('token.gone');
    if (this.#outOfStep) {
      try {
        this.#opened = await this.#init(this.#opened.channel);
      } catch (error) {
        if (!(error instanceof DoorstepError) || error.code === 'token.gone') throw error;
        this.#opened = await this.#init(BROADCAST_CHANNEL);
      }
      this.#outOfStep = false;
    }
    return this.#opened;
  }

  async #init(on: number): Promise<InitAnswer> {
    const busyUntil = this.#clock.now() + this.#limits.busyMs;
    for (;;) {
      const answer = await this.#initOnce(on);
      if (answer !== 'busy') return answer;
      if (this.#clock.now() >= busyUntil) throw new DoorstepError('token.busy');
      await pause(this.#clock, this.#limits.busyPauseMs);
    }
  }

  /**
   * Other programs' answers come on the same broadcast channel: only our nonce counts, all else is passed over
   * until the deadline (11.2.9.1.3). 'busy' where the token told the channel so and our answer did not come.
   */
  async #initOnce(on: number): Promise<InitAnswer | 'busy'> {
    const nonce = this.#random(NONCE_LENGTH);
    const pipe = this.#pipe;
    let foreign = 0;
    let assembly: Assembly | null = null;
    return new Promise((resolve, reject) => {
      const settle = (end: () => void) => {
        stopTimer();
        offReport();
        offClosed();
        end();
      };
      const fail = (error: unknown) => settle(() => reject(error));
      const stopTimer = this.#clock.after(this.#limits.initMs, () => fail(new DoorstepError('token.timeout', { reason: 'init' })));
      const offClosed = pipe.onClosed((reason) => fail(reason));
      const passOver = () => {
        this.#tally.foreign++;
        foreign++;
        if (foreign > this.#limits.foreignReports) fail(new DoorstepError('token.misbehaved', { reason: 'flood' }));
      };
      const offReport = pipe.onReport((report) => {
        const packet = parsePacket(report);
        if (packet === null || packet.channel !== on) return passOver();
        if (packet.kind === 'first' && packet.command === CTAPHID.error) {
          if (packet.data[0] === HID_ERROR.channelBusy && packet.length === 1) return settle(() => resolve('busy'));
          if (packet.data[0] === HID_ERROR.invalidChannel && on !== BROADCAST_CHANNEL) {
            return fail(new DoorstepError('token.misbehaved', { reason: 'lost' }));
          }
          return passOver();
        }
        if (packet.kind === 'first') {
          if (packet.command !== CTAPHID.init) return passOver();
          assembly = new Assembly(pipe.sizes.input);
        }
        const step = assembly?.push(packet) ?? { kind: 'fault' as const };
        if (step.kind === 'more') {
          this.#tally.received++;
          return;
        }
        assembly = null;
        if (step.kind === 'fault' || !isAnswerTo(nonce, step.payload)) return passOver();
        const answer = readInitAnswer(step.payload);
        if (answer.channel === 0 || answer.channel === BROADCAST_CHANNEL) return passOver();
        this.#tally.received++;
        settle(() => resolve(answer));
      });
      const send = async () => {
        for (const report of encodeMessage(on, CTAPHID.init, nonce, pipe.sizes.output)) {
          this.#tally.sent++;
          await pipe.write(report);
        }
      };
      send().catch((error: unknown) =>
        fail(error instanceof DoorstepError ? error : new DoorstepError('token.gone', {}, { cause: error })),
      );
    });
  }
}

function isAnswerTo(nonce: Uint8Array, payload: Uint8Array): boolean {
  // Later versions may append members, so longer is fine.
  return payload.length >= INIT_ANSWER_LENGTH && equalBytes(payload.subarray(0, NONCE_LENGTH), nonce);
}

function readInitAnswer(payload: Uint8Array): InitAnswer {
  const view = new DataView(payload.buffer, payload.byteOffset, payload.byteLength);
  const bits = view.getUint8(16);
  return {
    channel: view.getUint32(8),
    version: { protocol: view.getUint8(12), device: [view.getUint8(13), view.getUint8(14), view.getUint8(15)] },
    capabilities: {
      wink: (bits & CAPABILITY.wink) !== 0,
      cbor: (bits & CAPABILITY.cbor) !== 0,
      msg: (bits & CAPABILITY.noMsg) === 0,
    },
  };
}
