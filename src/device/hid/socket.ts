/**
 * The practice key's door: a software authenticator in another process that listens on a local stream socket.
 * Frames are HID reports: 65 bytes towards the token (report number 0 and 64 bytes), 64 bytes back.
 */
import { EventEmitter } from 'node:events';
import { promises as files, watch as watchFolder } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { basename, dirname } from 'node:path';
import { type Clock, systemClock } from '../clock.ts';
import type { ReportPipe } from '../link.ts';
import { hidError } from './errors.ts';
import type { HidDevice } from './hid-device.ts';
import { pollingWatch } from './polling.ts';
import { pipeOf } from './report-pipe.ts';
import type { DeviceSource, FoundDevice } from './source.ts';

const REPORT = 64;
const POLL_MS = 2_000;

export interface PracticeOptions {
  /** Path of the socket. It exists while the practice key is plugged in. */
  readonly path: string;
  readonly clock?: Clock;
  readonly pollMs?: number;
}

/** The practice key as a source of at most one token. */
export function practiceSource(options: PracticeOptions): DeviceSource {
  const { path } = options;
  const list = async (): Promise<readonly FoundDevice[]> => {
    const socket = await files.stat(path).then(
      (entry) => entry,
      () => null,
    );
    if (socket === null || !socket.isSocket()) return [];
    // A new socket at the same path is a token that was pulled out and plugged in again.
    const key = `${path}#${socket.ino}#${socket.birthtimeMs}`;
    return [
      { key, source: 'practice', product: 'Doorstep practice key', manufacturer: 'Doorstep', serial: null, open: () => openSocket(path) },
    ];
  };
  const wake = (hint: () => void): (() => void) | null => {
    try {
      const watcher = watchFolder(dirname(path), { persistent: false }, (_event, name) => {
        if (name === basename(path)) hint();
      });
      watcher.on('error', () => {});
      return () => watcher.close();
    } catch {
      return null;
    }
  };
  return {
    watch: (listener) => pollingWatch({ list, wake, clock: options.clock ?? systemClock, pollMs: options.pollMs ?? POLL_MS }, listener),
  };
}

/** Opens the socket at `path`. Throws `token.gone` or `token.no-permission`. */
export async function openSocket(path: string): Promise<ReportPipe> {
  const socket = await new Promise<Socket>((resolve, reject) => {
    const opening = connect(path);
    opening.once('error', (error) => reject(hidError(error, 'open')));
    opening.once('connect', () => {
      opening.removeAllListeners('error');
      resolve(opening);
    });
  });
  return pipeOf(new SocketDevice(socket), { output: REPORT, input: REPORT });
}

class SocketDevice extends EventEmitter implements HidDevice {
  readonly #socket: Socket;
  /** Less than one report, from the end of the last chunk. */
  #rest: Buffer = Buffer.alloc(0);
  #closing = false;

  constructor(socket: Socket) {
    super();
    this.#socket = socket;
    socket.setNoDelay(true);
    socket.on('data', (chunk: Buffer) => this.#read(chunk));
    socket.on('error', (error) => this.#gone(error));
    socket.on('close', () => this.#gone(new Error('ENODEV')));
  }

  write(values: Buffer): Promise<number> {
    return new Promise((resolve, reject) => {
      this.#socket.write(values, (error) => (error ? reject(error) : resolve(values.length)));
    });
  }

  async close(): Promise<void> {
    this.#closing = true;
    this.#socket.destroy();
  }

  #read(chunk: Buffer): void {
    const bytes = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk]);
    let at = 0;
    for (; at + REPORT <= bytes.length; at += REPORT) this.emit('data', bytes.subarray(at, at + REPORT));
    this.#rest = bytes.subarray(at);
  }

  #gone(error: Error): void {
    if (this.#closing) return;
    this.#closing = true;
    this.emit('error', error);
  }
}
