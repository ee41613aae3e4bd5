/** The window that asks for the number, over a bridge that the test holds. */
import { expect, type Page } from '@playwright/test';
import type { AppState, ReviewEnd } from '../../../src/contract/ipc.ts';
import { type AppServer, serveApp } from './app-server.ts';
import { approvalRequest, inMinutes, paired, token } from './app-states.ts';
import { FakeBridge } from './fake-bridge.ts';
import { look, test } from './look.ts';

let server: AppServer;

test.beforeAll(async () => {
  server = await serveApp();
});
test.afterAll(async () => {
  await server.stop();
});

/** Size of the window, by the look. */
test.use({ viewport: { width: 432, height: 656 } });

/** The first half second belongs to what stood on the screen before. */
const QUIET = 550;

const asking: AppState = { ...paired, challenges: [approvalRequest], review: { challenge: approvalRequest, ended: null } };

async function open(page: Page, state: AppState = asking): Promise<FakeBridge> {
  await page.emulateMedia({ reducedMotion: 'reduce' });
  const bridge = await FakeBridge.open(page, `${server.address}approval.html`, state);
  await expect(page.getByRole('heading', { level: 1 })).toBeVisible();
  await page.waitForTimeout(QUIET);
  return bridge;
}

const field = (page: Page) => page.getByLabel('Type the number from the sign-in page');
const approve = (page: Page) => page.getByRole('button', { name: 'Approve' });

test('asks the question as its heading, and says who, where and when', async ({ page }) => {
  await open(page);
  await expect(page.getByRole('heading', { level: 1 })).toHaveText('Library asks: is this you?');
  await expect(page).toHaveTitle('Library asks: is this you?');
  await expect(page.getByRole('definition').nth(0)).toContainText('Amina Yusuf');
  await expect(page.getByRole('definition').nth(1)).toContainText('The Leeds area');
  await expect(page.getByRole('definition').nth(1)).toContainText('Firefox on Windows, 192.0.2.7');
  await expect(page.getByRole('definition').nth(2)).toContainText('1 minute ago');
  await expect(page.getByText(/Ends at \d\d:\d\d, in 9 minutes\. Closing this window means Deny\./)).toBeVisible();
  await expect(field(page)).toBeFocused();
  await page.screenshot({ path: 'test-results/screens/app-approval-window.png' });
  await look(page, 'app-approval');
});

test('Approve waits for six digits and says why; Enter approves only then', async ({ page }) => {
  const bridge = await open(page);
  await page.keyboard.type('4829');
  await expect(approve(page)).toHaveAttribute('aria-disabled', 'true');
  await page.keyboard.press('Enter');
  await expect(page.getByText('Type all 6 digits first. 4 of them are there.')).toBeVisible();
  expect(bridge.requests('approval.approve')).toEqual([]);
  await look(page, 'app-approval-typing');
  await page.keyboard.type('13');
  await expect(approve(page)).not.toHaveAttribute('aria-disabled', 'true');
  expect(bridge.requests('approval.approve'), 'it never submits by itself').toEqual([]);
  await look(page, 'app-approval-ready');
  await page.keyboard.press('Enter');
  await expect.poll(() => bridge.requests('approval.approve')).toEqual([{ id: approvalRequest.id, number: '482913' }]);
});

test('takes a pasted number with spaces, other digits, and nothing else', async ({ page, context }) => {
  await context.grantPermissions(['clipboard-read', 'clipboard-write']);
  const bridge = await open(page);
  await page.evaluate(() => navigator.clipboard.writeText(' 482 913 \n'));
  await page.keyboard.press('Control+V');
  await expect(field(page)).toHaveValue('482913');
  await page.keyboard.press('Control+A');
  await page.keyboard.type('ab-٤٨٢ 9');
  await expect(field(page)).toHaveValue('4829');
  await page.keyboard.press('Home');
  await page.keyboard.press('Delete');
  await page.keyboard.type('1');
  await expect(field(page)).toHaveValue('1829');
  await page.keyboard.press('End');
  await page.keyboard.type('135');
  await expect(field(page)).toHaveValue('182913');
  await approve(page).click();
  await expect.poll(() => bridge.requests('approval.approve').at(-1)).toEqual({ id: approvalRequest.id, number: '182913' });
});

test('a wrong number: cleared, focused, tries named, and the message stays until the next digit', async ({ page }) => {
  const bridge = await open(page);
  bridge.on('approval.approve', () => ({ ok: false, code: 'approval.number-wrong', detail: { triesLeft: 2 } }));
  await page.keyboard.type('482914');
  await page.keyboard.press('Enter');
  await expect(page.getByRole('alert')).toContainText('That number is not on the page. 2 tries left.');
  await expect(page.getByRole('alert')).toContainText('Check that the page says Library, then read the number again.');
  await expect(field(page)).toHaveValue('');
  await expect(field(page)).toBeFocused();
  await expect(field(page)).toHaveAttribute('aria-invalid', 'true');
  await look(page, 'app-approval-wrong');
  await page.keyboard.type('4');
  await expect(page.getByRole('alert')).toHaveCount(0);
});

test('Escape is Deny; so is the button', async ({ page }) => {
  const bridge = await open(page);
  await page.keyboard.press('Escape');
  await expect.poll(() => bridge.requests('approval.deny')).toEqual([{ id: approvalRequest.id }]);
  await page.getByRole('button', { name: 'Deny' }).click();
  await expect.poll(() => bridge.requests('approval.deny').length).toBe(2);
});

test('keys of the first half second were meant for another window', async ({ page }) => {
  await page.clock.install();
  const bridge = await FakeBridge.open(page, `${server.address}approval.html`, asking);
  await expect(field(page)).toBeFocused();
  await page.keyboard.type('48');
  await page.keyboard.press('Escape');
  await expect(field(page)).toHaveValue('');
  await page.clock.runFor(600);
  await page.keyboard.type('48');
  await expect(field(page)).toHaveValue('48');
  expect(bridge.requests('approval.deny')).toEqual([]);
});

test('this wasn’t me', async ({ page }) => {
  const bridge = await open(page);
  bridge.on('approval.not-me', async () => {
    await bridge.push({ challenges: [], review: { challenge: approvalRequest, ended: 'reported' } });
    return { ok: true, value: null };
  });
  await page.getByRole('button', { name: 'This wasn’t me' }).click();
  await expect(page.getByRole('heading', { level: 1 })).toHaveText('Requests are stopped');
  expect(bridge.requests('approval.not-me')).toEqual([{ id: approvalRequest.id }]);
});

const ends: readonly [ReviewEnd, string, string][] = [
  ['approved', 'Library lets you in', 'You approved it'],
  ['denied', 'You denied it', 'Nobody was let in'],
  ['reported', 'Requests are stopped', 'The help desk knows.'],
  ['expired', 'This request has ended', 'Library waited 10 minutes for an answer.'],
  ['canceled', 'This request has ended', 'The page that asked was left.'],
  ['too-many-wrong', 'This request has ended', 'The number was wrong three times.'],
  ['elsewhere', 'Answered elsewhere', 'Another of your computers answered it'],
];
for (const [end, heading, words] of ends) {
  test(`ended: ${end}`, async ({ page }) => {
    const bridge = await open(page);
    await page.keyboard.type('48');
    await bridge.push({ challenges: [], review: { challenge: approvalRequest, ended: end } });
    await expect(page.getByRole('heading', { level: 1 })).toHaveText(heading);
    await expect(page.getByText(words)).toBeVisible();
    await expect(page.getByRole('button', { name: 'Close' })).toBeFocused();
    await look(page, `app-approval-${end}`);
    await page.keyboard.press(end === 'expired' ? 'Escape' : 'Enter');
    await expect.poll(() => bridge.requests('approval.close').length).toBe(1);
  });
}

test('a fault that is not the number stays with its words', async ({ page }) => {
  const bridge = await open(page);
  bridge.on('approval.approve', () => ({ ok: false, code: 'backend.unreachable', detail: {} }));
  await page.keyboard.type('482913');
  await page.keyboard.press('Enter');
  await expect(page.getByRole('alert')).toContainText('No connection.');
  await expect(field(page)).toHaveValue('482913');
  await look(page, 'app-approval-offline');
});

test('names from elsewhere are names and nothing more', async ({ page }) => {
  const challenge = {
    ...approvalRequest,
    serviceName: `<b>Bank</b>\u202e\n${'long '.repeat(2_000)}`,
    place: `\u2066<img src=x onerror=alert(1)>${'far'.repeat(500)}`,
    asked: { address: '2001:db8:1234:5678:9abc:def0:1234:5678', browser: 'x'.repeat(4_000) },
  };
  await open(page, { ...asking, review: { challenge, ended: null } });
  await expect(page.getByRole('heading', { level: 1 })).toContainText('<b>Bank</b> long long');
  await expect(page.locator('img')).toHaveCount(0);
  await look(page, 'app-approval-hostile-names');
});

test('a request that wants a key instead of a number', async ({ page }) => {
  const challenge = { ...approvalRequest, number: null, byKey: true, place: null, asked: null };
  const bridge = await open(page, { ...asking, tokens: [token], review: { challenge, ended: null } });
  await expect(page.getByRole('definition').nth(1)).toHaveText('Not known');
  await look(page, 'app-approval-by-key');
  await page.getByRole('button', { name: 'Touch your key' }).click();
  await expect.poll(() => bridge.requests('challenge.answer')).toEqual([{ id: challenge.id }]);
  await bridge.push({
    prompt: {
      id: 3,
      about: { kind: 'challenge', serviceName: 'Library' },
      prompt: { kind: 'touch', tokenIds: [token.id], purpose: 'use' },
    },
  });
  await expect(page.getByRole('dialog', { name: 'Library asks: is this you?' })).toBeVisible();
  await page.keyboard.press('Escape');
  await expect.poll(() => bridge.requests('prompt.answer')).toEqual([{ promptId: 3, answer: { kind: 'cancel' } }]);
  expect(bridge.requests('approval.deny')).toEqual([]);
});

test('its end is said once more a minute before', async ({ page }) => {
  const soon = { ...approvalRequest, expiresAt: inMinutes(0.9) };
  await open(page, { ...asking, review: { challenge: soon, ended: null } });
  await expect(page.getByRole('status')).toHaveText('It ends in less than a minute.');
});

test('forced colours and right to left', async ({ page }) => {
  await page.emulateMedia({ forcedColors: 'active', colorScheme: 'dark', reducedMotion: 'reduce' });
  await FakeBridge.open(page, `${server.address}approval.html`, asking);
  await expect(field(page)).toBeFocused();
  await page.waitForTimeout(QUIET);
  await page.keyboard.type('4829');
  expect(await approve(page).evaluate((button) => getComputedStyle(button).borderTopStyle)).toBe('dashed');
  await page.screenshot({ path: 'test-results/screens/app-approval-forced-colours.png', fullPage: true });
  await page.emulateMedia({ forcedColors: 'none', colorScheme: 'light' });
  await page.evaluate(() => {
    document.documentElement.dir = 'rtl';
  });
  await page.screenshot({ path: 'test-results/screens/app-approval-rtl.png', fullPage: true });
  const [first, last] = await page
    .locator('.box')
    .evaluateAll((boxes) => [boxes[0], boxes.at(-1)].map((one) => one?.getBoundingClientRect().x));
  expect(first ?? 0).toBeLessThan(last ?? 0);
});

test('nothing to ask: it says so', async ({ page }) => {
  await open(page, paired);
  await expect(page.getByRole('heading', { level: 1 })).toHaveText('Nothing asks for you');
  await look(page, 'app-approval-nothing');
});

test('a window that comes back says how many tries are left', async ({ page }) => {
  await open(page, { ...asking, review: { challenge: { ...approvalRequest, number: { digits: 6, triesLeft: 1 } }, ended: null } });
  await expect(page.getByText(/1 try left\. Ends at/)).toBeVisible();
});
