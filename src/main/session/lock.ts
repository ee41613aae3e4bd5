/**
 * Whether the person's session of this computer is locked: nothing about a request may be seen or pressed then. Several
 * programs say so, each in its own way and none everywhere; one that says "locked" is enough.
 */
import type { Log } from '../app/log.ts';
import { type Bus, BusFault } from '../bus/bus.ts';

export interface LockWatch {
  locked(): boolean;
  /** Everybody has been asked once. Never rejects. */
  readonly ready: Promise<void>;
  /**
   * The person has just used the screen. Ends a lock that was only asked for: some lockers never say that they have
   * locked, nor that they are done.
   */
  seen(): void;
  stop(): void;
}

export interface LockOptions {
  readonly session: Bus | null;
  readonly system: Bus | null;
  /** Process and user that logind is asked about, and the session's name where the environment has it. */
  readonly process: { readonly pid: number; readonly uid: number; readonly session: string | undefined };
  /** Other sources, such as the operating system's own events: hands over a function that is told, returns the unsubscribe. */
  readonly other: (tell: (locked: boolean) => void) => () => void;
  readonly log: Log;
  readonly onChange: (locked: boolean) => void;
}

/** Who says that the screen is locked: bus name and interface, and the path of the object. */
const SCREENSAVERS = [
  { name: 'org.freedesktop.ScreenSaver', interface: 'org.freedesktop.ScreenSaver', path: '/org/freedesktop/ScreenSaver' },
  { name: 'org.gnome.ScreenSaver', interface: 'org.gnome.ScreenSaver', path: '/org/gnome/ScreenSaver' },
  { name: 'org.mate.ScreenSaver', interface: 'org.mate.ScreenSaver', path: '/org/mate/ScreenSaver' },
  { name: 'org.cinnamon.ScreenSaver', interface: 'org.cinnamon.ScreenSaver', path: '/org/cinnamon/ScreenSaver' },
  { name: 'org.xfce.ScreenSaver', interface: 'org.xfce.ScreenSaver', path: '/org/xfce/ScreenSaver' },
] as const;

const ASKED = 'logind.asked';
const LOGIND = 'org.freedesktop.login1';
const MANAGER = { name: LOGIND, path: '/org/freedesktop/login1', interface: 'org.freedesktop.login1.Manager' } as const;
const SESSION = 'org.freedesktop.login1.Session';
const USER = 'org.freedesktop.login1.User';
const PROPERTIES = 'org.freedesktop.DBus.Properties';

export function watchLock(options: LockOptions): LockWatch {
  const { session, system, log, onChange } = options;
  const says = new Map<string, boolean>();
  let locked = false;
  let stopped = false;
  const tell = (source: string, isLocked: boolean) => {
    if (stopped) return;
    says.set(source, isLocked);
    const now = [...says.values()].includes(true);
    if (now === locked) return;
    locked = now;
    log.info('session.lock', { locked, source });
    onChange(locked);
  };
  const sources: Source[] = [
    { stop: options.other((isLocked) => tell('system', isLocked)), ready: Promise.resolve() },
    ...(session === null ? [] : SCREENSAVERS.map((saver) => watchScreensaver(session, saver, (active) => tell(saver.name, active)))),
    ...(system === null ? [] : [watchLogind(system, options, tell)]),
  ];
  return {
    locked: () => locked,
    ready: Promise.all(sources.map((source) => source.ready)).then(() => undefined),
    seen: () => tell(ASKED, false),
    stop() {
      stopped = true;
      for (const source of sources) source.stop();
    },
  };
}

interface Source {
  readonly stop: () => void;
  readonly ready: Promise<void>;
}

function watchScreensaver(bus: Bus, saver: (typeof SCREENSAVERS)[number], tell: (active: boolean) => void): Source {
  const first = latch();
  const stops = [
    bus.on({ ...saver, member: 'ActiveChanged' }, ({ body: [active] }) => tell(active === true)),
    bus.watch(saver.name, (owner) => {
      if (owner === null) {
        // Who locked the screen and is gone says nothing more: neither does the lock hold. Where the bus itself is away
        // nobody can say anything: it holds until that is back and they are asked anew.
        if (bus.joined()) tell(false);
        first.open();
        return;
      }
      bus
        .call({ ...saver, member: 'GetActive', start: false })
        .then(
          ([active]) => tell(active === true),
          () => undefined,
        )
        .finally(first.open);
    }),
  ];
  return {
    ready: first.opened,
    stop() {
      for (const stop of stops) stop();
    },
  };
}

/**
 * logind (org.freedesktop.login1(5)): the desktop sets LockedHint; Lock and Unlock are what it is asked to do, and come
 * first; a session that is not active (another person sits at the screen) shows nothing either.
 */
function watchLogind(bus: Bus, { process, log }: LockOptions, tell: (source: string, locked: boolean) => void): Source {
  const first = latch();
  let path: string | null = null;
  const take = (properties: Readonly<Record<string, unknown>>) => {
    const hint = inside(properties['LockedHint']);
    const active = inside(properties['Active']);
    if (typeof hint === 'boolean') {
      tell('logind', hint);
      // The desktop has done, or has not, what it was asked for.
      tell(ASKED, false);
    }
    if (typeof active === 'boolean') tell('logind.inactive', !active);
  };
  const read = async () => {
    path = await findSession(bus, process);
    if (path === null) return;
    const [all] = await bus.call({
      name: LOGIND,
      path,
      interface: PROPERTIES,
      member: 'GetAll',
      signature: 's',
      body: [SESSION],
      start: false,
    });
    take(asRecord(all));
  };
  const ours = (from: string) => path !== null && from === path;
  const stops = [
    bus.on({ name: LOGIND, interface: SESSION, member: 'Lock' }, (signal) => ours(signal.path) && tell(ASKED, true)),
    bus.on({ name: LOGIND, interface: SESSION, member: 'Unlock' }, (signal) => {
      if (!ours(signal.path)) return;
      tell(ASKED, false);
      tell('logind', false);
    }),
    bus.on({ name: LOGIND, interface: PROPERTIES, member: 'PropertiesChanged' }, (signal) => {
      const [face, changed] = signal.body;
      if (ours(signal.path) && face === SESSION) take(asRecord(changed));
    }),
    bus.watch(LOGIND, (owner) => {
      if (owner === null) {
        first.open();
        return;
      }
      read()
        .catch((error: unknown) => log.info('session.no-logind', { reason: error instanceof BusFault ? error.fault : 'internal' }))
        .finally(first.open);
    }),
  ];
  return {
    ready: first.opened,
    stop() {
      for (const stop of stops) stop();
    },
  };
}

/**
 * Path of the person's graphical session: by its name, by the process, or, for an app that the person's service manager
 * started outside of any session, the one that logind calls the user's display.
 */
async function findSession(bus: Bus, { pid, uid, session }: LockOptions['process']): Promise<string | null> {
  const ask = async (member: string, signature: string, argument: unknown): Promise<string | null> => {
    try {
      const [path] = await bus.call({ ...MANAGER, member, signature, body: [argument], start: false });
      return typeof path === 'string' ? path : null;
    } catch {
      return null;
    }
  };
  const named = session === undefined || session === '' ? null : await ask('GetSession', 's', session);
  const found = named ?? (await ask('GetSessionByPID', 'u', pid));
  if (found !== null) return found;
  const user = await ask('GetUser', 'u', uid);
  if (user === null) return null;
  const [display] = await bus.call({
    name: LOGIND,
    path: user,
    interface: PROPERTIES,
    member: 'Get',
    signature: 'ss',
    body: [USER, 'Display'],
    start: false,
  });
  const pair = inside(display);
  const path: unknown = Array.isArray(pair) ? pair[1] : null;
  return typeof path === 'string' && path !== '/' ? path : null;
}

function latch(): { readonly opened: Promise<void>; readonly open: () => void } {
  let open = () => {};
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { opened, open: () => open() };
}

/** What stands in a variant. */
function inside(variant: unknown): unknown {
  return typeof variant === 'object' && variant !== null && 'value' in variant ? variant.value : variant;
}

function asRecord(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? Object.fromEntries(Object.entries(value)) : {};
}
