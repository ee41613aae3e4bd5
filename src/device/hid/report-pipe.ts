/** A HID device as a `ReportPipe`: adds the report number, keeps writes in order, tells once when it is gone. */
import { DoorstepError } from '../../contract/errors.ts';
import type { ReportPipe, ReportSizes } from '../link.ts';
import { hidError } from './errors.ts';
import type { HidDevice } from './hid-device.ts';

/** The bounds that libfido2 sets too: a CTAPHID header and one byte must fit, and nobody has more than full speed's 64. */
const SMALLEST_REPORT = 8;
const LARGEST_REPORT = 64;

/** Throws `token.unsupported` where a size lies outside 8 to 64. */
export function pipeOf(device: HidDevice, sizes: ReportSizes): ReportPipe {
  for (const size of [sizes.output, sizes.input]) {
    if (!Number.isInteger(size) || size < SMALLEST_REPORT || size > LARGEST_REPORT) {
      throw new DoorstepError('token.unsupported', { reason: 'report-size', size });
    }
  }
  return new HidPipe(device, sizes);
}

class HidPipe implements ReportPipe {
  readonly sizes: ReportSizes;
  readonly #device: HidDevice;
  readonly #reports = new Set<(report: Uint8Array) => void>();
  readonly #closers = new Set<(reason: DoorstepError) => void>();
  #closed: DoorstepError | null = null;
  #letGo: Promise<void> | null = null;
  #writes: Promise<void> = Promise.resolve();

  constructor(device: HidDevice, sizes: ReportSizes) {
    this.#device = device;
    this.sizes = sizes;
    device.on('error', (error) => this.#lost(hidError(error, 'use')));
    device.on('data', (report) => {
      for (const listener of this.#reports) listener(new Uint8Array(report));
    });
  }

  write(report: Uint8Array): Promise<void> {
    const run = this.#writes.then(async () => {
      if (this.#closed !== null) throw this.#closed;
      const values = Buffer.alloc(this.sizes.output + 1);
      values.set(report, 1);
      try {
        await this.#device.write(values);
      } catch (error) {
        const reason = hidError(error, 'use');
        this.#lost(reason);
        throw reason;
      }
    });
    this.#writes = run.catch(() => {});
    return run;
  }

  onReport(listener: (report: Uint8Array) => void): () => void {
    this.#reports.add(listener);
    return () => void this.#reports.delete(listener);
  }

  onClosed(listener: (reason: DoorstepError) => void): () => void {
    const closed = this.#closed;
    let listening = true;
    if (closed !== null) queueMicrotask(() => listening && listener(closed));
    else this.#closers.add(listener);
    return () => {
      listening = false;
      this.#closers.delete(listener);
    };
  }

  close(): Promise<void> {
    this.#lost(new DoorstepError('token.gone', { reason: 'closed' }));
    return this.#letGo ?? Promise.resolve();
  }

  #lost(reason: DoorstepError): void {
    if (this.#closed !== null) return;
    this.#closed = reason;
    // node-hid can abort the process when a device is closed while its reader is told of data: stop the reader first.
    this.#device.removeAllListeners('data');
    this.#letGo = this.#device.close().catch(() => {});
    for (const listener of this.#closers) listener(reason);
    this.#closers.clear();
    this.#reports.clear();
  }
}
