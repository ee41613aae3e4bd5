/** The security page: the real backend with a clock that the test moves, and keys inside Chromium. */
import { expect } from '@playwright/test';
import { Desktop } from '../../support/backend.ts';
import { look, test } from './look.ts';
import { servePages } from './serve-pages.ts';
import { VirtualKey } from './virtual-key.ts';

const MINUTE = 60_000;
const pages = servePages();

test('adds, renames, prefers and removes, and never the last way', async ({ page }) => {
  const { key: first } = await pages.enter(page);
  await look(page, 'web-security-one-key');

  await page.getByRole('button', { name: 'More for My key' }).click();
  await page.getByRole('button', { name: 'Remove', exact: true }).click();
  await expect(page.getByText('This is your last way in. Add another first.')).toBeVisible();
  await look(page, 'web-last-way');
  await page.getByRole('dialog').getByRole('button', { name: 'Add a way' }).click();
  await look(page, 'web-add-way');
  await page.getByRole('button', { name: /A security key/ }).click();

  // The dialog for a second key, with a sensible name; the first key says that it is there already.
  await expect(page.getByLabel('Name of this key')).toHaveValue('Spare key');
  await look(page, 'web-add-key');
  await page.getByRole('button', { name: 'Add this key' }).click();
  await expect(page.getByRole('alert')).toContainText('This key is already one of yours.');
  await look(page, 'web-add-key-twice');
  await first.leaveAlone();
  await VirtualKey.plugIn(page);
  await page.getByRole('button', { name: 'Add this key' }).click();
  await expect(page.getByText('Spare key is added. You can sign in with it now.')).toBeVisible();
  await expect(page.getByText('You have two ways.')).toBeVisible();
  await look(page, 'web-security-two-keys');

  await page.getByRole('button', { name: 'More for Spare key' }).click();
  await look(page, 'web-security-menu');
  await page.getByRole('button', { name: 'Rename', exact: true }).click();
  const name = page.getByRole('textbox', { name: 'Name' });
  await name.fill('   ');
  await page.keyboard.press('Enter');
  await expect(page.getByRole('alert')).toHaveText('Give it a name.');
  await name.fill('Green key');
  await look(page, 'web-rename');
  await page.keyboard.press('Enter');
  await expect(page.getByText('It is called Green key now.')).toBeVisible();

  await page.getByRole('button', { name: 'Make first choice: Green key' }).click();
  await expect(page.getByText('Green key is your first choice now.')).toBeVisible();
  await expect(page.getByRole('button', { name: 'Make first choice: My key' })).toBeVisible();

  await page.getByRole('button', { name: 'More for My key' }).click();
  await page.getByRole('button', { name: 'Remove', exact: true }).click();
  await expect(page.getByRole('dialog', { name: 'Remove My key?' })).toContainText('You keep one way to sign in.');
  await expect(page.getByRole('button', { name: 'Keep it' })).toBeFocused();
  await look(page, 'web-remove');
  await page.keyboard.press('Escape');
  await expect(page.getByRole('dialog')).toBeHidden();
  await page.getByRole('button', { name: 'More for My key' }).click();
  await page.getByRole('button', { name: 'Remove', exact: true }).click();
  await page.getByRole('button', { name: 'Remove My key' }).click();
  await expect(page.getByText('My key is removed.')).toBeVisible();
  await expect(page.getByRole('region', { name: 'Ways to sign in' }).getByRole('listitem')).toHaveCount(1);
});

test('a change after a while wants the key again, and can be stopped', async ({ page }) => {
  const { key } = await pages.enter(page);
  pages.backend.clock.advance(11 * MINUTE);
  await page.getByRole('button', { name: 'Add a way' }).click();
  await page.getByRole('button', { name: /A security key/ }).click();
  await page.getByRole('button', { name: 'Add this key' }).click();
  await expect(page.getByRole('dialog', { name: 'Is it still you?' })).toBeVisible();
  await look(page, 'web-fresh');
  await page.keyboard.press('Escape');
  await expect(page.getByRole('dialog', { name: 'Is it still you?' })).toBeHidden();
  await expect(page.getByRole('alert')).toContainText('You stopped it. Nothing was changed.');
  await page.getByRole('button', { name: 'Add this key' }).click();
  await page.getByRole('button', { name: 'Use my key' }).click();
  // The same key cannot be added twice: that it says so shows that the change went through to the key.
  await expect(page.getByRole('alert')).toContainText('This key is already one of yours.');
  await key.pullOut();
});

test('connects a computer with a code that ends', async ({ page, context }) => {
  await context.grantPermissions(['clipboard-read', 'clipboard-write'], { origin: pages.backend.origin });
  await pages.enter(page);
  await page.getByRole('button', { name: 'Add this computer' }).click();
  const dialog = page.getByRole('dialog', { name: 'Type this code in Doorstep' });
  await expect(dialog.getByText(/It works once, until \d\d:\d\d\./)).toBeVisible();
  await look(page, 'web-pairing-code');
  await dialog.getByRole('button', { name: 'Copy' }).click();
  const code = await page.evaluate(() => navigator.clipboard.readText());
  await expect(dialog.getByText(code, { exact: true })).toBeVisible();

  const desktop = new Desktop(pages.backend);
  const iat = Math.floor(pages.backend.clock.now() / 1000);
  expect((await desktop.pair(code, 'Office PC', { claims: { sub: '', iat } })).status).toBe(201);
  await expect(page.getByText('Office PC is connected.')).toBeVisible();
  await expect(dialog).toBeHidden();
  await look(page, 'web-security-computer');

  await expect(page.getByText('You have two ways.')).toBeVisible();
  await page.getByRole('button', { name: 'Make first choice: Office PC' }).click();
  await expect(page.getByText('Office PC is your first choice now.')).toBeVisible();

  // Lost, or at hand still: nothing is chosen first, for either does harm where the other is true.
  await page.getByRole('button', { name: 'More for Office PC' }).click();
  await page.getByRole('button', { name: 'Remove', exact: true }).click();
  await page.getByRole('button', { name: 'Remove Office PC' }).press('Enter');
  await expect(page.getByText('Say first where it is.')).toBeVisible();
  await look(page, 'web-remove-computer');
  await page.getByRole('radio', { name: /It is lost or stolen/ }).check();
  await page.getByRole('button', { name: 'Remove Office PC' }).click();
  await expect(page.getByText('Office PC is removed.')).toBeVisible();
});

test('a code that has ended makes room for a new one', async ({ page }) => {
  await page.clock.install();
  await pages.enter(page);
  await page.getByRole('button', { name: 'Add this computer' }).click();
  await expect(page.getByText(/It works once, until/)).toBeVisible();
  await page.clock.runFor(24 * 60 * MINUTE);
  await expect(page.getByText(/This code ended at/)).toBeVisible();
  await look(page, 'web-pairing-code-ended');
  await page.getByRole('button', { name: 'Make a new code' }).click();
  await expect(page.getByRole('button', { name: 'Close', exact: true })).toBeVisible();
});

test('the list by keyboard alone', async ({ page }) => {
  await pages.enter(page);
  const more = page.getByRole('button', { name: 'More for My key' });
  await more.focus();
  await page.keyboard.press('Enter');
  await expect(more).toHaveAttribute('aria-expanded', 'true');
  await page.keyboard.press('Escape');
  await expect(page.getByRole('button', { name: 'Rename', exact: true })).toBeHidden();
  await expect(more).toBeFocused();
  await page.keyboard.press('Enter');
  await page.keyboard.press('Tab');
  await expect(page.getByRole('button', { name: 'Rename', exact: true })).toBeFocused();
  await page.keyboard.press('Enter');
  await page.keyboard.type('Red key');
  await page.keyboard.press('Enter');
  await expect(page.getByText('It is called Red key now.')).toBeVisible();
  await expect(page.getByRole('button', { name: 'More for Red key' })).toBeFocused();
});

test('a session that is over leads back to signing in', async ({ page, context }) => {
  await pages.enter(page);
  await context.clearCookies();
  await page.getByRole('button', { name: 'Add a way' }).click();
  await page.getByRole('button', { name: /A security key/ }).click();
  await page.getByRole('button', { name: 'Add this key' }).click();
  await expect(page.getByRole('heading', { level: 1, name: 'Sign in', exact: true })).toBeVisible();
});
