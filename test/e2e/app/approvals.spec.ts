/** A sign-in that is approved at this computer: real backend, browser, app, keychain, window manager, notification daemon. */
import { expect, type Page, test } from '@playwright/test';
import type { AppState } from '../../../src/contract/ipc.ts';
import { type DemoBackend, startDemoBackend } from '../../support/desktop/demo-backend.ts';
import { type DoorstepApp, launchDoorstep } from '../../support/desktop/doorstep.ts';
import { type NotificationDaemon, startDunst } from '../../support/desktop/notification-daemon.ts';
import { type Program, shootScreen, startWindowManager, xdotool } from '../../support/desktop/programs.ts';
import { type DesktopSession, startDesktopSession } from '../../support/desktop/session.ts';
import { openSignInPage, type SignInPage } from '../../support/desktop/sign-in-page.ts';

let session: DesktopSession;
let backend: DemoBackend;
let manager: Program;
let browser: SignInPage;
let doorstep: DoorstepApp;
let dunst: NotificationDaemon | null = null;

const open = async (data?: string) => {
  const env = { ...session.env, ...(data === undefined ? { DOORSTEP_PAIRING_CODE: backend.demo.pairingCode } : {}) };
  doorstep = await launchDoorstep({ env, server: backend.origin, ...(data === undefined ? {} : { data }) });
  await expect.poll(async () => (await doorstep.state()).connection).toBe('online');
};

test.beforeEach(async () => {
  [session, backend] = await Promise.all([startDesktopSession({ activation: false }), startDemoBackend()]);
  await session.unlockKeyring();
  manager = await startWindowManager(session.env);
  browser = await openSignInPage(backend);
});
test.afterEach(async ({ browserName: _ }, info) => {
  if (info.status !== info.expectedStatus) {
    await shootScreen(session.env, `failed-${info.title.slice(0, 20).replaceAll(/\W/g, '-')}`);
    console.log(doorstep.log(), JSON.stringify((await doorstep.state()).review), await browser.page.locator('main').textContent());
  }
  await browser.close();
  await doorstep.quit();
  doorstep.remove();
  await dunst?.stop().catch(() => undefined);
  dunst = null;
  await manager.stop();
  await backend.stop();
  await session.stop();
});

const waiting = async (): Promise<AppState['challenges']> => (await doorstep.state()).challenges;
/** The approval window, as the person sees it. */
const approvalWindow = async (): Promise<Page> => {
  const found = () => doorstep.app.windows().find((page) => page.url().endsWith('/approval.html'));
  await expect.poll(() => found() !== undefined).toBe(true);
  const page = found();
  if (page === undefined) throw new Error('the approval window is gone');
  await page.waitForLoadState('load');
  return page;
};
const noApprovalWindow = () =>
  expect.poll(() => doorstep.app.windows().filter((page) => page.url().endsWith('/approval.html')).length).toBe(0);
const isFocused = () =>
  doorstep.app.evaluate(({ BrowserWindow }) => BrowserWindow.getFocusedWindow()?.webContents.getURL().endsWith('/approval.html') ?? false);

test('the number on the page, the notification within a second, Review pressed, the number typed: the page goes on', async () => {
  dunst = await startDunst(session.env);
  await open();
  const { number, at } = await browser.askDesktop();
  await expect.poll(async () => (await waiting()).length, { intervals: [20] }).toBe(1);
  const arrived = Date.now() - at;
  await expect.poll(() => dunst?.count(), { intervals: [20] }).toBe(1);
  const notified = Date.now() - at;
  console.log(`the request was in the app after ${arrived} ms, the notification on the screen after ${notified} ms`);
  expect(notified).toBeLessThan(1_000);
  await shootScreen(session.env, 'desktop-notification');
  expect(JSON.stringify(await dunst.shown())).not.toContain(number);

  await dunst.click();
  const window = await approvalWindow();
  await expect(window.getByRole('heading', { level: 1 })).toContainText('is this you?');
  await expect.poll(isFocused).toBe(true);
  await expect.poll(() => dunst?.count()).toBe(0);
  await new Promise((resolve) => setTimeout(resolve, 700));
  await xdotool(session.env, 'type', '--delay', '40', number);
  await shootScreen(session.env, 'desktop-approval');
  await xdotool(session.env, 'key', 'Return');
  await browser.expectIn();
  await expect.poll(async () => (await doorstep.state()).review?.ended).toBe('approved');
  await shootScreen(session.env, 'desktop-approved');
  await expect.poll(async () => (await waiting()).length).toBe(0);
});

test('Deny, chosen from the buttons of the notification, denies with no window', async () => {
  dunst = await startDunst(session.env);
  await open();
  await browser.askDesktop();
  await expect.poll(() => dunst?.count()).toBe(1);
  await dunst.choose('Deny');
  await expect.poll(async () => (await waiting()).length).toBe(0);
  await expect(browser.page.getByText('It was denied in Doorstep.')).toBeVisible();
  await noApprovalWindow();
  await expect.poll(() => dunst?.count()).toBe(0);
});
