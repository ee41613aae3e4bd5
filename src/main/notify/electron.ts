/** Notifications elsewhere than on Linux: Electron's own. Pressing one opens the request; its buttons are not the same everywhere. */
import { Notification } from 'electron';
import type { Notifier, NotifierEvents } from './notifier.ts';
import type { NotificationWords } from './words.ts';

export function createElectronNotifier({ onReview, onDeny, onLack, onShown }: NotifierEvents): Notifier {
  const shown = new Map<string, Notification>();
  const withdraw = (id: string) => {
    const own = shown.get(id);
    shown.delete(id);
    own?.close();
  };
  return {
    show(id, { summary, body }: NotificationWords) {
      withdraw(id);
      if (!Notification.isSupported()) {
        onLack(id, 'no-server');
        return;
      }
      const own = new Notification({ title: summary, body, urgency: 'critical', actions: [{ type: 'button', text: 'Deny' }] });
      // The only button is Deny; Electron tells it by its place.
      own.on('action', () => onDeny(id));
      own.on('click', () => onReview(id));
      own.on('show', () => onShown(id));
      own.on('failed', () => onLack(id, 'no-server'));
      shown.set(id, own);
      own.show();
    },
    withdraw,
    withdrawAll() {
      for (const id of [...shown.keys()]) withdraw(id);
    },
    say: ({ summary, body }) => {
      if (Notification.isSupported()) new Notification({ title: summary, body, silent: true }).show();
    },
    stop() {
      for (const id of [...shown.keys()]) withdraw(id);
    },
  };
}
