/** Real notification daemons: what they show, what happens when their buttons are pressed, and when they come and go. */
import { expect } from '@playwright/test';
import { createLog } from '../../../src/main/app/log.ts';
import { openBus } from '../../../src/main/bus/bus.ts';
import { createFreedesktopNotifier } from '../../../src/main/notify/freedesktop.ts';
import { requestWords } from '../../../src/main/notify/words.ts';
import { connectVpn } from '../../support/desktop/demo-backend.ts';
import { type Desk, test } from '../../support/desktop/desk.ts';
import { startDunst, startXfceNotifyd } from '../../support/desktop/notification-daemon.ts';
import { placeOf, type SessionEnv, say, shootScreen, until, xdotool } from '../../support/desktop/programs.ts';
import { CHALLENGE } from '../../support/shapes.ts';

let desk: Desk;
let env: SessionEnv;

test.beforeEach(({ desk: mine }) => {
  desk = mine;
  env = mine.session.env;
});

const windows = () => desk.doorstep.app.windows().map((page) => new URL(page.url()).pathname);

test('xfce4-notifyd: Review pressed opens the window', async () => {
  const daemon = await startXfceNotifyd(env);
  await desk.open();
  await connectVpn(desk.backend);
  await press(await daemon.window(), 'left');
  await expect.poll(() => windows().includes('/approval.html')).toBe(true);
  await daemon.stop();
});

test('xfce4-notifyd: Deny pressed denies, with no window', async () => {
  const daemon = await startXfceNotifyd(env);
  await desk.open();
  const vpn = await connectVpn(desk.backend);
  await press(await daemon.window(), 'right');
  await expect.poll(() => vpn.outcome()).toBe('denied');
  expect(windows()).toEqual(['/index.html']);
  const shown = () => say(env, 'xdotool', ['search', '--onlyvisible', '--class', 'xfce4-notifyd']);
  await until(async () => (await shown()) === '', 'the end of the notification');
  await daemon.stop();
});

test('a daemon that dies is no loss: the next one shows what waits, and its click is heard', async () => {
  const dunst = await startDunst(env);
  await desk.open();
  await connectVpn(desk.backend);
  await expect.poll(() => dunst.count()).toBe(1);
  await dunst.stop('SIGKILL');
  expect((await desk.doorstep.state()).challenges).toHaveLength(1);
  const next = await startDunst(env);
  await expect.poll(() => next.count()).toBe(1);
  await next.click();
  await expect.poll(() => windows().includes('/approval.html')).toBe(true);
  await expect.poll(() => next.count()).toBe(0);
  await next.stop();
});

// C49: what a service, a person or a browser calls itself.
test('hostile names reach a real daemon as text, on a line each, and no longer than fits', async () => {
  const dunst = await startDunst(env);
  await desk.open();
  const before = process.env['DBUS_SESSION_BUS_ADDRESS'];
  process.env['DBUS_SESSION_BUS_ADDRESS'] = env['DBUS_SESSION_BUS_ADDRESS'];
  const bus = await openBus('session', () => undefined);
  const nothing = () => undefined;
  const events = { onReview: nothing, onDeny: nothing, onLack: nothing, onShown: nothing };
  const notifier = createFreedesktopNotifier({ ...events, bus, log: createLog(nothing), icon: 'doorstep' });
  const name = `<b>VPN</b> & <a href="http://evil.example">\u202e${'x'.repeat(10_000)}`;
  const asked = { serviceName: name, place: `<i>\n\u2066${name}`, number: { digits: 6, triesLeft: 3 } };
  notifier.show('hostile', requestWords({ ...CHALLENGE, ...asked }, name));
  await expect.poll(() => dunst.count()).toBe(1);
  await shootScreen(env, 'desktop-hostile-notification');
  notifier.withdraw('hostile');
  await expect.poll(() => dunst.count()).toBe(0);
  // dunst keeps what it was given: the entities, no element, no direction sign, one line, and no link to open.
  const [{ summary = '', body = '' } = {}] = await dunst.shown();
  expect(summary).toMatch(/^(&lt;|<)b(&gt;|>)VPN.*… asks: is this you\?$/);
  expect(body).toContain('&lt;b&gt;VPN&lt;/b&gt; &amp; &lt;a href=');
  expect(body).not.toMatch(/<|[\u202e\u2066]/);
  expect(`${summary}${body}`).not.toContain('http://');
  expect(`${summary}${body}`.length).toBeLessThan(600);
  notifier.stop();
  bus?.close();
  if (before === undefined) delete process.env['DBUS_SESSION_BUS_ADDRESS'];
  else process.env['DBUS_SESSION_BUS_ADDRESS'] = before;
  await dunst.stop();
});

/** The buttons stand side by side at the foot of the notification: Review, then Deny. */
async function press(window: string, side: 'left' | 'right'): Promise<void> {
  // It fades in, and a click that comes too soon is not for it.
  await new Promise((resolve) => setTimeout(resolve, 600));
  const { width, height } = await placeOf(env, window);
  const x = Math.round(width * (side === 'left' ? 0.55 : 0.85));
  await xdotool(env, 'mousemove', '--window', window, String(x), String(height - 24));
  await shootScreen(env, 'desktop-xfce4-press');
  await xdotool(env, 'click', '1');
}
