import { beforeEach, expect, test, vi } from 'vitest';
import { createLog } from '../../../../src/main/app/log.ts';
import type { BusCall } from '../../../../src/main/bus/bus.ts';
import { createFreedesktopNotifier } from '../../../../src/main/notify/freedesktop.ts';
import type { Notifier } from '../../../../src/main/notify/notifier.ts';
import { ScriptedBus } from '../bus/scripted-bus.ts';

const NAME = 'org.freedesktop.Notifications';
const WORDS = { summary: 'VPN asks: is this you?', body: 'Amina <b>Yusuf</b>' };
let bus: ScriptedBus;
let notifier: Notifier;
let capabilities: string[];
let shown: BusCall[];
let closed: unknown[];
const events = { onReview: vi.fn(), onDeny: vi.fn(), onLack: vi.fn(), onShown: vi.fn() };

/** A server as the specification has it: hands out numbers, replaces by number, takes away. */
function serve(owner = ':1.9') {
  let next = 41;
  bus.own(NAME, owner, (call) => {
    if (call.member === 'GetCapabilities') return [capabilities];
    if (call.member === 'CloseNotification') {
      closed.push(call.body?.[0]);
      return [];
    }
    shown.push(call);
    const replaced = call.body?.[1];
    next += 1;
    return [replaced === 0 ? next : replaced];
  });
}

const create = (on: ScriptedBus | null = bus) =>
  createFreedesktopNotifier({ ...events, bus: on, log: createLog(() => undefined), icon: 'doorstep' });

beforeEach(() => {
  vi.clearAllMocks();
  bus = new ScriptedBus();
  capabilities = ['actions', 'body', 'body-markup'];
  shown = [];
  closed = [];
  serve();
  notifier = create();
});
const until = (check: () => void) => vi.waitFor(check);
const press = (number: number, key: string) => bus.emit(NAME, NAME, 'ActionInvoked', [number, key]);

test('a request has the buttons Review and Deny, is urgent, stays, and its markup is text', async () => {
  notifier.show('one', WORDS);
  await until(() => expect(events.onShown).toHaveBeenCalledExactlyOnceWith('one'));
  expect(shown[0]?.signature).toBe('susssasa{sv}i');
  const [app, replaces, icon, summary, body, actions, hints, expires] = shown[0]?.body ?? [];
  expect([app, replaces, icon, summary, body]).toEqual(['Doorstep', 0, 'doorstep', WORDS.summary, 'Amina &lt;b&gt;Yusuf&lt;/b&gt;']);
  expect(actions).toEqual(['default', '', 'review', 'Review', 'deny', 'Deny']);
  expect(hints).toMatchObject({ urgency: { signature: 'y', value: 2 } });
  expect(expires).toBe(0);
});

test('a server that knows no markup gets the text as it is', async () => {
  capabilities = ['actions', 'body'];
  notifier.show('one', WORDS);
  await until(() => expect(shown[0]?.body?.[4]).toBe(WORDS.body));
});

test('its buttons review and deny, and nothing that they carry approves', async () => {
  notifier.show('one', WORDS);
  await until(() => expect(events.onShown).toHaveBeenCalled());
  for (const key of ['approve', '', 'yes']) press(42, key);
  press(77, 'deny');
  expect(events.onReview).not.toHaveBeenCalled();
  expect(events.onDeny).not.toHaveBeenCalled();
  press(42, 'review');
  press(42, 'default');
  expect(events.onReview.mock.calls).toEqual([['one'], ['one']]);
  press(42, 'deny');
  expect(events.onDeny).toHaveBeenCalledExactlyOnceWith('one');
});

test('shown again it replaces itself; withdrawn it is taken away, also while it is on its way', async () => {
  notifier.show('one', WORDS);
  notifier.show('one', { ...WORDS, body: 'again' });
  await until(() => expect(shown).toHaveLength(2));
  expect(shown[1]?.body?.[1]).toBe(42);
  notifier.withdraw('one');
  await until(() => expect(closed).toEqual([42]));
  notifier.show('two', WORDS);
  notifier.withdraw('two');
  notifier.show('two', WORDS);
  await until(() => expect(shown.length).toBeGreaterThan(2));
  press(42, 'review');
  expect(events.onReview).not.toHaveBeenCalled();
});

test('no buttons, or nobody who shows it: the request needs another way', async () => {
  capabilities = ['body'];
  notifier.show('one', WORDS);
  await until(() => expect(events.onLack).toHaveBeenCalledExactlyOnceWith('one', 'no-actions'));
  expect(shown[0]?.body?.[5]).toEqual([]);
  bus.leave(NAME);
  notifier.show('two', WORDS);
  await until(() => expect(events.onLack).toHaveBeenLastCalledWith('two', 'no-server'));
  create(null).show('three', WORDS);
  await until(() => expect(events.onLack).toHaveBeenLastCalledWith('three', 'no-server'));
});

test('a server that does not answer is as good as none', async () => {
  bus.own(NAME, ':1.10', () => Promise.reject(new Error('timeout')));
  notifier.show('one', WORDS);
  await until(() => expect(events.onLack).toHaveBeenCalledWith('one', 'no-server'));
});

test('a new server shows what the old one showed; what was put aside is not pushed again', async () => {
  notifier.show('one', WORDS);
  notifier.show('two', WORDS);
  await until(() => expect(shown).toHaveLength(2));
  bus.emit(NAME, NAME, 'NotificationClosed', [43, 2]);
  bus.leave(NAME);
  press(42, 'deny');
  expect(events.onDeny).not.toHaveBeenCalled();
  serve(':1.11');
  await until(() => expect(shown).toHaveLength(3));
  expect(shown[2]?.body?.slice(1, 4)).toEqual([0, 'doorstep', WORDS.summary]);
  press(42, 'deny');
  expect(events.onDeny).toHaveBeenCalledExactlyOnceWith('one');
});

test('what is only said has no buttons and goes by itself', async () => {
  notifier.say({ summary: 'Code for Library copied', body: 'It is cleared in 30 seconds.' });
  await until(() => expect(shown).toHaveLength(1));
  expect(shown[0]?.body?.[5]).toEqual([]);
  expect(shown[0]?.body?.[7]).toBe(-1);
});

test('at the end everything is taken away', async () => {
  notifier.show('one', WORDS);
  await until(() => expect(events.onShown).toHaveBeenCalled());
  notifier.stop();
  await until(() => expect(closed).toEqual([42]));
});
