/** Whether a tray icon would be seen: stock GNOME shows none, and then closing the window must not hide the app. */
import { execFile } from 'node:child_process';

/** Asks the session bus who shows status icons. Elsewhere than on Linux there always is a tray. Never rejects. */
export function hasTray(platform: NodeJS.Platform): Promise<boolean> {
  if (platform !== 'linux') return Promise.resolve(true);
  return new Promise((resolve) => {
    execFile(
      'dbus-send',
      [
        '--session',
        '--print-reply',
        '--dest=org.freedesktop.DBus',
        '/org/freedesktop/DBus',
        'org.freedesktop.DBus.NameHasOwner',
        'string:org.kde.StatusNotifierWatcher',
      ],
      { timeout: 3_000 },
      (error, answer) => resolve(error === null && answer.includes('boolean true')),
    );
  });
}
