/** With a tray a closed window hides, without one it ends the app; both are whole. */
import { expect, test } from '@playwright/test';
import { type DoorstepApp, launchDoorstep } from '../../support/desktop/doorstep.ts';
import { type DesktopSession, startDesktopSession } from '../../support/desktop/session.ts';
import { type StatusWatcher, startStatusWatcher } from '../../support/desktop/status-watcher.ts';

let session: DesktopSession;
let doorstep: DoorstepApp;
let watcher: StatusWatcher | null = null;

test.beforeEach(async () => {
  session = await startDesktopSession();
  await session.unlockKeyring();
});
test.afterEach(async () => {
  doorstep.remove();
  watcher?.stop();
  watcher = null;
  await session.stop();
});

const open = async () => {
  doorstep = await launchDoorstep({ env: session.env, server: 'http://localhost:1' });
  await expect.poll(async () => (await doorstep.state()).keychain).toBe('ready');
};
const visible = () => doorstep.app.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows().map((window) => window.isVisible()));
const close = () => doorstep.app.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows()[0]?.close());

test('with a tray: the icon is offered, a closed window hides, and a second start brings it back', async () => {
  watcher = await startStatusWatcher(session.env['DBUS_SESSION_BUS_ADDRESS'] ?? '');
  await open();
  await expect.poll(() => watcher?.icons.length).toBe(1);
  await close();
  await expect.poll(visible).toEqual([false]);
  expect((await doorstep.state()).keychain).toBe('ready');
  await doorstep.app.evaluate(({ app }) => app.emit('second-instance'));
  await expect.poll(visible).toEqual([true]);
  await doorstep.quit();
});

test('a window that was closed is let go after half a minute, with its renderer; a second start makes a new one', async () => {
  watcher = await startStatusWatcher(session.env['DBUS_SESSION_BUS_ADDRESS'] ?? '');
  await open();
  await expect.poll(() => watcher?.icons.length).toBe(1);
  const renderers = () => doorstep.app.evaluate(({ app }) => app.getAppMetrics().filter(({ type }) => type === 'Tab').length);
  expect(await renderers()).toBe(1);
  await close();
  await expect.poll(visible, { timeout: 45_000, intervals: [1_000] }).toEqual([]);
  await expect.poll(renderers).toBe(0);
  expect(doorstep.app.process().exitCode).toBeNull();
  await doorstep.app.evaluate(({ app }) => app.emit('second-instance'));
  await expect.poll(visible).toEqual([true]);
  await doorstep.quit();
});

test('without a tray: closing the window ends the app, and leaves nothing behind', async () => {
  await open();
  const ended = new Promise((resolve) => doorstep.app.process().once('exit', resolve));
  const metrics = await doorstep.app.evaluate(({ app }) => app.getAppMetrics().map(({ pid }) => pid));
  await close().catch(() => undefined);
  expect(await ended).toBe(0);
  await expect
    .poll(() =>
      metrics.filter((pid) => {
        try {
          process.kill(pid, 0);
          return true;
        } catch {
          return false;
        }
      }),
    )
    .toEqual([]);
});
