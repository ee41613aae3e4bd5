/**
 * Notifications on Linux, straight to org.freedesktop.Notifications (Desktop Notifications Specification 1.2), because
 * Electron's have no buttons there. The server may lack buttons, be away, be restarted or be replaced at any moment.
 */
import type { Log } from '../app/log.ts';
import { type Bus, BusFault } from '../bus/bus.ts';
import type { Notifier, NotifierEvents } from './notifier.ts';
import { escapeMarkup, type NotificationWords } from './words.ts';

const SERVER = {
  name: 'org.freedesktop.Notifications',
  path: '/org/freedesktop/Notifications',
  interface: 'org.freedesktop.Notifications',
} as const;
const CRITICAL = 2;
const NORMAL = 1;
const NEVER_EXPIRES = 0;
const SERVER_DECIDES = -1;
/** A reason of NotificationClosed. */
const DISMISSED = 2;

interface Shown {
  readonly words: NotificationWords;
  /** The server's number of it; 0 while it is on its way. */
  number: number;
}

export interface FreedesktopOptions extends NotifierEvents {
  /** Null: there is no session bus. */
  readonly bus: Bus | null;
  readonly log: Log;
  /** Path of a picture. */
  readonly icon: string;
}

export function createFreedesktopNotifier(options: FreedesktopOptions): Notifier {
  const { bus, log, icon, onReview, onDeny, onLack, onShown } = options;
  const shown = new Map<string, Shown>();
  let capabilities: Promise<ReadonlySet<string>> | null = null;
  let lastOwner: string | null | undefined;
  /** One message after another: a notification must not be withdrawn before its number is known. */
  let turn: Promise<unknown> = Promise.resolve();
  const inTurn = (act: () => Promise<void>) => {
    turn = turn.then(act).catch((error: unknown) => log.warn('notify.failed', { reason: faultOf(error) }));
  };

  const ask = (): Promise<ReadonlySet<string>> => {
    if (bus === null) return Promise.reject(new BusFault('closed'));
    capabilities ??= bus
      .call({ ...SERVER, member: 'GetCapabilities' })
      .then(([list]) => new Set(Array.isArray(list) ? list.map(String) : []));
    // A server that is not there now may be there the next time.
    capabilities.catch(() => {
      capabilities = null;
    });
    return capabilities;
  };

  const notify = async (words: NotificationWords, can: ReadonlySet<string>, number: number, question: boolean): Promise<number> => {
    if (bus === null) throw new BusFault('closed');
    // The default action is the notification itself; a server that makes a button of it all the same has none without a name.
    const actions = question && can.has('actions') ? ['default', '', 'review', 'Review', 'deny', 'Deny'] : [];
    const hints = {
      urgency: bus.variant('y', question ? CRITICAL : NORMAL),
      category: bus.variant('s', question ? 'im.received' : 'transfer.complete'),
      'desktop-entry': bus.variant('s', 'doorstep'),
      ...(question ? {} : { transient: bus.variant('b', true) }),
    };
    const body = can.has('body-markup') ? escapeMarkup(words.body) : words.body;
    const [given] = await bus.call({
      ...SERVER,
      member: 'Notify',
      signature: 'susssasa{sv}i',
      body: ['Doorstep', number, icon, words.summary, body, actions, hints, question ? NEVER_EXPIRES : SERVER_DECIDES],
    });
    if (typeof given !== 'number') throw new BusFault('answer');
    return given;
  };

  const present = (id: string) =>
    inTurn(async () => {
      const own = shown.get(id);
      if (own === undefined) return;
      try {
        const can = await ask();
        own.number = await notify(own.words, can, own.number, true);
        if (can.has('actions')) onShown(id);
        else onLack(id, 'no-actions');
      } catch (error) {
        capabilities = null;
        log.warn('notify.no-server', { reason: faultOf(error) });
        onLack(id, 'no-server');
      }
    });

  const withdraw = (id: string) => {
    const own = shown.get(id);
    shown.delete(id);
    inTurn(async () => {
      if (own === undefined || own.number === 0) return;
      await bus?.call({ ...SERVER, member: 'CloseNotification', signature: 'u', body: [own.number], start: false });
    });
  };

  const find = (number: unknown): string | undefined => [...shown].find(([, own]) => own.number !== 0 && own.number === number)?.[0];

  const stops = [
    bus?.on({ ...SERVER, member: 'ActionInvoked' }, ({ body: [number, key] }) => {
      const id = find(number);
      if (id === undefined) return;
      if (key === 'deny') onDeny(id);
      else if (key === 'review' || key === 'default') onReview(id);
    }),
    // Put aside is not denied: the request goes on in the tray and in the window, and is not pushed again.
    bus?.on({ ...SERVER, member: 'NotificationClosed' }, ({ body: [number, reason] }) => {
      const id = find(number);
      const own = id === undefined ? undefined : shown.get(id);
      if (id === undefined || own === undefined) return;
      own.number = 0;
      if (reason === DISMISSED) shown.delete(id);
    }),
    bus?.watch(SERVER.name, (owner) => {
      capabilities = null;
      const first = lastOwner === undefined;
      const changed = owner !== lastOwner;
      lastOwner = owner;
      if (first || !changed) return;
      // The numbers of a server that is gone mean nothing to the next one.
      for (const own of shown.values()) own.number = 0;
      if (owner !== null) for (const id of shown.keys()) present(id);
    }),
  ];

  return {
    show(id, words) {
      shown.set(id, { words, number: shown.get(id)?.number ?? 0 });
      present(id);
    },
    withdraw,
    withdrawAll() {
      for (const id of [...shown.keys()]) withdraw(id);
    },
    say(words) {
      inTurn(async () => void (await notify(words, await ask(), 0, false)));
    },
    stop() {
      for (const stop of stops) stop?.();
      for (const id of [...shown.keys()]) withdraw(id);
    },
  };
}

function faultOf(error: unknown): string {
  return error instanceof BusFault ? error.fault : 'internal';
}
