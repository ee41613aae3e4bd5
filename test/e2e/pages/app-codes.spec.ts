/** The codes of the desktop window, over a bridge that the test holds and a clock that it moves. */
import { expect, type Page } from '@playwright/test';
import type { CodeDraft } from '../../../src/contract/codes.ts';
import type { AppState } from '../../../src/contract/ipc.ts';
import { type AppServer, serveApp } from './app-server.ts';
import {
  blueKey,
  doorCode,
  goneCode,
  libraryCode,
  northmoorCode,
  ownCodes,
  paired,
  payrollCode,
  shownCode,
  spareCodes,
  whiteToken,
} from './app-states.ts';
import { FakeBridge } from './fake-bridge.ts';
import { look, test } from './look.ts';

let server: AppServer;

test.beforeAll(async () => {
  server = await serveApp();
});
test.afterAll(async () => {
  await server.stop();
});

/** A whole half minute, so that periods begin on it. */
const START = Date.parse('2026-11-24T10:00:00.000Z');
const withCodes: AppState = {
  ...paired,
  authenticators: [blueKey, ownCodes, whiteToken, spareCodes],
  codes: [northmoorCode, libraryCode, payrollCode, doorCode, goneCode],
};

async function open(page: Page, state: AppState = withCodes, at = START): Promise<FakeBridge> {
  await page.emulateMedia({ reducedMotion: 'reduce' });
  await page.clock.setFixedTime(at);
  const bridge = new Promise<FakeBridge>((resolve) => void FakeBridge.open(page, server.address, state).then(resolve));
  const opened = await bridge;
  answerCodes(opened, page);
  await page.getByRole('button', { name: 'Codes', exact: true }).click();
  await expect(page.getByRole('heading', { level: 1, name: 'Codes' })).toBeFocused();
  return opened;
}

/** What main tells of the codes, by the clock of the page. */
function answerCodes(bridge: FakeBridge, page: Page): void {
  bridge.on('code.show', async () => {
    const time = await page.evaluate(() => Date.now());
    const from = time - (time % 30_000);
    const second = from > START + 29_999;
    return {
      ok: true,
      value: [
        shownCode(northmoorCode, from, second ? '318204' : '193204', second ? '555555' : '318204'),
        shownCode(libraryCode, from, '740586', '201377'),
        shownCode(payrollCode, from, '60318427', '11112222'),
      ],
    };
  });
}

const row = (page: Page, name: string) => page.getByRole('region', { name: 'Your codes' }).getByRole('listitem').filter({ hasText: name });
const menu = (page: Page, name: string) => page.getByRole('button', { name: `More for ${name}` });

test('shows each code, how long it lives, and the next one in its last seconds', async ({ page }) => {
  const bridge = await open(page);
  await page.clock.setFixedTime(START + 11_000);
  const northmoor = row(page, 'Northmoor sign-in');
  await expect(northmoor.getByText('1 9 3 2 0 4')).toBeAttached();
  await expect(northmoor.locator('.ring text')).toHaveText('19');
  await expect(northmoor).toContainText('Northmoor University, amina.yusuf');
  await expect(row(page, 'Payroll').getByText('6 0 3 1 8 4 2 7')).toBeAttached();
  await expect(row(page, 'Old portal')).toContainText('Its secret is not in the keychain any more.');
  await expect(page.getByRole('region', { name: 'Codes that are shown elsewhere' })).toContainText('White code token');
  await look(page, 'app-codes');
  await page.clock.setFixedTime(START + 26_000);
  await expect(northmoor.getByText('Next: 3 1 8 2 0 4')).toBeAttached();
  await expect(northmoor.locator('.ring text')).toHaveText('4');
  await look(page, 'app-codes-soon');
  const before = bridge.requests('code.show').length;
  await page.clock.setFixedTime(START + 30_500);
  await expect(northmoor.getByText('3 1 8 2 0 4')).toBeAttached();
  await expect.poll(() => bridge.requests('code.show').length).toBeGreaterThan(before);
  expect(bridge.requests('code.show').length).toBeLessThan(before + 4);
});

test('the seconds are counted for the eye alone; a screen reader hears them once, when the focus comes into the row', async ({ page }) => {
  await open(page);
  await page.clock.setFixedTime(START + 11_000);
  const library = row(page, 'Library');
  const ring = library.getByRole('img');
  await expect(ring).toHaveAccessibleName('A new code every 30 seconds');
  await ring.evaluate((element) => {
    const told: string[] = [];
    Object.assign(globalThis, { told });
    const listen = () => told.push(element.getAttribute('aria-label') ?? '');
    new MutationObserver(listen).observe(element, { attributes: true, attributeFilter: ['aria-label'] });
  });
  const told = () => page.evaluate(() => (globalThis as unknown as { told: string[] }).told);
  await page.clock.setFixedTime(START + 13_000);
  await expect(library.locator('.ring text')).toHaveText('17');
  expect(await told()).toEqual([]);
  const copy = page.getByRole('button', { name: 'Copy the code for Library' });
  await copy.focus();
  await expect(ring).toHaveAccessibleName('17 seconds left');
  await expect(copy).toHaveAccessibleDescription('17 seconds left');
  await page.clock.setFixedTime(START + 15_000);
  await expect(library.locator('.ring text')).toHaveText('15');
  await copy.blur();
  await expect(ring).toHaveAccessibleName('A new code every 30 seconds');
  expect(await told()).toEqual(['17 seconds left', 'A new code every 30 seconds']);
});

test('copies by the button, and by Enter what was found first', async ({ page }) => {
  const bridge = await open(page);
  bridge.on('code.copy', async () => ({ ok: true, value: { clearedAt: (await page.evaluate(() => Date.now())) + 30_000 } }));
  await page.getByRole('button', { name: 'Copy the code for Payroll' }).click();
  await expect(page.getByText('Code for Payroll copied. Cleared in 30 seconds.')).toBeVisible();
  await page.keyboard.press('Control+F');
  await expect(page.getByRole('searchbox', { name: 'Find a code' })).toBeFocused();
  await page.keyboard.type('lib');
  await expect(page.getByRole('region', { name: 'Your codes' }).getByRole('listitem')).toHaveCount(1);
  await look(page, 'app-codes-found');
  await page.keyboard.press('Enter');
  await expect.poll(() => bridge.requests('code.copy')).toEqual([{ id: payrollCode.id }, { id: libraryCode.id }]);
  await page.keyboard.press('Escape');
  await expect(page.getByRole('region', { name: 'Your codes' }).getByRole('listitem')).toHaveCount(5);
  await page.keyboard.type('nobody');
  await expect(page.getByText('No code has that name.')).toBeVisible();
});

test('a code that comes when asked: shown, copied, and the next one', async ({ page }) => {
  const bridge = await open(page);
  let counter = 0;
  bridge.on('code.next', () => {
    counter += 1;
    return { ok: true, value: { id: doorCode.id, code: counter === 1 ? '482913' : '111222', next: null, from: START, until: null } };
  });
  bridge.on('code.copy', () => ({ ok: true, value: { clearedAt: START + 30_000 } }));
  await page.getByRole('button', { name: 'Show a code: Workshop door' }).click();
  await expect(row(page, 'Workshop door').getByText('4 8 2 9 1 3')).toBeAttached();
  await look(page, 'app-codes-asked');
  await page.clock.setFixedTime(START + 31_000);
  await page.waitForTimeout(1_200);
  await expect(row(page, 'Workshop door').getByText('4 8 2 9 1 3')).toBeAttached();
  await page.getByRole('button', { name: 'Copy the code for Workshop door' }).click();
  await page.getByRole('button', { name: 'New code: Workshop door' }).click();
  await expect(row(page, 'Workshop door').getByText('1 1 1 2 2 2')).toBeAttached();
  expect(bridge.requests('code.next')).toHaveLength(2);
});

test('renames, moves by menu, by key and by hand, removes and brings back', async ({ page }) => {
  const bridge = await open(page);
  await menu(page, 'Library').click();
  await look(page, 'app-codes-menu');
  await page.getByRole('button', { name: 'Rename', exact: true }).click();
  await page.getByRole('textbox', { name: 'Name' }).fill('Books');
  await page.keyboard.press('Enter');
  await expect.poll(() => bridge.requests('code.rename')).toEqual([{ id: libraryCode.id, name: 'Books' }]);

  await menu(page, 'Northmoor sign-in').click();
  await page.getByRole('button', { name: 'Make first choice' }).click();
  await expect.poll(() => bridge.requests('authenticator.prefer')).toEqual([{ id: ownCodes.id }]);
  await bridge.push({ authenticators: withCodes.authenticators.map((one) => ({ ...one, preferred: one.id === ownCodes.id })) });
  await expect(row(page, 'Northmoor sign-in')).toContainText('First choice');

  await menu(page, 'Library').click();
  await page.getByRole('button', { name: 'Move up' }).click();
  await expect(page.getByText('Library is at place 1 now.')).toBeAttached();
  await page.getByRole('button', { name: 'Copy the code for Library' }).focus();
  await page.keyboard.press('Alt+ArrowDown');
  await row(page, 'Northmoor sign-in')
    .locator('.handle')
    .dragTo(row(page, 'Payroll'), { targetPosition: { x: 60, y: 60 } });
  await expect
    .poll(() => bridge.requests('code.move'))
    .toEqual([
      { id: libraryCode.id, to: 0 },
      { id: libraryCode.id, to: 2 },
      { id: northmoorCode.id, to: 2 },
    ]);

  bridge.on('code.remove', async () => {
    await bridge.push({
      codes: withCodes.codes.filter(({ id }) => id !== libraryCode.id),
      removedCode: { id: libraryCode.id, label: 'Library', until: START + 12_000 },
    });
    return { ok: true, value: { until: START + 12_000 } };
  });
  await menu(page, 'Library').click();
  await page.getByRole('button', { name: 'Remove', exact: true }).click();
  await expect(page.getByRole('dialog', { name: 'Remove the code for Library?' })).toContainText('Switch codes off at Library first');
  await expect(page.getByRole('button', { name: 'Keep it' })).toBeFocused();
  await look(page, 'app-codes-remove');
  await page.getByRole('button', { name: 'Remove Library' }).click();
  await expect(page.getByText('The code for Library is removed.')).toBeVisible();
  await expect(page.getByText(/You can bring it back until \d\d:\d\d:\d\d\./)).toBeVisible();
  await look(page, 'app-codes-removed');
  bridge.on('code.restore', async () => {
    await bridge.push({ codes: withCodes.codes, removedCode: null });
    return { ok: true, value: null };
  });
  await page.getByRole('button', { name: 'Bring it back' }).click();
  await expect(page.getByText('The code for Library is back.')).toBeVisible();
});

test('no codes yet, and Doorstep’s own', async ({ page }) => {
  const bridge = await open(page, { ...paired, authenticators: [blueKey] });
  await expect(page.getByText('No codes yet')).toBeVisible();
  await look(page, 'app-codes-empty');
  await page.getByRole('button', { name: 'Show codes here' }).click();
  await expect(page.getByLabel('Name of these codes')).toHaveValue('Codes in Doorstep');
  await look(page, 'app-codes-own');
  bridge.on('code.enroll-own', async () => {
    await bridge.push({ codes: [northmoorCode], authenticators: [blueKey, ownCodes] });
    return { ok: true, value: { id: northmoorCode.id } };
  });
  await page.keyboard.press('Enter');
  await expect(page.getByText('Your codes are ready. You can sign in with them now.')).toBeVisible();
  expect(bridge.requests('code.enroll-own')).toEqual([{ name: 'Codes in Doorstep' }]);
  await expect(page.getByRole('button', { name: 'Show codes here' })).toHaveCount(0);
});

test('codes are not offered where the organization does not allow them', async ({ page }) => {
  await open(page, { ...paired, policy: { approvals: true, approvalsStopped: false, codes: false } });
  await expect(page.getByText('No codes yet')).toBeVisible();
  await expect(page.getByRole('button', { name: 'Show codes here' })).toHaveCount(0);
});

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

test('adds one from the clipboard', async ({ page }) => {
  const bridge = await open(page);
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

test('adds some of an export in its parts, and says what cannot be kept', async ({ page }) => {
  const bridge = await open(page);
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

test('a part of the screen that was not chosen, and what was found and is not wanted', async ({ page }) => {
  const bridge = await open(page);
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

test('a link', async ({ page }) => {
  const bridge = await open(page);
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

test('a typed secret, with all there is to say of it', async ({ page }) => {
  const bridge = await open(page);
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

test('home shows the first codes, and goes where a menu of the system sends the person', async ({ page }) => {
  const bridge = await open(page);
  await page.getByRole('button', { name: 'Home', exact: true }).click();
  await page.clock.setFixedTime(START + 15_000);
  await expect(page.getByRole('region', { name: 'My codes' }).getByText('1 9 3 2 0 4')).toBeAttached();
  await expect(page.getByText('8 left')).toBeVisible();
  await expect(page.getByText('You can sign in three ways.')).toBeVisible();
  await look(page, 'app-home-codes');
  await bridge.push({ goTo: { screen: 'settings', number: 1 } });
  await expect(page.getByRole('heading', { level: 1, name: 'Settings' })).toBeVisible();
  await page.getByRole('button', { name: 'Home', exact: true }).click();
  await bridge.push({ waitingChanges: 1 });
  await expect(page.getByText('One change waits for a connection.')).toBeVisible();
  await bridge.push({ goTo: { screen: 'codes', number: 2 } });
  await expect(page.getByRole('heading', { level: 1, name: 'Codes' })).toBeVisible();
});

test('codes right to left, in forced colours and at twice the size', async ({ page }) => {
  await open(page);
  await page.clock.setFixedTime(START + 26_000);
  await page.evaluate(() => {
    document.documentElement.dir = 'rtl';
  });
  for (const width of [1100, 320]) {
    await page.setViewportSize({ width, height: 760 });
    await page.screenshot({ path: `test-results/screens/app-rtl-codes-${width}.png`, fullPage: true });
    expect(await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth)).toBeLessThanOrEqual(0);
  }
  await page.evaluate(() => {
    document.documentElement.dir = 'ltr';
    const sheet = new CSSStyleSheet();
    sheet.replaceSync('html { font-size: 200% }');
    document.adoptedStyleSheets = [sheet];
  });
  await page.setViewportSize({ width: 360, height: 640 });
  expect(await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth)).toBeLessThanOrEqual(0);
  await page.screenshot({ path: 'test-results/screens/app-codes-large-text.png', fullPage: true });
  await page.setViewportSize({ width: 1100, height: 760 });
  await page.emulateMedia({ forcedColors: 'active', colorScheme: 'dark', reducedMotion: 'reduce' });
  await page.screenshot({ path: 'test-results/screens/app-codes-forced-colours.png', fullPage: true });
});

test('codes that cannot be read: it says why, and asks again only when told', async ({ page }) => {
  const bridge = await FakeBridge.open(page, server.address, { ...withCodes, codes: [libraryCode] });
  bridge.on('code.show', () => ({ ok: false, code: 'keychain.locked', detail: {} }));
  await bridge.push({ codes: [libraryCode, payrollCode] });
  await page.getByRole('button', { name: 'Codes', exact: true }).click();
  await expect(page.getByRole('alert')).toContainText('The keychain is locked.');
  const asked = bridge.requests('code.show').length;
  await page.waitForTimeout(2_500);
  expect(bridge.requests('code.show')).toHaveLength(asked);
  await look(page, 'app-codes-locked');
  answerCodes(bridge, page);
  await page.getByRole('button', { name: 'Try again' }).click();
  await expect(row(page, 'Library').getByText('7 4 0 5 8 6')).toBeAttached();
  await expect(page.getByRole('alert')).toHaveCount(0);
});

test('codes behind a closed keychain: it is said once, nothing is asked of it, and they come when it is open', async ({ page }) => {
  const bridge = await FakeBridge.open(page, server.address, { ...withCodes, keychain: 'locked', codes: [libraryCode, payrollCode] });
  answerCodes(bridge, page);
  await page.getByRole('button', { name: 'Codes', exact: true }).click();
  await expect(page.getByText('The keychain is locked.')).toHaveCount(1);
  await expect(row(page, 'Library')).toContainText('Waits for the keychain');
  await look(page, 'app-codes-closed');
  expect(bridge.requests('code.show')).toEqual([]);
  bridge.on('keychain.retry', async () => {
    await bridge.push({ keychain: 'ready' });
    return { ok: true, value: null };
  });
  await page.getByRole('button', { name: 'Try again' }).click();
  await expect(row(page, 'Library').getByText('7 4 0 5 8 6')).toBeAttached();
  await expect(page.getByText('The keychain is locked.')).toHaveCount(0);
});

test('the last way in is not removed with its codes', async ({ page }) => {
  const bridge = await open(page, { ...withCodes, authenticators: [ownCodes, spareCodes] });
  await menu(page, 'Northmoor sign-in').click();
  await page.getByRole('button', { name: 'Remove', exact: true }).click();
  await expect(page.getByText('This is your last way in. Add another first.')).toBeVisible();
  await page.getByRole('button', { name: 'Keep it' }).click();
  expect(bridge.requests('code.remove')).toEqual([]);
});
