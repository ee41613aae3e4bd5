import { DoorstepError } from '../../../src/contract/errors.ts';
import { openChannel } from '../../../src/device/ctaphid/channel.ts';
import type { ReportPipe } from '../../../src/device/link.ts';
import type { Ceremony, Human } from '../../../src/device/session/human.ts';
import { SessionToken } from '../../../src/device/session/token.ts';
import type { TokenOptions } from '../../support/token/index.ts';
import { VirtualToken } from '../../support/token/index.ts';
import { ManualClock } from '../../unit/device/doubles/manual-clock.ts';
import { ScriptedHuman } from '../../unit/device/doubles/scripted-human.ts';

/** The virtual token's 64-byte reports, with nothing in between. */
export function pipeTo(token: VirtualToken): ReportPipe {
  const listeners = new Set<(report: Uint8Array) => void>();
  const closers = new Set<(reason: DoorstepError) => void>();
  let closed: DoorstepError | null = null;
  const stopReports = token.subscribe((report) => {
    const copy = new Uint8Array(report);
    queueMicrotask(() => {
      for (const listener of listeners) listener(copy);
    });
  });
  const close = (reason: DoorstepError) => {
    if (closed !== null) return;
    closed = reason;
    stopReports();
    stopPlugs();
    for (const listener of closers) listener(reason);
  };
  const stopPlugs = token.onPlug((pluggedIn) => {
    if (!pluggedIn) close(new DoorstepError('token.gone'));
  });
  return {
    sizes: { output: 64, input: 64 },
    async write(report) {
      if (closed !== null) throw closed;
      token.receive(report);
    },
    onReport(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    onClosed(listener) {
      const reason = closed;
      if (reason !== null) queueMicrotask(() => listener(reason));
      else closers.add(listener);
      return () => void closers.delete(listener);
    },
    async close() {
      close(new DoorstepError('token.gone', { reason: 'closed' }));
    },
  };
}

export interface Bench {
  readonly virtual: VirtualToken;
  readonly clock: ManualClock;
  readonly token: SessionToken;
  /** Runs a flow in the token's own time; at most ten minutes of it. */
  run<T>(flow: (ceremony: Ceremony) => Promise<T>, human?: Human, signal?: AbortSignal): Promise<T>;
  /** Packets both ways since the channel was asked for, keepalives not counted. */
  packets(): number;
}

const MOST_MS = 600_000;

/** A virtual token with its channel open and its getInfo read, on a clock that passes by itself. */
export async function bench(options: Omit<TokenOptions, 'clock'> = {}): Promise<Bench> {
  const clock = new ManualClock();
  const virtual = new VirtualToken({ ...options, clock });
  return benchOf(virtual, clock);
}

export async function benchOf(virtual: VirtualToken, clock: ManualClock, id = 'token-1'): Promise<Bench> {
  const open = async () => {
    const link = await openChannel(pipeTo(virtual), { clock });
    return SessionToken.open({ id, source: 'practice', product: 'Test key', manufacturer: 'Test', serial: '0001' }, link);
  };
  const token = await clock.run(open(), MOST_MS);
  return {
    virtual,
    clock,
    token,
    run: (flow, human = new ScriptedHuman(), signal = new AbortController().signal) => clock.run(flow({ human, signal, clock }), MOST_MS),
    packets: () => token.link.packets.sent + token.link.packets.received,
  };
}

/** The code that `promise` fails with. */
export async function codeOf(promise: Promise<unknown>): Promise<string> {
  try {
    await promise;
  } catch (error) {
    if (error instanceof DoorstepError) return error.code;
    throw error;
  }
  throw new Error('did not fail');
}
