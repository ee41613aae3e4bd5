/** All that the app has of the person's desktop beside its windows: the tray, notifications, and the lock of the screen. */
import { powerMonitor } from 'electron';
import type { AppState } from '../../contract/ipc.ts';
import { openBus } from '../bus/bus.ts';
import { createElectronNotifier } from '../notify/electron.ts';
import { createFreedesktopNotifier } from '../notify/freedesktop.ts';
import { copiedWords } from '../notify/words.ts';
import { watchLock } from '../session/lock.ts';
import { watchNetwork } from '../session/network.ts';
import type { TrayScreen } from '../tray/menu.ts';
import { createTrayIcon } from '../tray/tray.ts';
import { createAttention } from './attention.ts';
import type { Log } from './log.ts';
import type { Notices } from './notices.ts';
import type { Reviews } from './reviews.ts';
import type { SessionGate } from './session-gate.ts';
import type { StateStore } from './state-store.ts';
import { createTrayPresence } from './tray-presence.ts';

export interface Desktop {
  /** Whether a closed window can be found again in the tray. */
  hasTray(): boolean;
  /** Must hear each state. */
  follow(state: AppState): void;
  /** The person has just used a window of the app. */
  seen(): void;
  stop(): void;
}

export interface DesktopOptions {
  readonly store: StateStore;
  readonly reviews: Reviews;
  readonly notices: Notices;
  readonly gate: SessionGate;
  readonly log: Log;
  /** Name or path of the app's picture, for other programs. */
  readonly icon: string;
  /** Folder of the pictures. */
  readonly icons: string;
  readonly window: { open(screen: TrayScreen | null): void; mark(): void };
  /** Puts a code on the clipboard. */
  readonly copyCode: (id: string) => Promise<unknown>;
  /** The network came back, or is another. */
  readonly onNetwork: () => void;
  readonly onTrayLost: () => void;
  readonly onQuit: () => void;
}

/** Connects to what there is of a desktop. Never rejects. */
export async function openDesktop(options: DesktopOptions): Promise<Desktop> {
  const { store, reviews, notices, gate, log, icon, icons, window } = options;
  const linux = process.platform === 'linux';
  const onError = (reason: string) => log.warn('bus.failed', { reason });
  const [session, system] = await Promise.all([linux ? openBus('session', onError) : null, linux ? openBus('system', onError) : null]);

  const attention = createAttention({
    store,
    reviews,
    notices,
    log,
    createNotifier: (events) =>
      linux ? createFreedesktopNotifier({ ...events, bus: session, log, icon }) : createElectronNotifier(events),
    window: { open: () => window.open('home'), mark: window.mark },
  });
  const copy = (id: string, about: string) => {
    options.copyCode(id).then(
      () => attention.say(copiedWords(about)),
      () => window.open('codes'),
    );
  };
  const tray = createTrayPresence({
    platform: process.platform,
    bus: session,
    notices,
    create: () =>
      createTrayIcon({ icons, onOpen: window.open, onReview: (id) => attention.review(id), onCopy: copy, onQuit: options.onQuit }),
    state: () => store.get(),
    onLost: options.onTrayLost,
  });
  const lock = watchLock({
    session,
    system,
    process: { pid: process.pid, uid: process.getuid?.() ?? 0, session: process.env['XDG_SESSION_ID'] },
    other: watchPowerMonitor,
    log,
    onChange: (locked) => gate.lock(locked),
  });
  const stopNetwork = system === null ? () => undefined : watchNetwork(system, options.onNetwork);
  await lock.ready;
  gate.lock(lock.locked());

  return {
    hasTray: () => tray.shown(),
    follow(state) {
      attention.follow(state);
      tray.follow(state);
    },
    seen: () => lock.seen(),
    stop() {
      lock.stop();
      stopNetwork();
      attention.stop();
      tray.stop();
      session?.close();
      system?.close();
    },
  };
}

/** What Electron hears of a lock: on macOS and Windows. */
function watchPowerMonitor(tell: (locked: boolean) => void): () => void {
  const onLock = () => tell(true);
  const onUnlock = () => tell(false);
  powerMonitor.on('lock-screen', onLock);
  powerMonitor.on('unlock-screen', onUnlock);
  return () => {
    powerMonitor.removeListener('lock-screen', onLock);
    powerMonitor.removeListener('unlock-screen', onUnlock);
  };
}
