/**
 * The notifier of macOS and Windows: Electron's own notifications, in real Electron. On Linux they go to the same
 * server of the desktop, so a real one shows them, and a click on one comes back.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type ElectronApplication, expect, test } from '@playwright/test';
import { build } from 'vite';
import { type Driven, launchElectron, PROJECT } from '../../support/desktop/doorstep.ts';
import type { NotifierProgram } from '../../support/desktop/electron-notifier.ts';
import { type NotificationDaemon, startDunst } from '../../support/desktop/notification-daemon.ts';
import { type Program, shootScreen, startWindowManager } from '../../support/desktop/programs.ts';
import { type DesktopSession, startDesktopSession } from '../../support/desktop/session.ts';

const WORDS = { summary: 'VPN asks: is this you?', body: 'Amina Yusuf. Open it to type the number.' };
let folder: string;
let session: DesktopSession;
let manager: Program;
let program: Driven;
let app: ElectronApplication;
let dunst: NotificationDaemon | null = null;

/** Electron of today and of the oldest kind cannot read the project's own language. */
test.beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'doorstep-notifier-'));
  await build({
    root: PROJECT,
    configFile: false,
    logLevel: 'warn',
    build: {
      outDir: folder,
      emptyOutDir: true,
      target: 'node20.18',
      ssr: true,
      rollupOptions: {
        input: join(PROJECT, 'test/support/desktop/electron-notifier.ts'),
        external: ['electron'],
        output: { format: 'cjs', entryFileNames: 'program.cjs' },
      },
    },
  });
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ name: 'notifier', version: '0.0.0', main: 'program.cjs' }));
});
test.afterAll(() => rmSync(folder, { recursive: true, force: true }));

test.beforeEach(async () => {
  session = await startDesktopSession({ activation: false });
  manager = await startWindowManager(session.env);
});
test.afterEach(async () => {
  await program.quit();
  await dunst?.stop();
  dunst = null;
  await manager.stop();
  await session.stop();
});

const open = async () => {
  const folders = [folder, `--user-data-dir=${join(session.env['HOME'] ?? '', 'program')}`];
  program = await launchElectron(folders, session.env);
  app = program.app;
  // Electron is there before its program is.
  await expect.poll(() => app.evaluate(() => 'program' in globalThis)).toBe(true);
};
type Act = 'withdraw' | 'withdrawAll' | 'stop';
const show = (id: string, words = WORDS) =>
  app.evaluate((_electronModule, [of, said]) => (globalThis as unknown as { program: NotifierProgram }).program.notifier.show(of, said), [
    id,
    words,
  ] as const);
const say = () =>
  app.evaluate((_electronModule, said) => (globalThis as unknown as { program: NotifierProgram }).program.notifier.say(said), WORDS);
const act = (name: Act, id = '') =>
  app.evaluate((_electronModule, [what, of]) => (globalThis as unknown as { program: NotifierProgram }).program.notifier[what](of), [
    name,
    id,
  ] as const);
const told = () => app.evaluate(() => (globalThis as unknown as { program: NotifierProgram }).program.told);

test('a click opens the request', async () => {
  dunst = await startDunst(session.env);
  await open();
  await show('first');
  await expect.poll(told).toEqual(['shown first']);
  await expect.poll(() => dunst?.count()).toBe(1);
  await shootScreen(session.env, 'desktop-electron-notification');
  await dunst.click();
  await expect.poll(told).toEqual(['shown first', 'review first']);
});

test('a request that ends takes its notification away, and only its own; one told anew replaces the old one', async () => {
  dunst = await startDunst(session.env);
  await open();
  await show('first');
  await show('second', { ...WORDS, summary: 'Library asks: is this you?' });
  await expect.poll(() => dunst?.count()).toBe(2);
  await act('withdraw', 'first');
  await expect.poll(() => dunst?.count()).toBe(1);
  expect(await dunst.shown()).toEqual([WORDS]);
  await show('second', { ...WORDS, summary: 'Library asks again: is this you?' });
  await expect.poll(told).toEqual(['shown first', 'shown second', 'shown second']);
  await expect.poll(() => dunst?.count()).toBe(1);
  await dunst.click();
  await expect.poll(told).toContain('review second');
});

test('all of them go when the screen is locked, and when the app ends', async () => {
  dunst = await startDunst(session.env);
  await open();
  for (const ending of ['withdrawAll', 'stop'] as const) {
    await show('first');
    await show('second', { ...WORDS, summary: 'Library asks: is this you?' });
    await expect.poll(() => dunst?.count()).toBe(2);
    await act(ending);
    await expect.poll(() => dunst?.count()).toBe(0);
  }
});

test('its button denies: where the system draws one, Electron tells of it so', async () => {
  dunst = await startDunst(session.env);
  await open();
  await app.evaluate(({ Notification }) => {
    const { show: showReal } = Notification.prototype;
    Notification.prototype.show = function (this: Electron.Notification) {
      Object.assign(globalThis, { shownLast: this });
      showReal.call(this);
    };
  });
  await show('first');
  await expect.poll(told).toEqual(['shown first']);
  const actions = await app.evaluate(() => {
    const { shownLast } = globalThis as unknown as { shownLast: Electron.Notification };
    shownLast.emit('action', {}, 0);
    return shownLast.actions.map(({ text }) => text);
  });
  expect(actions).toEqual(['Deny']);
  expect(await told()).toEqual(['shown first', 'deny first']);
});

test('what wants no answer is said, and a click on it opens nothing', async () => {
  dunst = await startDunst(session.env);
  await open();
  await say();
  await expect.poll(() => dunst?.count()).toBe(1);
  await dunst.click();
  await expect.poll(() => dunst?.count()).toBe(0);
  expect(await told()).toEqual([]);
});

test('nobody notifies: it is told for each request, so that it finds another way to the person', async () => {
  await open();
  await show('first');
  await expect.poll(told).toEqual(['no-server first']);
});
