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
  const asking = await approvalWindow();
  await expect(asking.getByRole('heading', { level: 1 })).toContainText('is this you?');
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

test('no notification server: the window comes up by itself and takes no key; it is said until it was read, once', async () => {
  await open();
  const { number } = await browser.askDesktop();
  const asking = await approvalWindow();
  await expect(asking.getByRole('heading', { level: 1 })).toContainText('is this you?');
  await expect
    .poll(() => doorstep.app.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows().map((each) => each.isVisible())))
    .toEqual([true, true]);
  expect(await isFocused()).toBe(false);
  // What is typed meanwhile belongs to the window where it was typed: Escape there denies nothing here.
  await xdotool(session.env, 'key', 'Escape', '1', '2', '3', 'Return');
  await shootScreen(session.env, 'desktop-no-notifications');
  expect((await waiting()).length).toBe(1);
  await expect(asking.getByRole('textbox')).toHaveValue('');
  expect((await doorstep.state()).notices).toMatchObject([{ kind: 'no-notifications' }]);

  await asking.getByRole('textbox').fill(number);
  await asking.getByRole('button', { name: 'Approve' }).click();
  await browser.expectIn();
  await doorstep.window.evaluate(() => window.doorstep!.invoke('notice.dismiss', { id: 'no-notifications' }));
  expect((await doorstep.state()).notices).toEqual([]);

  const { data } = doorstep;
  await doorstep.quit();
  await open(data);
  await browser.page.context().clearCookies();
  await browser.askDesktop();
  await approvalWindow();
  expect((await doorstep.state()).notices).toEqual([]);
});

test('closing the window denies; the page says so', async () => {
  await open();
  await browser.askDesktop();
  await approvalWindow();
  await doorstep.app.evaluate(({ BrowserWindow }) => {
    BrowserWindow.getAllWindows()
      .find((each) => each.webContents.getURL().endsWith('/approval.html'))
      ?.close();
  });
  await expect.poll(async () => (await waiting()).length).toBe(0);
  await expect(browser.page.getByText('It was denied in Doorstep.')).toBeVisible();
  // The app is still there: it ends with its main window, not with this one.
  expect((await doorstep.state()).connection).toBe('online');
});

test('the page is left: the window says that the request was stopped, not that somebody answered it', async () => {
  await open();
  await browser.askDesktop();
  await approvalWindow();
  await browser.page.goto('about:blank');
  await expect.poll(async () => (await doorstep.state()).review?.ended).toBe('canceled');
});

test('three wrong numbers end the request, and each time the window says what is left', async () => {
  await open();
  const { number } = await browser.askDesktop();
  const wrong = String((Number(number) + 1) % 1_000_000).padStart(6, '0');
  const asking = await approvalWindow();
  for (const left of ['2 tries left', '1 try left']) {
    await asking.getByRole('textbox').fill(wrong);
    await asking.getByRole('button', { name: 'Approve' }).click();
    await expect(asking.getByText(left)).toBeVisible();
  }
  await asking.getByRole('textbox').fill(wrong);
  await asking.getByRole('button', { name: 'Approve' }).click();
  await expect.poll(async () => (await doorstep.state()).review?.ended).toBe('too-many-wrong');
  await expect(browser.page.getByText('This request has ended.')).toBeVisible();
});

test('"This wasn’t me" stops requests, and says so', async () => {
  await open();
  await browser.askDesktop();
  const asking = await approvalWindow();
  const [challenge] = await waiting();
  expect(await asking.evaluate((id) => window.doorstep!.invoke('approval.not-me', { id }), challenge?.id ?? '')).toMatchObject({
    ok: true,
  });
  await expect.poll(async () => (await doorstep.state()).policy?.approvalsStopped).toBe(true);
  expect((await doorstep.state()).review?.ended).toBe('reported');
  await shootScreen(session.env, 'desktop-not-me');
  // The approval window is there for its request, and for nothing else.
  const refused = await asking.evaluate(() => window.doorstep!.invoke('pairing.disconnect', {}));
  expect(refused).toMatchObject({ ok: false, code: 'ipc.refused' });
});

test('the backend is restarted while a request waits: the request is there, told once, and can be approved', async () => {
  dunst = await startDunst(session.env);
  await open();
  const { number } = await browser.askDesktop();
  await expect.poll(() => dunst?.count()).toBe(1);
  const announced = () => doorstep.log().split('request.announced').length - 1;
  backend = await backend.restart();
  await expect.poll(() => doorstep.log().includes('sync.stream-ended') || doorstep.log().includes('sync.failed')).toBe(true);
  await expect.poll(async () => (await doorstep.state()).connection, { timeout: 40_000 }).toBe('online');
  expect((await waiting()).length).toBe(1);
  expect(announced()).toBe(1);
  await dunst.click();
  const asking = await approvalWindow();
  await asking.getByRole('textbox').fill(number);
  await asking.getByRole('button', { name: 'Approve' }).click();
  await browser.expectIn();
  expect(announced()).toBe(1);
});

test('the keychain is killed while a request waits: it is said, and the request is approved all the same', async () => {
  await open();
  const { number } = await browser.askDesktop();
  const asking = await approvalWindow();
  session.killKeyring();
  await asking.getByRole('textbox').fill(number);
  await asking.getByRole('button', { name: 'Approve' }).click();
  await browser.expectIn();
  await expect.poll(async () => (await doorstep.state()).review?.ended).toBe('approved');
  const { data } = doorstep;
  await session.unlockKeyring();
  await doorstep.kill();
  await open(data);
  expect((await doorstep.state()).pairing).toMatchObject({ state: 'paired' });
});

test('killed while a request waits: after the next start it is asked again', async () => {
  await open();
  const { number } = await browser.askDesktop();
  await approvalWindow();
  await doorstep.kill();
  await open(doorstep.data);
  const asking = await approvalWindow();
  await asking.getByRole('textbox').fill(number);
  await asking.getByRole('button', { name: 'Approve' }).click();
  await browser.expectIn();
});
