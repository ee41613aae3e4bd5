/** Whether a tray icon would be seen: stock GNOME shows none, and then closing the window must not hide the app. */
import type { Bus } from '../bus/bus.ts';

const WATCHER = 'org.kde.StatusNotifierWatcher';

/**
 * Hears whether there is a tray, at first and whenever a panel comes or goes: its icons must register anew with each.
 * Elsewhere than on Linux there always is one. Returns the unsubscribe.
 */
export function watchTray(platform: NodeJS.Platform, bus: Bus | null, listener: (present: boolean) => void): () => void {
  if (platform !== 'linux') {
    listener(true);
    return () => undefined;
  }
  if (bus === null) {
    listener(false);
    return () => undefined;
  }
  return bus.watch(WATCHER, (owner) => listener(owner !== null));
}
