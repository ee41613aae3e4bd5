import { DoorstepError } from '../../../../src/contract/errors.ts';
import type { ReportPipe } from '../../../../src/device/link.ts';

const SIZE = 64;

/** A message as the host sent it. */
export interface HostMessage {
  readonly channel: number;
  readonly command: number;
  readonly payload: Buffer;
}

export interface Step {
  /** What the host must send next; `payload` in hex, left out where it does not matter. */
  readonly host: { readonly command: number; readonly channel?: number; readonly payload?: string };
  /** Reports that follow at once. */
  readonly token?: (message: HostMessage) => readonly Uint8Array[];
}

/** Reports of one message from the token, put together here and not by the code under test. */
export function message(channel: number, command: number, payload: Uint8Array | string): Buffer[] {
  const bytes = typeof payload === 'string' ? Buffer.from(payload, 'hex') : Buffer.from(payload);
  const first = Buffer.alloc(SIZE);
  first.writeUInt32BE(channel, 0);
  first[4] = 0x80 | command;
  first.writeUInt16BE(bytes.length, 5);
  bytes.copy(first, 7, 0, SIZE - 7);
  const reports = [first];
  for (let at = SIZE - 7, sequence = 0; at < bytes.length; at += SIZE - 5, sequence++) {
    const next = Buffer.alloc(SIZE);
    next.writeUInt32BE(channel, 0);
    next[4] = sequence;
    bytes.copy(next, 5, at, at + SIZE - 5);
    reports.push(next);
  }
  return reports;
}

/** A device that expects a script, and fails on a message that is not in it and on what is left of it. */
export class ScriptedPipe implements ReportPipe {
  readonly sizes = { output: SIZE, input: SIZE };
  readonly written: Buffer[] = [];
  /** Set to make the next writes hang or fail. */
  onWrite: () => Promise<void> = async () => {};
  readonly #steps: Step[];
  readonly #reports = new Set<(report: Uint8Array) => void>();
  readonly #closers = new Set<(reason: DoorstepError) => void>();
  #open: { head: Buffer; parts: Buffer[]; have: number } | null = null;
  #surprise: string | null = null;
  #closed: DoorstepError | null = null;

  constructor(...steps: Step[]) {
    this.#steps = steps;
  }

  expect(...steps: Step[]): void {
    this.#steps.push(...steps);
  }

  async write(report: Uint8Array): Promise<void> {
    await this.onWrite();
    if (this.#closed !== null) throw this.#closed;
    const bytes = Buffer.from(report);
    this.written.push(bytes);
    if (bytes.length !== SIZE) this.#fail(`a report of ${bytes.length} bytes`);
    const head = bytes[4] ?? 0;
    if (head & 0x80) this.#open = { head: bytes, parts: [bytes.subarray(7)], have: SIZE - 7 };
    else if (this.#open === null || head !== this.#open.parts.length - 1) return this.#fail(`continuation ${head}`);
    else {
      this.#open.parts.push(bytes.subarray(5));
      this.#open.have += SIZE - 5;
    }
    const { have, parts, head: first } = this.#open;
    const length = first.readUInt16BE(5);
    if (have < length) return;
    this.#open = null;
    this.#took({ channel: first.readUInt32BE(0), command: (first[4] ?? 0) & 0x7f, payload: Buffer.concat(parts).subarray(0, length) });
  }

  /** Sends reports to the host, each in a turn of its own. */
  send(...reports: readonly Uint8Array[]): void {
    for (const report of reports) {
      queueMicrotask(() => {
        for (const listener of this.#reports) listener(new Uint8Array(report));
      });
    }
  }

  unplug(): void {
    this.#closed = new DoorstepError('token.gone');
    for (const listener of this.#closers) listener(this.#closed);
  }

  onReport(listener: (report: Uint8Array) => void): () => void {
    this.#reports.add(listener);
    return () => void this.#reports.delete(listener);
  }

  onClosed(listener: (reason: DoorstepError) => void): () => void {
    const closed = this.#closed;
    if (closed !== null) queueMicrotask(() => listener(closed));
    else this.#closers.add(listener);
    return () => void this.#closers.delete(listener);
  }

  async close(): Promise<void> {
    this.#closed ??= new DoorstepError('token.gone');
  }

  /** Fails where something came that was not expected, or did not come. */
  done(): void {
    if (this.#surprise !== null) throw new Error(`surprise: ${this.#surprise}`);
    if (this.#steps.length > 0) throw new Error(`never came: ${JSON.stringify(this.#steps.map(({ host }) => host))}`);
    // The channel itself listens for others all the time.
    if (this.#reports.size > 1) throw new Error(`${this.#reports.size} listeners were left`);
  }

  #took(got: HostMessage): void {
    const step = this.#steps.shift();
    const text = `${got.channel.toString(16)} ${got.command.toString(16)} ${got.payload.toString('hex')}`;
    if (step === undefined) {
      this.#fail(text);
      return;
    }
    const { command, channel, payload } = step.host;
    const fits =
      got.command === command &&
      (channel === undefined || got.channel === channel) &&
      (payload === undefined || got.payload.toString('hex') === payload);
    if (!fits) this.#fail(`${text} instead of ${JSON.stringify(step.host)}`);
    else this.send(...(step.token?.(got) ?? []));
  }

  #fail(surprise: string): void {
    this.#surprise ??= surprise;
  }
}
