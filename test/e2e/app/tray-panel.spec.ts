/** A real panel: the icon is seen in it, its menu is used with the mouse, and panels come and go. */
import { join } from 'node:path';
import { expect, test } from '@playwright/test';
import { connectVpn, type DemoBackend, startDemoBackend } from '../../support/desktop/demo-backend.ts';
import { type DoorstepApp, electronBinary, launchDoorstep, PROJECT } from '../../support/desktop/doorstep.ts';
import { startDunst } from '../../support/desktop/notification-daemon.ts';
import { type Panel, startPanel } from '../../support/desktop/panel.ts';
import { type Program, say, shootScreen, startProgram, startWindowManager, xdotool } from '../../support/desktop/programs.ts';
import { type DesktopSession, startDesktopSession } from '../../support/desktop/session.ts';

let session: DesktopSession;
let backend: DemoBackend;
let manager: Program;
let panel: Panel | null = null;
let doorstep: DoorstepApp;

test.beforeEach(async () => {
  [session, backend] = await Promise.all([startDesktopSession({ activation: false }), startDemoBackend()]);
  await session.unlockKeyring();
  manager = await startWindowManager(session.env);
});
test.afterEach(async ({ browserName: _ }, info) => {
  if (info.status !== info.expectedStatus) {
    await shootScreen(session.env, `failed-${info.title.slice(0, 20).replaceAll(/\W/g, '-')}`);
    console.log(doorstep.log());
  }
  await doorstep.quit();
  doorstep.remove();
  await panel?.stop();
  panel = null;
  await manager.stop();
  await backend.stop();
  await session.stop();
});

const open = async () => {
  doorstep = await launchDoorstep({ env: { ...session.env, DOORSTEP_PAIRING_CODE: backend.demo.pairingCode }, server: backend.origin });
  await expect.poll(async () => (await doorstep.state()).connection).toBe('online');
};
const rest = (milliseconds = 800) => new Promise((resolve) => setTimeout(resolve, milliseconds));

/** Chooses a line of the open menu by its place: the lines stand 27 px apart, a separator takes 1. */
const choose = async (y: number) => {
  await panel?.click('right');
  await rest();
  await shootScreen(session.env, `tray-menu-${y}`);
  await xdotool(session.env, 'mousemove', '60', String(y));
  await rest(200);
  await xdotool(session.env, 'click', '1');
};
const MENU = { codes: 59, lost: 114, open: 142, settings: 169, quit: 196 };
const visible = () => doorstep.app.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows().map((window) => window.isVisible()));
const closeWindow = () => doorstep.app.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows()[0]?.close());
const heading = (name: string) => expect(doorstep.window.getByRole('heading', { level: 1, name })).toBeVisible();

test('the icon is seen; its menu opens the codes, the keys and the settings, and quits', async () => {
  panel = await startPanel(session.env);
  await open();
  await rest(1_500);
  await shootScreen(session.env, 'tray-ready');
  await closeWindow();
  await expect.poll(visible).toEqual([false]);
  await choose(MENU.codes);
  await expect.poll(visible).toEqual([true]);
  await heading('Codes');
  await choose(MENU.lost);
  await heading('Keys');
  await closeWindow();
  await panel.click('left');
  await expect.poll(visible).toEqual([true]);
  await choose(MENU.settings);
  await heading('Settings');
  const ended = new Promise((resolve) => doorstep.app.process().once('exit', resolve));
  await choose(MENU.quit);
  expect(await ended).toBe(0);
});

test('a waiting request: the icon says so, and the first line of its menu reviews it', async () => {
  panel = await startPanel(session.env);
  // A desktop with no notifications, and a person who looks at the tray: the window that comes up is put aside.
  await open();
  await connectVpn(backend);
  await expect.poll(() => doorstep.app.windows().length).toBe(2);
  await doorstep.app.evaluate(({ BrowserWindow }) => {
    for (const window of BrowserWindow.getAllWindows()) window.hide();
  });
  await rest();
  await shootScreen(session.env, 'tray-waiting');
  await choose(86);
  await expect
    .poll(() => doorstep.app.evaluate(({ BrowserWindow }) => BrowserWindow.getFocusedWindow()?.webContents.getURL() ?? ''))
    .toMatch(/approval\.html$/);
});

test('a code is copied from the menu, and a notification says so', async () => {
  panel = await startPanel(session.env);
  const dunst = await startDunst(session.env);
  await open();
  const seed = { kind: 'totp', algorithm: 'SHA1', digits: 6, period: 30, counter: 0, account: 'amina' } as const;
  const added = await doorstep.window.evaluate(
    (typed) => window.doorstep!.invoke('code.type', { ...typed, issuer: 'Library', secret: 'JBSWY3DPEHPK3PXP' }),
    seed,
  );
  expect(added).toMatchObject({ ok: true });
  await expect.poll(async () => (await doorstep.state()).codes.length).toBe(1);
  // The first line of the menu is the code.
  await choose(MENU.codes);
  await expect.poll(() => doorstep.app.evaluate(({ clipboard }) => clipboard.readText())).toMatch(/^\d{6}$/);
  await expect.poll(() => dunst.count()).toBe(1);
  await shootScreen(session.env, 'tray-copied');
  await dunst.stop();
});

test('the four states by shape', async () => {
  panel = await startPanel(session.env);
  await open();
  await backend.pause();
  await expect.poll(async () => (await doorstep.state()).connection, { timeout: 20_000 }).toBe('offline');
  await rest(1_000);
  await shootScreen(session.env, 'tray-offline');
  session.killKeyring();
  // A call that the dying service had taken already ends as 'failed': it is tried again, as the window says.
  const retried = async () => {
    await doorstep.window.evaluate(() => window.doorstep!.invoke('keychain.retry', {}));
    return (await doorstep.state()).keychain;
  };
  await expect.poll(retried).toBe('absent');
  await rest(1_000);
  await shootScreen(session.env, 'tray-needs-care');
});

test('no panel: said once, nothing hides; a panel that comes gets the icon, one that goes leaves nothing hidden', async () => {
  await open();
  await expect.poll(async () => (await doorstep.state()).notices.map((notice) => notice.kind), { timeout: 30_000 }).toEqual(['no-tray']);
  await shootScreen(session.env, 'tray-none');
  panel = await startPanel(session.env);
  await expect.poll(async () => (await doorstep.state()).notices).toEqual([]);
  await expect.poll(() => items(), { timeout: 10_000 }).toHaveLength(1);
  await closeWindow();
  await expect.poll(visible).toEqual([false]);
  await panel.stop();
  await expect.poll(visible).toEqual([true]);
  panel = await startPanel(session.env);
  await expect.poll(() => items(), { timeout: 10_000 }).toHaveLength(1);
  await rest(1_500);
  await shootScreen(session.env, 'tray-again');
  await choose(MENU.settings);
  await heading('Settings');
});

test('at login: the desktop’s own list starts it without a window, and a second start opens one', async () => {
  panel = await startPanel(session.env);
  await open();
  expect((await doorstep.state()).settings.startAtLogin).toBe(false);
  await doorstep.window.evaluate(() => window.doorstep!.invoke('settings.change', { startAtLogin: true }));
  expect((await doorstep.state()).settings.startAtLogin).toBe(true);
  await doorstep.quit();
  await expect.poll(() => items()).toEqual([]);

  const entry = join(session.env['XDG_CONFIG_HOME'] ?? '', 'autostart/doorstep.desktop');
  await say(session.env, 'gio', ['launch', entry]);
  await expect.poll(() => items(), { timeout: 20_000 }).toHaveLength(1);
  const own = () => say(session.env, 'xdotool', ['search', '--onlyvisible', '--class', 'doorstep']);
  await rest(1_000);
  expect(await own()).toBe('');
  const [item = ''] = await items();
  const pid = Number(/uint32 (\d+)/.exec(await busCall('GetConnectionUnixProcessID', item.replace(/\/.*$/, '')))?.[1]);
  try {
    const second = startProgram({ ...session.env, DOORSTEP_DATA: doorstep.data }, electronBinary(), [PROJECT]);
    await expect.poll(own, { timeout: 10_000 }).not.toBe('');
    await second.stop();
  } finally {
    process.kill(pid, 'SIGTERM');
  }
  await expect.poll(() => items()).toEqual([]);
});

const busCall = (member: string, argument: string) =>
  say(session.env, 'gdbus', [
    'call',
    '--session',
    '--dest=org.freedesktop.DBus',
    '--object-path=/org/freedesktop/DBus',
    `--method=org.freedesktop.DBus.${member}`,
    argument,
  ]);

/** What is registered with the panel: bus names, with a path. */
async function items(): Promise<string[]> {
  const args = ['--object-path=/StatusNotifierWatcher', '--method=org.freedesktop.DBus.Properties.Get'];
  const watcher = 'org.kde.StatusNotifierWatcher';
  const answer = await say(session.env, 'gdbus', [
    'call',
    '--session',
    `--dest=${watcher}`,
    ...args,
    watcher,
    'RegisteredStatusNotifierItems',
  ]);
  return [...answer.matchAll(/'([^']+)'/g)].map((match) => match[1] ?? '');
}
