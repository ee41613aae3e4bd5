/** A real panel: the icon is seen in it, its menu is used with the mouse, and panels come and go. */
import { join } from 'node:path';
import { expect } from '@playwright/test';
import type { TrayLook } from '../../../src/main/tray/menu.ts';
import { connectVpn } from '../../support/desktop/demo-backend.ts';
import { type Desk, test } from '../../support/desktop/desk.ts';
import { electronBinary, PROJECT } from '../../support/desktop/doorstep.ts';
import { startDunst } from '../../support/desktop/notification-daemon.ts';
import { type Panel, startPanel, trayItems } from '../../support/desktop/panel.ts';
import { drawnShape, type Shape, seenShape, unlikeness } from '../../support/desktop/pictures.ts';
import { type SessionEnv, say, shootScreen, startProgram, xdotool } from '../../support/desktop/programs.ts';

let desk: Desk;
let env: SessionEnv;
let panel: Panel | null = null;

test.beforeEach(({ desk: mine }) => {
  desk = mine;
  env = mine.session.env;
});
test.afterEach(async () => {
  await panel?.stop();
  panel = null;
});

const LOOKS = ['ready', 'waiting', 'needs-care', 'offline'] as const satisfies readonly TrayLook[];
/** A panel draws an icon at its own size: 0.05 was measured between a file and what stood there, 0.12 to that of another state. */
const ALIKE = 0.08;
/** Two drawn at the same size differ by 0.07 at least. */
const DIFFERENT = 0.05;
const rest = (milliseconds = 800) => new Promise((resolve) => setTimeout(resolve, milliseconds));

/** Chooses a line of the open menu by its place: the lines stand 27 px apart, a separator takes 1. */
const choose = async (y: number) => {
  await panel?.click('right');
  await rest();
  await shootScreen(env, `tray-menu-${y}`);
  await xdotool(env, 'mousemove', '60', String(y));
  await rest(200);
  await xdotool(env, 'click', '1');
};
const MENU = { codes: 59, lost: 114, open: 142, settings: 169, quit: 196 };
const visible = () => desk.doorstep.app.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows().map((window) => window.isVisible()));
const closeWindow = () => desk.doorstep.app.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows()[0]?.close());
const heading = (name: string) => expect(desk.doorstep.window.getByRole('heading', { level: 1, name })).toBeVisible();

test('the icon is seen; its menu opens the codes, the keys and the settings, and quits', async () => {
  panel = await startPanel(env);
  await desk.open();
  await rest(1_500);
  await shootScreen(env, 'tray-ready');
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
  const ended = new Promise((resolve) => desk.doorstep.app.process().once('exit', resolve));
  await choose(MENU.quit);
  expect(await ended).toBe(0);
});

test('a waiting request: the icon says so, and the first line of its menu reviews it', async () => {
  panel = await startPanel(env);
  // A desktop with no notifications, and a person who looks at the tray: the window that comes up is put aside.
  await desk.open();
  await connectVpn(desk.backend);
  await expect.poll(() => desk.doorstep.app.windows().length).toBe(2);
  await desk.doorstep.app.evaluate(({ BrowserWindow }) => {
    for (const window of BrowserWindow.getAllWindows()) window.hide();
  });
  await rest();
  await shootScreen(env, 'tray-waiting');
  await choose(86);
  await expect
    .poll(() => desk.doorstep.app.evaluate(({ BrowserWindow }) => BrowserWindow.getFocusedWindow()?.webContents.getURL() ?? ''))
    .toMatch(/approval\.html$/);
});

test('a code is copied from the menu, and a notification says so', async () => {
  panel = await startPanel(env);
  const dunst = await startDunst(env);
  await desk.open();
  const seed = { kind: 'totp', algorithm: 'SHA1', digits: 6, period: 30, counter: 0, account: 'amina' } as const;
  const added = await desk.doorstep.window.evaluate(
    (typed) => window.doorstep!.invoke('code.type', { ...typed, issuer: 'Library', secret: 'JBSWY3DPEHPK3PXP' }),
    seed,
  );
  expect(added).toMatchObject({ ok: true });
  await expect.poll(async () => (await desk.doorstep.state()).codes.length).toBe(1);
  // The first line of the menu is the code.
  await choose(MENU.codes);
  await expect.poll(() => desk.doorstep.app.evaluate(({ clipboard }) => clipboard.readText())).toMatch(/^\d{6}$/);
  await expect.poll(() => dunst.count()).toBe(1);
  await shootScreen(env, 'tray-copied');
  await dunst.stop();
});

test('the four states by shape: in the panel stands the icon that was drawn for each, and the tooltip says it', async () => {
  const shown = await startPanel(env);
  panel = shown;
  const { app, state } = await desk.open();
  const drawn = new Map<TrayLook, Shape>();
  for (const look of LOOKS) drawn.set(look, await drawnShape(app, `${PROJECT}/build/icons/tray-${look}-dark.png`));
  const seen = new Map<TrayLook, Shape>();
  const see = async (look: TrayLook, tooltip: string) => {
    const mostLike = async () => {
      const shape = await seenShape(app, await shown.shootIcon(`tray-${look}`));
      seen.set(look, shape);
      return LOOKS.toSorted((one, other) => unlikeness(shape, drawn.get(one) ?? []) - unlikeness(shape, drawn.get(other) ?? []))[0];
    };
    await expect.poll(mostLike).toBe(look);
    expect(unlikeness(seen.get(look) ?? [], drawn.get(look) ?? []), look).toBeLessThan(ALIKE);
    expect(await shown.tooltip()).toBe(tooltip);
  };

  await see('ready', 'Doorstep: ready');
  await connectVpn(desk.backend);
  await expect.poll(async () => (await state()).challenges.length).toBe(1);
  await see('waiting', 'Doorstep: 1 request is waiting');
  const [{ id = '' } = {}] = (await state()).challenges;
  await desk.doorstep.window.evaluate((waiting) => window.doorstep!.invoke('approval.deny', { id: waiting }), id);
  await see('ready', 'Doorstep: ready');
  await desk.backend.pause();
  await expect.poll(async () => (await state()).connection, { timeout: 20_000 }).toBe('offline');
  await see('offline', 'Doorstep: no connection. Codes and keys still work.');
  desk.session.killKeyring();
  await desk.session.startLockedKeyring();
  // A call that the dying service had taken already ends as 'failed': it is tried again, as the window says.
  const retried = async () => {
    await desk.doorstep.window.evaluate(() => window.doorstep!.invoke('keychain.retry', {}));
    return (await state()).keychain;
  };
  await expect.poll(retried).toBe('locked');
  await see('needs-care', 'Doorstep: the keychain is locked');
  for (const [index, one] of LOOKS.entries()) {
    for (const other of LOOKS.slice(index + 1)) {
      expect(unlikeness(seen.get(one) ?? [], seen.get(other) ?? []), `${one} and ${other}`).toBeGreaterThan(DIFFERENT);
    }
  }
});

test('no panel: said once, nothing hides; a panel that comes gets the icon, one that goes leaves nothing hidden', async () => {
  await desk.open();
  await expect
    .poll(async () => (await desk.doorstep.state()).notices.map((notice) => notice.kind), { timeout: 30_000 })
    .toEqual(['no-tray']);
  await shootScreen(env, 'tray-none');
  panel = await startPanel(env);
  await expect.poll(async () => (await desk.doorstep.state()).notices).toEqual([]);
  await expect.poll(() => trayItems(env), { timeout: 10_000 }).toHaveLength(1);
  await closeWindow();
  await expect.poll(visible).toEqual([false]);
  await panel.stop();
  await expect.poll(visible).toEqual([true]);
  panel = await startPanel(env);
  await expect.poll(() => trayItems(env), { timeout: 10_000 }).toHaveLength(1);
  await rest(1_500);
  await shootScreen(env, 'tray-again');
  await choose(MENU.settings);
  await heading('Settings');
});

test('at login: the desktop’s own list starts it without a window, and a second start opens one', async () => {
  panel = await startPanel(env);
  await desk.open();
  expect((await desk.doorstep.state()).settings.startAtLogin).toBe(false);
  await desk.doorstep.window.evaluate(() => window.doorstep!.invoke('settings.change', { startAtLogin: true }));
  expect((await desk.doorstep.state()).settings.startAtLogin).toBe(true);
  await desk.doorstep.quit();
  await expect.poll(() => trayItems(env)).toEqual([]);

  const entry = join(env['XDG_CONFIG_HOME'] ?? '', 'autostart/doorstep.desktop');
  await say(env, 'gio', ['launch', entry]);
  await expect.poll(() => trayItems(env), { timeout: 20_000 }).toHaveLength(1);
  const own = () => say(env, 'xdotool', ['search', '--onlyvisible', '--class', 'doorstep']);
  await rest(1_000);
  expect(await own()).toBe('');
  const [item = ''] = await trayItems(env);
  const pid = Number(/uint32 (\d+)/.exec(await busCall('GetConnectionUnixProcessID', item.replace(/\/.*$/, '')))?.[1]);
  try {
    const second = startProgram({ ...env, DOORSTEP_DATA: desk.doorstep.data }, electronBinary(), [PROJECT]);
    await expect.poll(own, { timeout: 10_000 }).not.toBe('');
    await second.stop();
  } finally {
    process.kill(pid, 'SIGTERM');
  }
  await expect.poll(() => trayItems(env)).toEqual([]);
});

const busCall = (member: string, argument: string) =>
  say(env, 'gdbus', [
    'call',
    '--session',
    '--dest=org.freedesktop.DBus',
    '--object-path=/org/freedesktop/DBus',
    `--method=org.freedesktop.DBus.${member}`,
    argument,
  ]);
