/** What people set up in their system: forced colours, more contrast, less movement, larger text, another direction of writing. */
import path from 'node:path';
import { expect, type Page } from '@playwright/test';
import { type AppServer, serveApp } from './app-server.ts';
import {
  approvalRequest,
  blueKey,
  libraryCode,
  oldToken,
  paired,
  payrollCode,
  practiceToken,
  shownCode,
  spareKey,
  token,
  unpaired,
  vpn,
} from './app-states.ts';
import { FakeBridge } from './fake-bridge.ts';
import { SCREENS, test } from './look.ts';

let server: AppServer;

test.beforeAll(async () => {
  server = await serveApp();
});
test.afterAll(async () => {
  await server.stop();
});

const everything = {
  ...paired,
  authenticators: [blueKey, spareKey],
  tokens: [token, oldToken, practiceToken],
  challenges: [vpn],
  practiceKey: { available: true, pluggedIn: true, wantsTouch: false },
};

async function openKeys(page: Page): Promise<void> {
  await FakeBridge.open(page, server.address, everything);
  await page.getByRole('button', { name: 'Keys', exact: true }).click();
  await expect(page.getByRole('heading', { level: 1, name: 'Keys' })).toBeVisible();
}

async function reflows(page: Page): Promise<void> {
  const [scroll, client] = await page.evaluate(() => [document.documentElement.scrollWidth, document.documentElement.clientWidth]);
  expect(scroll).toBeLessThanOrEqual(client ?? 0);
}

test('forced colours keep every border and the main action', async ({ page }) => {
  await page.emulateMedia({ forcedColors: 'active', colorScheme: 'dark', reducedMotion: 'reduce' });
  await openKeys(page);
  await page.screenshot({ path: path.join(SCREENS, 'app-forced-colours.png'), fullPage: true });
  for (const card of await page.locator('.card').all()) {
    expect(await card.evaluate((element) => getComputedStyle(element).borderTopWidth)).not.toBe('0px');
  }
  const main = page.getByRole('button', { name: 'Touch your key' });
  expect(await main.evaluate((element) => getComputedStyle(element).forcedColorAdjust)).toBe('none');
});

test('more contrast makes decoration into edges', async ({ page }) => {
  await page.emulateMedia({ contrast: 'more', reducedMotion: 'reduce' });
  await openKeys(page);
  await page.screenshot({ path: path.join(SCREENS, 'app-more-contrast.png'), fullPage: true });
  const [line, quiet, ink] = await page.evaluate(() => {
    const style = getComputedStyle(document.documentElement);
    const card = document.querySelector('.card.token');
    const note = document.querySelector('.rows small');
    return [card && getComputedStyle(card).borderTopColor, note && getComputedStyle(note).color, style.color];
  });
  expect(line).toBe(ink);
  expect(quiet).toBe(ink);
});

test('less movement: nothing moves, not even what waits', async ({ page }) => {
  const prompt = { id: 1, about: { kind: 'try' }, prompt: { kind: 'touch', tokenIds: [token.id], purpose: 'use' } } as const;
  await page.emulateMedia({ reducedMotion: 'reduce' });
  await FakeBridge.open(page, server.address, { ...everything, prompt });
  await expect(page.getByRole('dialog')).toBeVisible();
  expect(await page.evaluate(() => document.getAnimations().filter((one) => one.playState === 'running').length)).toBe(0);
  await page.emulateMedia({ reducedMotion: 'no-preference' });
  await expect.poll(() => page.evaluate(() => document.getAnimations().filter((one) => one.playState === 'running').length)).toBe(1);
});

test('text at twice its size still fits 320 px', async ({ page }) => {
  await page.setViewportSize({ width: 360, height: 640 });
  await openKeys(page);
  await page.evaluate(() => {
    const sheet = new CSSStyleSheet();
    sheet.replaceSync('html { font-size: 200% }');
    document.adoptedStyleSheets = [sheet];
  });
  await page.screenshot({ path: path.join(SCREENS, 'app-large-text.png'), fullPage: true });
  await reflows(page);
});

test('the window that asks, at three times its text size: what it says of the request can still be read', async ({ page }) => {
  await page.setViewportSize({ width: 144, height: 219 });
  await FakeBridge.open(page, `${server.address}approval.html`, { ...paired, review: { challenge: approvalRequest, ended: null } });
  await expect(page.getByRole('heading', { level: 1, name: 'Library asks: is this you?' })).toBeVisible();
  await page.screenshot({ path: path.join(SCREENS, 'app-approval-large-text.png'), fullPage: true });
  await reflows(page);
  const widths = await page.locator('dd').evaluateAll((facts) => facts.map((fact) => fact.getBoundingClientRect().width));
  expect(Math.min(...widths), 'no fact stands letter by letter').toBeGreaterThan(80);
});

test('codes at home, at half as large a text again: eight digits lie over nothing', async ({ page }) => {
  await page.setViewportSize({ width: 240, height: 320 });
  const bridge = await FakeBridge.open(page, server.address, paired);
  const now = Date.now();
  bridge.on('code.show', () => ({ ok: true, value: [shownCode(payrollCode, now, '60318427', '11112222')] }));
  await bridge.push({ codes: [payrollCode, libraryCode] });
  const row = page.getByRole('listitem').filter({ hasText: 'Payroll' });
  await expect(row.locator('.digits')).toBeVisible();
  const digits = await row.locator('.digits').boundingBox();
  const ring = await row.locator('svg.ring').boundingBox();
  expect(ring?.y ?? 0).toBeGreaterThanOrEqual((digits?.y ?? 0) + (digits?.height ?? 0));
});

test('the viewfinder as small as it may be made: its head holds what it says', async ({ page }) => {
  await page.setViewportSize({ width: 240, height: 240 });
  await page.goto(`${server.address}viewfinder.html`);
  const text = page.getByText('Move this frame over the square picture.');
  await expect(text).toBeVisible();
  const [head, said] = [await page.locator('header').boundingBox(), await text.boundingBox()];
  expect(head?.height).toBe(56);
  expect(said?.height ?? 99).toBeLessThanOrEqual(56);
  await page.setViewportSize({ width: 376, height: 424 });
  await expect(page.getByText('It is read by itself.', { exact: true })).toBeVisible();
});

for (const [name, state] of [
  ['connect', unpaired],
  ['home', everything],
  ['keys', everything],
] as const) {
  test(`right to left: ${name} is its own mirror`, async ({ page }) => {
    await page.emulateMedia({ reducedMotion: 'reduce' });
    await FakeBridge.open(page, server.address, state);
    if (name === 'keys') await page.getByRole('button', { name: 'Keys', exact: true }).click();
    await page.evaluate(() => {
      document.documentElement.dir = 'rtl';
    });
    for (const width of [1100, 320]) {
      await page.setViewportSize({ width, height: 760 });
      await page.screenshot({ path: path.join(SCREENS, `app-rtl-${name}-${width}.png`), fullPage: true });
      await reflows(page);
    }
    if (name !== 'connect') {
      await page.setViewportSize({ width: 1100, height: 760 });
      const rail = await page.getByRole('navigation').boundingBox();
      expect(rail?.x ?? 0).toBeGreaterThan(700);
    }
  });
}

test('a dialog keeps the focus inside, and gives it back', async ({ page }) => {
  await openKeys(page);
  const opener = page.getByRole('button', { name: 'Wipe this key' }).first();
  await opener.focus();
  await page.keyboard.press('Enter');
  await expect(page.getByRole('button', { name: 'Keep it' })).toBeFocused();
  for (let presses = 0; presses < 6; presses += 1) {
    await page.keyboard.press('Tab');
    const where = await page.evaluate(() => {
      const active = document.activeElement;
      return active === document.body || active?.closest('dialog') !== null;
    });
    expect(where).toBe(true);
  }
  await page.keyboard.press('Escape');
  await expect(page.getByRole('dialog')).toBeHidden();
  await expect(opener).toBeFocused();
});

test('good news goes by itself, but not from under a hand', async ({ page }) => {
  await page.clock.install();
  const bridge = await FakeBridge.open(page, server.address, everything);
  await page.getByRole('button', { name: 'Keys', exact: true }).click();
  await page.getByRole('button', { name: 'Make it blink' }).first().click();
  const toast = page.getByText('It blinks now.');
  await toast.hover();
  await page.clock.runFor(20_000);
  await expect(toast).toBeVisible();
  await page.mouse.move(5, 5);
  await page.clock.runFor(7_000);
  await expect(toast).toBeHidden();
  expect(bridge.requests('key.wink')).toEqual([{ tokenId: token.id }]);
});

test('a window without its bridge says so', async ({ page }) => {
  await page.goto(server.address);
  await expect(page.getByRole('alert')).toContainText('Close the window and open it again.');
});

test('nothing is promised before the keychain has answered', async ({ page }) => {
  const bridge = await FakeBridge.open(page, server.address, { ...unpaired, keychain: 'checking', pairing: { state: 'unknown' } });
  await expect(page.getByText('Opening…')).toBeVisible();
  await bridge.push({ keychain: 'locked' });
  await expect(page.getByRole('status').filter({ hasText: 'The keychain is locked.' })).toBeVisible();
});

test('the backend has the last word on the last way', async ({ page }) => {
  const bridge = await FakeBridge.open(page, server.address, everything);
  bridge.on('authenticator.remove', () => ({ ok: false, code: 'authenticator.last-way', detail: {} }));
  await page.getByRole('button', { name: 'Keys', exact: true }).click();
  await page.getByRole('button', { name: 'More for Spare key' }).click();
  await page.getByRole('button', { name: 'Remove', exact: true }).click();
  await page.getByRole('button', { name: 'Remove Spare key' }).click();
  await expect(page.getByText('This is your last way in. Add another first.')).toBeVisible();
});
