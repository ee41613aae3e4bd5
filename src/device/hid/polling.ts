/** Keeps a list of devices up to date: looks when woken, and now and then. */
import { type Clock, systemClock } from '../clock.ts';
import type { DeviceWatch, FoundDevice } from './source.ts';

export interface PollingOptions {
  readonly list: () => Promise<readonly FoundDevice[]>;
  /** Subscribes to hints that something changed; returns the unsubscribe. */
  readonly wake: (hint: () => void) => () => void;
  readonly clock?: Clock;
  readonly pollMs: number;
}

/** Hints come in bursts (made, renamed, given to the person): one look after the last of them. */
const SETTLE_MS = 30;

export function pollingWatch(options: PollingOptions, listener: (devices: readonly FoundDevice[]) => void): DeviceWatch {
  const clock = options.clock ?? systemClock;
  let stopped = false;
  let last: string | null = null;
  let devices: readonly FoundDevice[] = [];
  let looking: Promise<readonly FoundDevice[]> | null = null;
  let again = false;
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
    listener(devices);
  };
  const look = async () => {
    stopPoll();
    do {
      again = false;
      await lookOnce();
    } while (again && !stopped);
    looking = null;
    if (!stopped) stopPoll = clock.after(options.pollMs, () => void refresh());
    return devices;
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
    stop() {
      stopped = true;
      stopPoll();
      stopSettle();
      stopWaking();
    },
  };
}
