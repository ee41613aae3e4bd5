/** Adding codes in the desktop window: what is found, what is wrong with it, and what is typed. */
import { expect } from '@playwright/test';
import type { CodeDraft } from '../../../src/contract/codes.ts';
import { libraryCode, payrollCode } from './app-states.ts';
import { test } from './codes-page.ts';
import { look } from './look.ts';

const item = (index: number, issuer: string, more: Partial<CodeDraft['items'][number]> = {}): CodeDraft['items'][number] => ({
  index,
  kind: 'totp',
  issuer,
  account: 'amina',
  algorithm: 'SHA1',
  digits: 6,
  period: 30,
  duplicateOf: null,
  ...more,
});
const draft: CodeDraft = { draftId: 'draft'.padEnd(22, '0'), items: [item(0, 'Library')], parts: null, refused: [] };

test('adds one from the clipboard', async ({ page, open }) => {
  const bridge = await open();
  bridge.on('code.read', () => ({ ok: false, code: 'clipboard.empty', detail: {} }));
  await page.getByRole('button', { name: 'Add a code' }).click();
  await expect(page.getByRole('button', { name: /On the clipboard/ })).toBeFocused();
  await look(page, 'app-add-code');
  await page.keyboard.press('Enter');
  await expect(page.getByRole('alert').last()).toContainText('Nothing that can be added is on the clipboard.');
  await look(page, 'app-add-code-nothing');
  bridge.on('code.read', () => ({ ok: true, value: draft }));
  bridge.on('code.keep', () => ({ ok: true, value: { ids: [libraryCode.id] } }));
  await page.getByRole('button', { name: /On the clipboard/ }).click();
  await expect(page.getByRole('dialog', { name: 'Keep this code?' })).toContainText('6 digits, a new one every 30 seconds');
  await look(page, 'app-add-code-found');
  await page.getByRole('button', { name: 'Keep it' }).click();
  await expect(page.getByText('The code for Library is added.')).toBeVisible();
  expect(bridge.requests('code.read')).toEqual([{ source: { from: 'clipboard' } }, { source: { from: 'clipboard' } }]);
  expect(bridge.requests('code.keep')).toEqual([{ draftId: draft.draftId, indexes: [0] }]);
});

test('adds some of an export in its parts, and says what cannot be kept', async ({ page, open }) => {
  const bridge = await open();
  const many: CodeDraft = {
    ...draft,
    items: [item(0, 'Library'), item(1, 'Payroll', { duplicateOf: payrollCode.id }), item(2, 'Bank', { digits: 8, algorithm: 'SHA256' })],
    parts: { seen: [1], of: 3 },
    refused: ['Example (MD5)'],
  };
  bridge.on('code.read', ({ draftId }) => ({
    ok: true,
    value: draftId === undefined ? many : { ...many, parts: { seen: [1, 2, 3], of: 3 } },
  }));
  bridge.on('code.keep', () => ({ ok: true, value: { ids: ['a', 'b'] } }));
  await page.getByRole('button', { name: 'Add a code' }).click();
  await page.getByRole('button', { name: /In a picture file/ }).click();
  await expect(page.getByText('Parts 2 and 3 of 3 are missing.')).toBeVisible();
  await expect(page.getByText('Example (MD5)')).toBeVisible();
  await expect(page.getByRole('checkbox', { name: /Payroll/ })).toBeDisabled();
  await look(page, 'app-add-code-several');
  await page.getByRole('button', { name: 'Add a part' }).click();
  await expect(page.getByText('Show the missing part now.')).toBeVisible();
  await page.getByRole('button', { name: /On the screen/ }).click();
  await expect(page.getByText(/of 3 (is|are) missing/)).toHaveCount(0);
  expect(bridge.requests('code.read').at(-1)).toEqual({ source: { from: 'screen' }, draftId: draft.draftId });
  await page.getByRole('checkbox', { name: /Library/ }).uncheck();
  await page.getByRole('checkbox', { name: /Bank/ }).uncheck();
  await page.getByRole('button', { name: /^Keep/ }).press('Enter');
  await expect(page.getByText('Choose at least one.')).toBeVisible();
  await page.getByRole('checkbox', { name: /Library/ }).check();
  await page.getByRole('checkbox', { name: /Bank/ }).check();
  await page.getByRole('button', { name: 'Keep two codes' }).click();
  await expect(page.getByText('2 codes are added.')).toBeVisible();
  expect(bridge.requests('code.keep')).toEqual([{ draftId: draft.draftId, indexes: [0, 2] }]);
});

test('a part of the screen that was not chosen, and what was found and is not wanted', async ({ page, open }) => {
  const bridge = await open();
  bridge.on('code.read', () => ({ ok: true, value: null }));
  await page.getByRole('button', { name: 'Add a code' }).click();
  await page.getByRole('button', { name: /In a part of the screen/ }).click();
  await expect(page.getByRole('dialog', { name: 'Add a code' })).toBeVisible();
  bridge.on('code.read', () => ({ ok: true, value: draft }));
  await page.getByRole('button', { name: /In a part of the screen/ }).click();
  await page.keyboard.press('Escape');
  await expect.poll(() => bridge.requests('code.drop')).toEqual([{ draftId: draft.draftId }]);
  await expect(page.getByRole('dialog')).toHaveCount(0);
});

test('a look that takes its time is seen; called off, it leaves nothing behind', async ({ page, open }) => {
  const bridge = await open();
  let answer: (outcome: { ok: true; value: CodeDraft }) => void = () => undefined;
  bridge.on('code.read', () => new Promise((resolve) => (answer = resolve)));
  await page.getByRole('button', { name: 'Add a code' }).click();
  await page.getByRole('button', { name: /On the screen/ }).click();
  await expect(page.getByRole('status').filter({ hasText: 'Looking…' })).toBeVisible();
  await look(page, 'app-add-code-looking');
  await page.getByRole('button', { name: 'Cancel' }).click();
  answer({ ok: true, value: draft });
  await expect.poll(() => bridge.requests('code.drop')).toEqual([{ draftId: draft.draftId }]);
  await page.getByRole('button', { name: 'Add a code' }).click();
  await expect(page.getByRole('dialog', { name: 'Add a code' })).toBeVisible();
});

test('a link', async ({ page, open }) => {
  const bridge = await open();
  await page.getByRole('button', { name: 'Add a code' }).click();
  await page.getByRole('button', { name: /Type or paste a link/ }).click();
  await page.keyboard.press('Enter');
  await expect(page.getByRole('alert').last()).toHaveText('Paste the link of the site.');
  bridge.on('code.read', () => ({ ok: false, code: 'seed.malformed', detail: { reason: 'secret-letter', at: 7 } }));
  await page.getByRole('textbox', { name: 'Link' }).fill('otpauth://totp/Library?secret=JBSWY3!');
  await page.keyboard.press('Enter');
  await expect(page.getByRole('alert').last()).toContainText('Letter 7 of the secret');
  await look(page, 'app-add-code-link');
  bridge.on('code.read', () => ({ ok: true, value: draft }));
  await page.keyboard.press('Enter');
  await expect(page.getByRole('dialog', { name: 'Keep this code?' })).toBeVisible();
});

test('a typed secret, with all there is to say of it', async ({ page, open }) => {
  const bridge = await open();
  await page.getByRole('button', { name: 'Add a code' }).click();
  await page.getByRole('button', { name: /Type the secret/ }).click();
  await page.keyboard.press('Enter');
  await expect(page.getByRole('alert').last()).toHaveText('Type the name of the site.');
  await page.getByRole('textbox', { name: 'Site' }).fill('Library');
  await page.keyboard.press('Enter');
  await expect(page.getByRole('alert').last()).toHaveText('Type the secret that the site shows.');
  await page.getByRole('textbox', { name: 'Secret' }).fill('jbsw y3dp ehpk 3pxp');
  await page.getByRole('button', { name: 'More about these codes' }).click();
  await page.getByLabel('Seconds that a code lives').fill('5');
  await look(page, 'app-add-code-typed');
  await page.getByRole('button', { name: 'Add this code' }).click();
  await expect(page.getByRole('alert').last()).toHaveText('Type a number from 15 to 120.');
  await page.getByRole('radio', { name: /Each time I ask/ }).check();
  await page.getByRole('radio', { name: '8 digits' }).check();
  await page.getByRole('radio', { name: 'SHA-256' }).check();
  await page.getByLabel('Counter of the next code').fill('7');
  bridge.on('code.type', () => ({ ok: false, code: 'seed.duplicate', detail: {} }));
  await page.getByRole('button', { name: 'Add this code' }).click();
  await expect(page.getByRole('alert').last()).toContainText('This code is here already.');
  bridge.on('code.type', () => ({ ok: true, value: { id: libraryCode.id } }));
  await page.getByRole('button', { name: 'Add this code' }).click();
  await expect(page.getByText('The code for Library is added.')).toBeVisible();
  expect(bridge.requests('code.type').at(-1)).toEqual({
    kind: 'hotp',
    issuer: 'Library',
    account: '',
    secret: 'jbsw y3dp ehpk 3pxp',
    algorithm: 'SHA256',
    digits: 8,
    period: 30,
    counter: 7,
  });
});

test('a fault that comes below what is seen of a dialog is brought into view', async ({ page, open }) => {
  await page.setViewportSize({ width: 360, height: 480 });
  const bridge = await open();
  bridge.on('code.type', () => ({ ok: false, code: 'keychain.dismissed', detail: {} }));
  await page.getByRole('button', { name: 'Add a code' }).click();
  await page.getByRole('button', { name: /Type the secret/ }).click();
  await page.getByRole('textbox', { name: 'Site' }).fill('Library');
  await page.getByRole('textbox', { name: 'Secret' }).fill('jbsw y3dp ehpk 3pxp');
  await page.keyboard.press('Enter');
  const fault = page.getByRole('alert').last();
  await expect(fault).toContainText('The keychain stayed locked.');
  await expect(fault).toBeInViewport({ ratio: 1 });
});
