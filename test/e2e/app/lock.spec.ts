/** While the screen is locked nothing of a request is seen; at the unlock what still waits is told. */
import { expect, test } from '@playwright/test';
import { connectVpn, type DemoBackend, startDemoBackend } from '../../support/desktop/demo-backend.ts';
import { type DoorstepApp, launchDoorstep } from '../../support/desktop/doorstep.ts';
import { type MessageBusDaemon, startMessageBus } from '../../support/desktop/message-bus.ts';
import { type NotificationDaemon, startDunst } from '../../support/desktop/notification-daemon.ts';
import { startLogindDouble, startScreensaver } from '../../support/desktop/screen-locks.ts';
import { type DesktopSession, startDesktopSession } from '../../support/desktop/session.ts';

let session: DesktopSession;
let backend: DemoBackend;
let doorstep: DoorstepApp;
let dunst: NotificationDaemon;
let system: MessageBusDaemon | null;

test.beforeEach(async () => {
  [session, backend] = await Promise.all([startDesktopSession({ activation: false }), startDemoBackend()]);
  await session.unlockKeyring();
  dunst = await startDunst(session.env);
  system = null;
});
test.afterEach(async ({ browserName: _ }, info) => {
  if (info.status !== info.expectedStatus) console.log(doorstep.log(), JSON.stringify((await doorstep.state()).challenges));
  await doorstep.quit();
  doorstep.remove();
  await dunst.stop();
  await backend.stop();
  await system?.stop();
  await session.stop();
});

const open = async (env: Readonly<Record<string, string>> = {}) => {
  doorstep = await launchDoorstep({
    env: { ...session.env, ...env, DOORSTEP_PAIRING_CODE: backend.demo.pairingCode },
    server: backend.origin,
  });
  await expect.poll(async () => (await doorstep.state()).connection).toBe('online');
};
const shown = async () => [(await doorstep.state()).challenges.length, await dunst.count(), doorstep.app.windows().length];
const HIDDEN = [0, 0, 1];

test('a real screensaver: a request that waits is taken from the screen, not denied, and comes back', async () => {
  const saver = await startScreensaver(session.env);
  await open();
  await connectVpn(backend);
  await expect.poll(shown).toEqual([1, 1, 1]);
  const [challenge] = (await doorstep.state()).challenges;
  await doorstep.window.evaluate((id) => window.doorstep!.invoke('approval.review', { id }), challenge?.id ?? '');
  await expect.poll(() => doorstep.app.windows().length).toBe(2);

  await saver.blank();
  await expect.poll(shown).toEqual(HIDDEN);
  expect((await doorstep.state()).review).toBeNull();

  // Not even a window that asks for it by its number gets it.
  const asked = await doorstep.window.evaluate((id) => window.doorstep!.invoke('approval.review', { id }), challenge?.id ?? '');
  expect(asked).toMatchObject({ ok: false, code: 'challenge.ended' });

  await saver.show();
  await expect.poll(shown).toEqual([1, 1, 1]);
  expect((await doorstep.state()).challenges[0]?.id).toBe(challenge?.id);
  await saver.stop();
});

test('the session bus dies, and with it the app, which Chromium ends: the next start asks all anew', async () => {
  const saver = await startScreensaver(session.env);
  await open();
  await saver.blank();
  await connectVpn(backend);
  const gone = new Promise((resolve) => doorstep.app.process().once('exit', resolve));
  await saver.stop();
  await dunst.stop();
  await session.restartBus();
  await gone;

  await session.unlockKeyring();
  dunst = await startDunst(session.env);
  const next = await startScreensaver(session.env);
  await next.blank();
  doorstep = await launchDoorstep({ env: session.env, server: backend.origin, data: doorstep.data });
  await expect.poll(async () => (await doorstep.state()).connection).toBe('online');
  expect(await shown()).toEqual(HIDDEN);
  await next.show();
  await expect.poll(shown).toEqual([1, 1, 1]);
  await next.stop();
});

test('logind (a double): its hint, what it is asked for, and another person at the screen', async () => {
  system = await startMessageBus('system');
  const logind = await startLogindDouble(system);
  await logind.hint(true);
  await open({ ...system.env, ...logind.env });
  await connectVpn(backend);
  // Locked before the app started: nothing is shown, not even for a moment.
  await new Promise((resolve) => setTimeout(resolve, 1_500));
  expect(await shown()).toEqual(HIDDEN);
  expect(doorstep.log()).not.toContain('request.announced');
  await logind.hint(false);
  await expect.poll(shown).toEqual([1, 1, 1]);

  await logind.ask('Lock');
  await expect.poll(shown).toEqual(HIDDEN);
  await logind.ask('Unlock');
  await expect.poll(shown).toEqual([1, 1, 1]);

  await logind.active(false);
  await expect.poll(shown).toEqual(HIDDEN);
  await logind.active(true);
  await expect.poll(shown).toEqual([1, 1, 1]);
});
