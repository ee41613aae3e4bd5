/**
 * A real message bus that dies and comes back at its address: what the app hears of it, and what it believes meanwhile. The
 * services on it are doubles.
 */
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { createLog } from '../../../src/main/app/log.ts';
import { type Bus, openBus } from '../../../src/main/bus/bus.ts';
import { createFreedesktopNotifier } from '../../../src/main/notify/freedesktop.ts';
import { watchLock } from '../../../src/main/session/lock.ts';
import { type MessageBusDaemon, startMessageBus } from '../../support/desktop/message-bus.ts';

const SAVER = { name: 'org.gnome.ScreenSaver', interface: 'org.gnome.ScreenSaver', path: '/org/gnome/ScreenSaver' } as const;

let daemon: MessageBusDaemon;
let bus: Bus;
let reasons: string[];

beforeEach(async () => {
  daemon = await startMessageBus('session');
  for (const [name, value] of Object.entries(daemon.env)) vi.stubEnv(name, value);
  reasons = [];
  const opened = await openBus('session', (reason) => reasons.push(reason));
  if (opened === null) throw new TypeError('the bus runs');
  bus = opened;
});
afterEach(async () => {
  bus.close();
  await daemon.stop();
  vi.unstubAllEnvs();
});

/** The bus is tried again after waits that grow. */
const soon = (check: () => void) => vi.waitFor(check, { timeout: 20_000, interval: 20 });
const screensaver = () => daemon.play('gnome_screensaver', SAVER.name);

test('owners go with it; once it is back they are told anew, and their signals are heard', async () => {
  const owners: (string | null)[] = [];
  const heard: unknown[] = [];
  bus.watch(SAVER.name, (owner) => owners.push(owner));
  const stop = bus.on({ ...SAVER, member: 'ActiveChanged' }, ({ body }) => heard.push(body[0]));
  const first = await screensaver();
  await soon(() => expect(owners).toEqual([null, expect.any(String)]));
  await first.call(SAVER.path, `${SAVER.name}.SetActive`, 'true');
  await soon(() => expect(heard).toEqual([true]));

  await daemon.kill();
  await soon(() => expect(bus.joined()).toBe(false));
  expect(owners.at(-1)).toBeNull();
  await expect(bus.call({ ...SAVER, member: 'GetActive' })).rejects.toMatchObject({ fault: 'closed' });
  // Whoever comes while it is away is served as well.
  const late: (string | null)[] = [];
  bus.watch('org.gnome.Late', (owner) => late.push(owner));

  await daemon.start();
  const second = await screensaver();
  await soon(() => expect(bus.joined()).toBe(true));
  await soon(() => expect(owners.at(-1)).toEqual(expect.any(String)));
  await second.call(SAVER.path, `${SAVER.name}.SetActive`, 'true');
  await soon(() => expect(heard).toEqual([true, true]));
  expect(await bus.call({ ...SAVER, member: 'GetActive' })).toEqual([true]);
  await soon(() => expect(late).toEqual([null, null]));
  stop();
  await second.call(SAVER.path, `${SAVER.name}.SetActive`, 'false');
  expect(await bus.call({ ...SAVER, member: 'GetActive' })).toEqual([false]);
  expect(heard).toEqual([true, true]);
  expect(reasons.filter((reason) => reason === 'lost')).toHaveLength(1);
});

test('a call that is under way ends with the bus, not at its deadline', async () => {
  await screensaver();
  const call = bus.call({
    ...SAVER,
    interface: 'org.freedesktop.DBus.Mock',
    member: 'AddMethod',
    signature: 'sssss',
    body: [SAVER.interface, 'Sleep', '', '', 'import time; time.sleep(60)'],
  });
  await call;
  const slow = bus.call({ ...SAVER, member: 'Sleep', deadline: 60_000 });
  const failed = expect(slow).rejects.toMatchObject({ fault: 'closed' });
  await daemon.kill();
  await failed;
});

test('one that was closed is not joined again', async () => {
  bus.close();
  await soon(() => expect(bus.joined()).toBe(false));
  await daemon.kill();
  await daemon.start();
  await new Promise((resolve) => setTimeout(resolve, 1_500));
  expect(bus.joined()).toBe(false);
  expect(reasons).toEqual([]);
});

test.each([
  ['nobody', 'the lock ends', false],
  ['a screensaver that shows the desktop', 'the lock ends', false],
  ['a screensaver that is locked', 'the lock holds', true],
] as const)('a lock holds while the bus is away; %s on the next one: %s', async (who, _what, locked) => {
  const changes: boolean[] = [];
  const first = await screensaver();
  await first.call(SAVER.path, `${SAVER.name}.SetActive`, 'true');
  const watch = watchLock({
    session: bus,
    system: null,
    process: { pid: process.pid, uid: 0, session: undefined },
    other: () => () => undefined,
    log: createLog(() => undefined),
    onChange: (now) => changes.push(now),
  });
  await watch.ready;
  expect(watch.locked()).toBe(true);

  await daemon.kill();
  await soon(() => expect(bus.joined()).toBe(false));
  expect(watch.locked()).toBe(true);

  await daemon.start();
  if (who !== 'nobody') {
    const next = await screensaver();
    await next.call(SAVER.path, `${SAVER.name}.SetActive`, String(locked));
  }
  await soon(() => expect(bus.joined()).toBe(true));
  if (locked) {
    // All were asked: the last answers are in.
    for (let call = 0; call < 3; call += 1) await bus.call({ ...SAVER, member: 'GetActive' });
    expect(watch.locked()).toBe(true);
  } else {
    await soon(() => expect(watch.locked()).toBe(false));
    expect(changes).toEqual([true, false]);
  }
  watch.stop();
});

test('a request that waits is shown anew by the notification server of the next bus', async () => {
  const NOTIFICATIONS = 'org.freedesktop.Notifications';
  const server = () => daemon.play('notification_daemon', NOTIFICATIONS);
  await server();
  const shown: string[] = [];
  const nothing = () => undefined;
  // This server has no buttons: what it has shown needs another way to the person too.
  const onLack = (id: string, lack: string) => shown.push(`${id}: ${lack}`);
  const events = { onReview: nothing, onDeny: nothing, onLack, onShown: nothing };
  const notifier = createFreedesktopNotifier({ ...events, bus, log: createLog(nothing), icon: 'doorstep' });
  notifier.show('one', { summary: 'VPN asks: is this you?', body: 'Amina Yusuf' });
  await soon(() => expect(shown).toEqual(['one: no-actions']));
  await daemon.kill();
  await soon(() => expect(bus.joined()).toBe(false));
  await daemon.start();
  const next = await server();
  await soon(() => expect(shown).toEqual(['one: no-actions', 'one: no-actions']));
  const calls = await next.call('/org/freedesktop/Notifications', 'org.freedesktop.DBus.Mock.GetMethodCalls', 'Notify');
  expect(calls).toContain('VPN asks: is this you?');
  notifier.stop();
});
