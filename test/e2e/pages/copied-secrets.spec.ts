/** Secrets that are copied from the security page: how long they lie on the clipboard, and what the person is told of it. */
import { expect, type Page } from '@playwright/test';
import { look, test } from './look.ts';
import { servePages } from './serve-pages.ts';

const CLEARS = 'Secret copied. This page clears it from the clipboard after 30 seconds, or when you come back here.';
const STAYS = 'Secret copied. It stays on the clipboard until you copy something else.';
const pages = servePages();

/** The dialog with a new secret. @returns the secret */
async function openSecret(page: Page): Promise<string> {
  await pages.enter(page);
  await page.getByRole('button', { name: 'Add a way' }).click();
  await page.getByRole('button', { name: /^Codes/ }).click();
  const letters = await page.locator('.typed').textContent();
  await page.clock.install();
  return (letters ?? '').replaceAll(' ', '');
}

const mayLook = (page: Page) => page.context().grantPermissions(['clipboard-read', 'clipboard-write'], { origin: pages.backend.origin });
const copy = (page: Page) => page.getByRole('button', { name: 'Copy', exact: true }).click();
const clipboard = (page: Page) => page.evaluate(() => navigator.clipboard.readText());

test('a secret is taken off after half a minute', async ({ page }) => {
  await mayLook(page);
  const secret = await openSecret(page);
  await copy(page);
  await expect(page.getByText(CLEARS)).toBeVisible();
  expect(await clipboard(page)).toBe(secret);
  await page.clock.runFor(29_000);
  expect(await clipboard(page)).toBe(secret);
  await page.clock.runFor(1_000);
  await expect.poll(() => clipboard(page)).toBe('');
});

test('what was copied since stays', async ({ page }) => {
  await mayLook(page);
  await openSecret(page);
  await copy(page);
  await expect(page.getByText(CLEARS)).toBeVisible();
  await page.evaluate(() => {
    const { clipboard: real } = navigator;
    const readText = real.readText.bind(real);
    const looked = { times: 0 };
    Object.assign(globalThis, { looked });
    real.readText = () => {
      looked.times += 1;
      return readText();
    };
    return real.writeText('something else');
  });
  await page.clock.runFor(31_000);
  await expect.poll(() => page.evaluate(() => (globalThis as unknown as { looked: { times: number } }).looked.times)).toBe(1);
  expect(await clipboard(page)).toBe('something else');
});

test('while the person is elsewhere the page may not look; it clears when they come back', async ({ page }) => {
  await mayLook(page);
  const secret = await openSecret(page);
  await copy(page);
  await expect(page.getByText(CLEARS)).toBeVisible();
  await page.evaluate(() => {
    document.hasFocus = () => false;
  });
  await page.clock.runFor(40_000);
  expect(await clipboard(page)).toBe(secret);
  await page.evaluate(() => {
    document.hasFocus = () => true;
    globalThis.dispatchEvent(new Event('focus'));
  });
  await expect.poll(() => clipboard(page)).toBe('');
});

test('where the page may not look, it says that the secret stays', async ({ page }) => {
  const secret = await openSecret(page);
  await page.evaluate(() => {
    const { permissions } = navigator;
    const query = permissions.query.bind(permissions);
    permissions.query = async (about) => {
      const status = await query(about);
      return (about.name as string) === 'clipboard-read' ? Object.create(status, { state: { value: 'prompt' } }) : status;
    };
    navigator.clipboard.writeText = async (text) => void Object.assign(globalThis, { written: text });
    navigator.clipboard.readText = () => {
      throw new Error('nobody let the page look');
    };
  });
  await copy(page);
  await expect(page.getByRole('status').getByText(STAYS)).toBeVisible();
  expect(await page.evaluate(() => (globalThis as unknown as { written: string }).written)).toBe(secret);
  await look(page, 'web-copied-stays');
  await page.clock.runFor(60_000);
  expect(await page.evaluate(() => (globalThis as unknown as { written: string }).written)).toBe(secret);
});

test('where the page may not copy, it says so', async ({ page }) => {
  await openSecret(page);
  await page.evaluate(() => {
    navigator.clipboard.writeText = () => Promise.reject(new DOMException('no', 'NotAllowedError'));
  });
  await copy(page);
  await expect(page.getByRole('alert')).toHaveText('This window may not copy. Mark the code and copy it yourself.');
});
