/** The codes of the desktop window: shown, copied, arranged, removed, and what they say when they cannot be read. */
import { expect } from '@playwright/test';
import { blueKey, doorCode, libraryCode, northmoorCode, ownCodes, paired, payrollCode, spareCodes } from './app-states.ts';
import { answerCodes, menu, row, START, test, withCodes } from './codes-page.ts';
import { FakeBridge } from './fake-bridge.ts';
import { look } from './look.ts';

test('shows each code, how long it lives, and the next one in its last seconds', async ({ page, open }) => {
  const bridge = await open();
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

test('the seconds are counted for the eye alone; a screen reader hears them once, when the focus comes into the row', async ({
  page,
  open,
}) => {
  await open();
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

test('copies by the button, and by Enter what was found first', async ({ page, open }) => {
  const bridge = await open();
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

test('a code that comes when asked: shown, copied, and the next one', async ({ page, open }) => {
  const bridge = await open();
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

test('renames, moves by menu, by key and by hand, removes and brings back', async ({ page, open }) => {
  const bridge = await open();
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

test('no codes yet, and Doorstep’s own', async ({ page, open }) => {
  const bridge = await open({ ...paired, authenticators: [blueKey] });
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

test('codes are not offered where the organization does not allow them', async ({ page, open }) => {
  await open({ ...paired, policy: { approvals: true, approvalsStopped: false, codes: false } });
  await expect(page.getByText('No codes yet')).toBeVisible();
  await expect(page.getByRole('button', { name: 'Show codes here' })).toHaveCount(0);
});

test('home shows the first codes, and goes where a menu of the system sends the person', async ({ page, open }) => {
  const bridge = await open();
  await page.getByRole('button', { name: 'Home', exact: true }).click();
  await page.clock.setFixedTime(START + 15_000);
  await expect(page.getByRole('region', { name: 'My codes' }).getByText('1 9 3 2 0 4')).toBeAttached();
  await expect(page.getByRole('region', { name: 'My codes' })).toContainText('Old portal');
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

test('codes right to left, in forced colours and at twice the size', async ({ page, open }) => {
  await open();
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

test('codes that cannot be read: it says why, and asks again only when told', async ({ page, server }) => {
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

test('codes behind a closed keychain: it is said once, nothing is asked of it, and they come when it is open', async ({ page, server }) => {
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

test('the last way in is not removed with its codes', async ({ page, open }) => {
  const bridge = await open({ ...withCodes, authenticators: [ownCodes, spareCodes] });
  await menu(page, 'Northmoor sign-in').click();
  await page.getByRole('button', { name: 'Remove', exact: true }).click();
  await expect(page.getByText('This is your last way in. Add another first.')).toBeVisible();
  await page.getByRole('button', { name: 'Keep it' }).click();
  expect(bridge.requests('code.remove')).toEqual([]);
});
