/** Keeps a list of devices up to date: looks when woken, and now and then. */
import { type Clock, systemClock } from '../clock.ts';
import type { DeviceWatch, FoundDevice } from './source.ts';

export interface PollingOptions {
  readonly list: () => Promise<readonly FoundDevice[]>;
  /** Subscribes to hints that something changed; returns the unsubscribe, or null where there are no hints here. */
  readonly wake: (hint: () => void) => (() => void) | null;
  readonly clock?: Clock;
  /** Milliseconds between two looks. */
  readonly pollMs: number;
  /** The same when nothing has happened for a while and hints would tell of what does. */
  readonly idlePollMs?: number;
}

/** Hints come in bursts (made, renamed, given to the person): one look after the last of them. */
const SETTLE_MS = 30;
/** How long after the start or a change looks are frequent: a device may come in several steps. */
const CHANGED_MS = 20_000;
/** The same after a wish: somebody looks for their token. */
const WISHED_MS = 120_000;

export function pollingWatch(options: PollingOptions, listener: (devices: readonly FoundDevice[]) => void): DeviceWatch {
  const clock = options.clock ?? systemClock;
  let stopped = false;
  let last: string | null = null;
  let devices: readonly FoundDevice[] = [];
  let looking: Promise<readonly FoundDevice[]> | null = null;
  let again = false;
  let quickUntil = clock.now() + CHANGED_MS;
  let stopPoll = () => {};
  let stopSettle = () => {};

  const lookOnce = async () => {
    try {
      devices = await options.list();
    } catch {
      // A bus that cannot be listed right now is asked again at the next turn; what was there stays.
      return;
    }
    const now = JSON.stringify(devices.map(({ key, product, serial }) => [key, product, serial]));
    if (stopped || now === last) return;
    last = now;
    quickUntil = Math.max(quickUntil, clock.now() + CHANGED_MS);
    listener(devices);
  };
  const look = async () => {
    stopPoll();
    do {
      again = false;
      await lookOnce();
    } while (again && !stopped);
    looking = null;
    schedule();
    return devices;
  };
  const schedule = () => {
    stopPoll();
    if (stopped) return;
    const idle = clock.now() >= quickUntil && stopWaking !== null;
    stopPoll = clock.after(idle ? (options.idlePollMs ?? options.pollMs) : options.pollMs, () => void refresh());
  };
  const refresh = (): Promise<readonly FoundDevice[]> => {
    if (stopped) return Promise.resolve(devices);
    if (looking !== null) again = true;
    else looking = look();
    return looking;
  };
  const stopWaking = options.wake(() => {
    stopSettle();
    stopSettle = clock.after(SETTLE_MS, () => void refresh());
  });
  void refresh();
  return {
    refresh,
    hurry() {
      quickUntil = clock.now() + WISHED_MS;
      if (looking === null) schedule();
    },
    stop() {
      stopped = true;
      stopPoll();
      stopSettle();
      stopWaking?.();
    },
  };
}
