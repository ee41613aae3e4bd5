/** The tray icon while there is a tray to show it in; the app is whole without. */
import type { AppState } from '../../contract/ipc.ts';
import type { Bus } from '../bus/bus.ts';
import type { TrayIcon } from '../tray/tray.ts';
import { watchTray } from '../tray/watcher.ts';
import type { Notices } from './notices.ts';

export interface TrayPresence {
  /** Whether a closed window can be found again. */
  shown(): boolean;
  follow(state: AppState): void;
  stop(): void;
}

export interface TrayPresenceOptions {
  readonly platform: NodeJS.Platform;
  readonly bus: Bus | null;
  readonly notices: Notices;
  readonly create: () => TrayIcon;
  readonly state: () => AppState;
  /** The tray went away: whatever was hidden in it must be seen again. */
  readonly onLost: () => void;
  /** A panel may come later than the app, at the start of the desktop. Milliseconds. */
  readonly patience?: number;
}

const PATIENCE = 15_000;

export function createTrayPresence(options: TrayPresenceOptions): TrayPresence {
  const { platform, bus, notices, create, state, onLost, patience = PATIENCE } = options;
  let icon: TrayIcon | null = null;
  let missing: NodeJS.Timeout | undefined;
  const stopWatching = watchTray(platform, bus, (present) => {
    clearTimeout(missing);
    const had = icon !== null;
    icon?.destroy();
    icon = null;
    if (present) {
      icon = create();
      icon.show(state());
      notices.over('no-tray');
      return;
    }
    if (had) onLost();
    missing = setTimeout(() => notices.once('no-tray'), patience);
  });
  return {
    shown: () => icon !== null,
    follow: (next) => icon?.show(next),
    stop() {
      clearTimeout(missing);
      stopWatching();
      icon?.destroy();
      icon = null;
    },
  };
}
