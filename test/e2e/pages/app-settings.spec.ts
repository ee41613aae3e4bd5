/** Settings of the desktop window and what it has to say by itself, over a bridge that the test holds. */
import { expect, type Page } from '@playwright/test';
import type { AppState } from '../../../src/contract/ipc.ts';
import { type AppServer, serveApp } from './app-server.ts';
import { libraryCode, paired, token, vpn } from './app-states.ts';
import { FakeBridge } from './fake-bridge.ts';
import { look, test } from './look.ts';

let server: AppServer;

test.beforeAll(async () => {
  server = await serveApp();
});
test.afterAll(async () => {
  await server.stop();
});

async function open(page: Page, change: Partial<AppState> = {}): Promise<FakeBridge> {
  const bridge = await FakeBridge.open(page, server.address, { ...paired, codes: [libraryCode], ...change });
  await page.getByRole('button', { name: 'Settings', exact: true }).click();
  await expect(page.getByRole('heading', { level: 1, name: 'Settings' })).toBeFocused();
  return bridge;
}

test('starts at login where it is wanted and can be', async ({ page }) => {
  const bridge = await open(page);
  const check = page.getByRole('checkbox', { name: /Start Doorstep when I log in/ });
  await expect(check).not.toBeChecked();
  await look(page, 'app-settings-codes');
  bridge.on('settings.change', () => ({ ok: false, code: 'file.unwritable', detail: {} }));
  await check.click();
  await expect(page.getByRole('alert')).toContainText('The file could not be written.');
  await expect(check).not.toBeChecked();
  bridge.on('settings.change', async () => {
    await bridge.push({ settings: { startAtLogin: true } });
    return { ok: true, value: null };
  });
  await check.press('Space');
  await expect(check).toBeChecked();
  expect(bridge.requests('settings.change')).toEqual([{ startAtLogin: true }, { startAtLogin: true }]);
  await bridge.push({ settings: { startAtLogin: null } });
  await expect(page.getByText('This computer does not let Doorstep start by itself.')).toBeVisible();
});

test('codes leave only past a guard', async ({ page }) => {
  const bridge = await open(page);
  const out = page.getByRole('button', { name: 'Take codes out' });
  await out.press('Enter');
  await expect(page.getByText('Set a PIN or a key first.')).toBeVisible();
  await page.getByRole('button', { name: 'Set a PIN' }).click();
  await expect(page.getByLabel('New PIN', { exact: true })).toBeFocused();
  await page.keyboard.type('1234');
  await page.keyboard.press('Enter');
  await expect(page.getByRole('alert').last()).toHaveText('This wants 6 digits or more. You typed 4.');
  await look(page, 'app-guard-pin');
  await page.getByLabel('New PIN', { exact: true }).fill('123456');
  await page.getByLabel('New PIN again', { exact: true }).fill('123457');
  await page.keyboard.press('Enter');
  await expect(page.getByRole('alert').last()).toHaveText('The two are not the same. Type the new PIN again.');
  await page.getByLabel('New PIN again', { exact: true }).fill('123456');
  await page.keyboard.press('Enter');
  await expect(page.getByText('The PIN guards your codes now.')).toBeVisible();
  expect(bridge.requests('guard.set-pin')).toEqual([{ pin: '123456' }]);

  await bridge.push({ exportGuard: 'pin' });
  await out.click();
  await page.getByLabel('Passphrase', { exact: true }).fill('short');
  await page.keyboard.press('Enter');
  await expect(page.getByRole('alert').last()).toHaveText('At least 8 letters. Make it longer.');
  await page.getByLabel('Passphrase', { exact: true }).fill('one two three');
  await page.getByLabel('Passphrase again', { exact: true }).fill('one two three');
  await page.keyboard.press('Enter');
  await expect(page.getByRole('alert').last()).toHaveText('Type the PIN.');
  bridge.on('code.export', () => ({ ok: false, code: 'guard.wrong', detail: {} }));
  await page.getByRole('textbox', { name: 'PIN that guards your codes' }).fill('000000');
  await page.keyboard.press('Enter');
  await expect(page.getByRole('alert').last()).toHaveText('Wrong PIN. Type it again.');
  await expect(page.getByRole('textbox', { name: 'PIN that guards your codes' })).toBeFocused();
  await look(page, 'app-export');
  bridge.on('code.export', () => ({ ok: false, code: 'guard.waiting', detail: { retryAfterSeconds: 30 } }));
  await page.keyboard.press('Enter');
  await expect(page.getByRole('alert').last()).toContainText('Wait 30 seconds, then try again.');
  bridge.on('code.export', () => ({ ok: true, value: null }));
  await page.getByRole('textbox', { name: 'PIN that guards your codes' }).fill('123456');
  await page.keyboard.press('Enter');
  await expect(page.getByRole('dialog')).toBeVisible();
  bridge.on('code.export', () => ({ ok: true, value: { path: '/home/amina/codes.doorstep', count: 1 } }));
  await page.keyboard.press('Enter');
  await expect(page.getByText('1 code is in /home/amina/codes.doorstep.')).toBeVisible();
  expect(bridge.requests('code.export').at(-1)).toEqual({ passphrase: 'one two three', pin: '123456' });
});

test('a key guards: what guards now is asked first, then a touch', async ({ page }) => {
  const bridge = await open(page, { exportGuard: 'pin', tokens: [token] });
  await page.getByRole('button', { name: 'Use my key' }).click();
  await expect(page.getByRole('textbox', { name: 'PIN that guards your codes' })).toBeFocused();
  await look(page, 'app-guard-key');
  let touch: (outcome: { ok: true; value: null }) => void = () => undefined;
  bridge.on('guard.use-key', () => new Promise((resolve) => (touch = resolve)));
  await page.keyboard.type('123456');
  await page.keyboard.press('Enter');
  await bridge.push({ prompt: { id: 2, about: { kind: 'export' }, prompt: { kind: 'touch', tokenIds: [token.id], purpose: 'use' } } });
  await expect(page.getByRole('dialog', { name: 'Touch your key' })).toBeVisible();
  await bridge.push({ prompt: null, exportGuard: 'key' });
  touch({ ok: true, value: null });
  await expect(page.getByText('Your key guards your codes now.')).toBeVisible();
  await expect(page.getByRole('dialog')).toHaveCount(0);
  expect(bridge.requests('guard.use-key')).toEqual([{ current: '123456' }]);
});

test('codes come in', async ({ page }) => {
  const bridge = await open(page, { codes: [] });
  await page.getByRole('button', { name: 'Bring codes in' }).click();
  await page.keyboard.press('Enter');
  await expect(page.getByRole('alert').last()).toHaveText('Type the passphrase of the file.');
  bridge.on('code.import', () => ({ ok: false, code: 'export.wrong-passphrase', detail: {} }));
  await page.keyboard.type('one two three');
  await page.keyboard.press('Enter');
  await expect(page.getByRole('alert').last()).toHaveText('That passphrase does not open this file. Type it again.');
  await look(page, 'app-import');
  bridge.on('code.import', () => ({ ok: true, value: { added: 12, known: 1 } }));
  await page.keyboard.press('Enter');
  await expect(page.getByText('12 codes are added. 1 was here already.')).toBeVisible();
});

test('says what is to be known once', async ({ page }) => {
  const bridge = await open(page, {
    waitingChanges: 2,
    notices: [
      { id: 'n1', kind: 'no-notifications', code: null, about: null },
      { id: 'n2', kind: 'no-tray', code: null, about: null },
      { id: 'n3', kind: 'change-refused', code: 'authenticator.last-way', about: 'Blue key' },
      { id: 'n4', kind: 'change-refused', code: null, about: null },
    ],
    policy: { approvals: true, approvalsStopped: true, codes: true },
  });
  await expect(page.getByText('Two changes wait for a connection.')).toBeVisible();
  await expect(page.getByText('Requests are stopped.')).toBeVisible();
  await expect(page.getByText('The change to Blue key was not made.')).toBeVisible();
  await expect(page.getByText('This is your last way in. Add another first.')).toBeVisible();
  await look(page, 'app-notices');
  await page.getByRole('button', { name: 'Got it: This desktop has no tray.' }).click();
  await expect.poll(() => bridge.requests('notice.dismiss')).toEqual([{ id: 'n2' }]);
});

for (const [because, wiped, words] of [
  ['removed', 'everything', 'Somebody removed it on your security page. Every code that was kept here is deleted.'],
  ['removed', 'doorstep', 'Codes of other sites are still here.'],
  ['copied', 'doorstep', 'The help desk knows.'],
  ['unknown', 'doorstep', 'This computer is not connected any more.'],
] as const) {
  test(`says why it was removed: ${because}, ${wiped}`, async ({ page }) => {
    const bridge = await FakeBridge.open(page, server.address, { ...paired, connection: 'removed', removal: { because, wiped } });
    await expect(page.getByRole('alert')).toContainText(words);
    await look(page, `app-removed-${because}-${wiped}`);
    await page.getByRole('button', { name: 'Connect again' }).click();
    await expect.poll(() => bridge.requests('pairing.disconnect').length).toBe(1);
  });
}

test('a request with a number is reviewed in its own window; a key answers it too', async ({ page }) => {
  const asked = { address: '192.0.2.7', browser: 'Firefox on Windows' };
  const request = { ...vpn, place: null, asked, number: { digits: 6, triesLeft: 3 } };
  const bridge = await FakeBridge.open(page, server.address, { ...paired, challenges: [request] });
  await expect(page.getByText('From Firefox on Windows, 192.0.2.7.')).toBeVisible();
  await look(page, 'app-home-review');
  await page.getByRole('button', { name: 'Review' }).click();
  await expect.poll(() => bridge.requests('approval.review')).toEqual([{ id: request.id }]);
  await page.getByRole('button', { name: 'Touch your key' }).click();
  await expect.poll(() => bridge.requests('challenge.answer')).toEqual([{ id: request.id }]);
  await bridge.push({ challenges: [{ ...request, byKey: false }] });
  await expect(page.getByRole('button', { name: 'Touch your key' })).toHaveCount(0);
  await page.getByRole('button', { name: 'Deny' }).click();
  await expect.poll(() => bridge.requests('approval.deny')).toEqual([{ id: request.id }]);
});
