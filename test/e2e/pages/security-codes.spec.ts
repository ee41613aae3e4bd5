/** Codes, spare codes, numbers and stopped requests against the real backend: the pages, a clock that the test moves, a desktop. */
import { expect, type Page } from '@playwright/test';
import type { CodeEnrollment } from '../../../src/contract/http/codes.ts';
import type { DeviceSnapshot } from '../../../src/contract/http/shapes.ts';
import { Browser, Desktop } from '../../support/backend.ts';
import { type Giver, giverOf, step } from '../../support/codes.ts';
import { look, test } from './look.ts';
import { servePages } from './serve-pages.ts';
import { givePassword, signOut } from './visitor.ts';

const SECOND = 1_000;
const pages = servePages();

/** What the page is told of the next enrollment, as the app that takes its picture would know it. */
function nextEnrollment(page: Page): Promise<Giver> {
  return page
    .waitForResponse((response) => response.url().endsWith('/v1/authenticators/codes') && response.status() === 201)
    .then(async (response) => giverOf((await response.json()) as CodeEnrollment));
}

const codeNow = (giver: Giver) => giver.at(step(giver, pages.backend.clock.now()));
const field = (page: Page) => page.getByLabel('Code that it shows now');
const signInField = (page: Page) => page.getByLabel('Code from Doorstep or your code token');

async function add(page: Page, way: RegExp): Promise<void> {
  await page.getByRole('button', { name: 'Add a way' }).click();
  await page.getByRole('button', { name: way }).click();
}

/** A paired desktop of the person whose page this is. */
async function pairDesktop(page: Page): Promise<Desktop> {
  await add(page, /Doorstep on a computer/);
  const code = await page.getByRole('dialog').locator('.code [aria-hidden]').textContent();
  const desktop = new Desktop(pages.backend);
  desktop.now = () => pages.backend.clock.now();
  expect((await desktop.pair(code ?? '', 'Office PC')).status).toBe(201);
  await expect(page.getByText('Office PC is connected.')).toBeVisible();
  await desktop.hello();
  return desktop;
}

async function waiting(desktop: Desktop) {
  const { challenges } = (await desktop.call<DeviceSnapshot>('deviceSnapshot')).body;
  const [challenge] = challenges;
  if (challenge === undefined) throw new Error('no request waits');
  return challenge;
}

test('codes: the picture or the letters, proved by one, then used to sign in, each once', async ({ page }) => {
  const { account } = await pages.enter(page);
  const enrollment = nextEnrollment(page);
  await add(page, /^Codes/);
  const giver = await enrollment;
  await expect(page.getByRole('img', { name: 'Picture with the secret of your codes' })).toBeVisible();
  await expect(page.getByText('Time-based (TOTP), SHA-1, 6 digits, 30 seconds.')).toBeVisible();
  await expect(page.locator('.typed')).toHaveText((giver.enrollment.secret.match(/.{1,4}/g) ?? []).join(' '));
  await expect(field(page)).toBeVisible();
  await look(page, 'web-add-codes');
  await page.getByRole('button', { name: 'Add these codes' }).click();
  await expect(page.getByRole('alert')).toContainText('Type the code that it shows.');
  await expect(field(page)).toBeFocused();
  await page.keyboard.type('000000');
  await page.keyboard.press('Enter');
  await expect(page.getByRole('alert')).toContainText('That code did not work.');
  await expect(field(page)).toHaveValue('');
  await look(page, 'web-add-codes-wrong');
  await page.keyboard.type(codeNow(giver));
  await page.keyboard.press('Enter');
  await expect(page.getByText('My codes is added. You can sign in with its codes now.')).toBeVisible();
  await expect(page.getByText('You have two ways.')).toBeVisible();
  await page.getByRole('button', { name: 'Make first choice: My codes' }).click();
  await expect(page.getByText('My codes is your first choice now.')).toBeVisible();
  await look(page, 'web-security-codes');
  await signOut(page);

  await givePassword(page, account);
  await expect(signInField(page)).toBeFocused();
  await page.keyboard.type(codeNow(giver));
  await page.keyboard.press('Enter');
  await expect(page.getByRole('alert')).toContainText('That code did not work.');
  pages.backend.clock.advance(30 * SECOND);
  const code = codeNow(giver);
  await page.keyboard.type(`${code.slice(0, 3)} ${code.slice(3)}`);
  await page.keyboard.press('Enter');
  await expect(page.getByRole('heading', { level: 1, name: 'Your ways to sign in' })).toBeVisible();
});

test('codes that come when asked', async ({ page }) => {
  await pages.enter(page);
  await add(page, /^Codes/);
  await expect(field(page)).toBeVisible();
  const enrollment = nextEnrollment(page);
  await page.getByRole('button', { name: 'Mine gives a code each time I ask' }).click();
  const giver = await enrollment;
  await expect(page.getByText('Counter-based (HOTP), SHA-1, 6 digits.')).toBeVisible();
  expect(giver.enrollment.kind).toBe('hotp');
  await page.getByLabel('Name of these codes').fill('White token');
  await field(page).fill(giver.at(0));
  await page.keyboard.press('Enter');
  await expect(page.getByText('White token is added.')).toBeVisible();
});

test('codes as the first way, with no key at all', async ({ page }) => {
  const account = await pages.somebody();
  await page.goto(`${pages.backend.origin}/sign-in`);
  await givePassword(page, account);
  const enrollment = nextEnrollment(page);
  await page.getByRole('button', { name: 'Use codes instead' }).click();
  const giver = await enrollment;
  await field(page).fill(codeNow(giver));
  await page.getByRole('button', { name: 'Add these codes' }).click();
  await expect(page.getByRole('heading', { level: 1, name: 'Your codes work' })).toBeVisible();
  await look(page, 'web-first-codes-done');
  await page.getByRole('button', { name: 'See your ways to sign in' }).click();
  await expect(page.getByText('You have one way.')).toBeVisible();
  await page.getByRole('button', { name: 'More for My codes' }).click();
  await page.getByRole('button', { name: 'Remove', exact: true }).click();
  await expect(page.getByText('This is your last way in. Add another first.')).toBeVisible();
});

test('spare codes: a sheet that is shown once, prints alone, and lets in', async ({ page }) => {
  const { account } = await pages.enter(page);
  await expect(page.getByText('You have none yet.')).toBeVisible();
  await page.getByRole('button', { name: 'Print a set' }).click();
  await expect(page.getByRole('heading', { level: 1, name: 'Spare codes' })).toBeFocused();
  const codes = await page.locator('.sheet .mono').allTextContents();
  expect(codes).toHaveLength(10);
  await look(page, 'web-sheet');
  await page.emulateMedia({ media: 'print' });
  await expect(page.getByRole('button', { name: 'Print', exact: true })).toBeHidden();
  await expect(page.getByRole('contentinfo')).toBeHidden();
  await page.pdf({ path: 'test-results/screens/web-sheet.pdf', format: 'A4', preferCSSPageSize: false });
  await page.screenshot({ path: 'test-results/screens/web-sheet-print.png', fullPage: true });
  await page.emulateMedia({ media: 'screen' });
  await page.getByRole('button', { name: 'I have them' }).click();
  await expect(page.getByText('10 left.').first()).toBeVisible();
  await expect(page.getByText(codes[0] ?? '?')).toHaveCount(0);
  await signOut(page);

  await givePassword(page, account);
  await page.getByRole('button', { name: /A spare code/ }).click();
  await page.keyboard.type((codes[3] ?? '').toLowerCase().replaceAll('-', ' '));
  await page.keyboard.press('Enter');
  await expect(page.getByText('9 left.').first()).toBeVisible();

  // A new set replaces this one, after a question.
  await page.getByRole('button', { name: 'Print a new set' }).click();
  await expect(page.getByRole('button', { name: 'Keep the old ones' })).toBeFocused();
  await look(page, 'web-new-sheet');
  await page.getByRole('button', { name: 'Make new codes' }).click();
  await expect(page.getByText(/This set replaces the one of \d+ \w+ \d{4}\./)).toBeVisible();
  await page.getByRole('button', { name: 'I have them' }).click();
  await signOut(page);
  await givePassword(page, account);
  await page.getByRole('button', { name: /A spare code/ }).click();
  await page.keyboard.type(codes[4] ?? '');
  await page.keyboard.press('Enter');
  await expect(page.getByRole('alert')).toHaveText('That spare code did not work. Type another one from the sheet.');
});

test('the number: typed at the desktop, and the page goes on; wrong three times, denied', async ({ page }) => {
  const { account } = await pages.enter(page);
  const desktop = await pairDesktop(page);
  await page.getByRole('button', { name: 'Make first choice: Office PC' }).click();
  await expect(page.getByText('Office PC is your first choice now.')).toBeVisible();
  await signOut(page);

  await givePassword(page, account);
  const shown = page.locator('.digits .unseen');
  const number = async () => ((await shown.textContent()) ?? '').replaceAll(' ', '');
  await expect(page.getByText('Waiting for you. This page moves on by itself.')).toBeVisible();
  await desktop.approve(await waiting(desktop), await number());
  await expect(page.getByRole('heading', { level: 1, name: 'Your ways to sign in' })).toBeVisible();
  await signOut(page);

  await givePassword(page, account);
  await expect(page.getByText('Waiting for you. This page moves on by itself.')).toBeVisible();
  const asked = await waiting(desktop);
  expect(asked.asked?.browser).toMatch(/Chrom/);
  const wrong = (await number()) === '000000' ? '000001' : '000000';
  for (let tries = 0; tries < 3; tries += 1) await desktop.approve(asked, wrong);
  await expect(page.getByText('Nobody was let in')).toBeVisible();
  // Three wrong numbers count like a denial: asking again at once is held back.
  await page.getByRole('button', { name: 'Ask again' }).click();
  await expect(page.getByRole('alert')).toContainText(/Wait .*, then try again\./);
});

test('the number ends with its time, and another can be had', async ({ page }) => {
  const { account } = await pages.enter(page);
  const desktop = await pairDesktop(page);
  await signOut(page);
  await givePassword(page, account);
  await page.getByRole('button', { name: /Doorstep on your computer/ }).click();
  await expect(page.getByText('Waiting for you. This page moves on by itself.')).toBeVisible();
  const first = await waiting(desktop);
  pages.backend.clock.advance(301 * SECOND);
  await expect(page.getByText('Nobody was let in')).toBeVisible({ timeout: 40_000 });
  await expect(page.getByText(/The number ended at \d\d:\d\d\./)).toBeVisible();
  await page.getByRole('button', { name: 'Ask again' }).click();
  await expect(page.getByText('Waiting for you. This page moves on by itself.')).toBeVisible();
  const second = await waiting(desktop);
  expect(second.id).not.toBe(first.id);

  // Another way is taken: nobody has to answer any more.
  await page.getByRole('button', { name: /A security key/ }).click();
  await expect.poll(async () => (await desktop.call<DeviceSnapshot>('deviceSnapshot')).body.challenges).toEqual([]);
});

test('this wasn’t me: the half sign-in ends, computers are not asked, and a key opens requests again', async ({ page }) => {
  const { account } = await pages.enter(page);
  const desktop = await pairDesktop(page);

  const thief = new Browser(pages.backend);
  await thief.password(account.username, account.password);
  const begun = await thief.call('beginApproval', { body: {} });
  expect(begun.status).toBe(201);
  expect((await desktop.decide(await waiting(desktop), 'not-me')).status).toBe(204);
  expect((await thief.call('beginApproval', { body: {} })).status).toBe(401);

  await page.reload();
  await expect(page.getByText('Requests are stopped')).toBeVisible();
  await look(page, 'web-security-stopped');
  await page.getByRole('button', { name: 'Open requests again' }).click();
  await expect(page.getByText('Requests are open again.')).toBeVisible();
  await expect(page.getByText('Requests are stopped')).toHaveCount(0);
});

test('a change that wants it fresh takes any way', async ({ page }) => {
  const { account } = await pages.enter(page);
  const enrollment = nextEnrollment(page);
  await add(page, /^Codes/);
  const giver = await enrollment;
  await field(page).fill(codeNow(giver));
  await page.keyboard.press('Enter');
  await expect(page.getByText('My codes is added.')).toBeVisible();
  pages.backend.clock.advance(11 * 60 * SECOND);
  await page.getByRole('button', { name: 'More for My key' }).click();
  await page.getByRole('button', { name: 'Remove', exact: true }).click();
  await page.getByRole('button', { name: 'Remove My key' }).click();
  const dialog = page.getByRole('dialog', { name: 'Is it still you?' });
  await dialog.getByRole('button', { name: /A code/ }).click();
  await look(page, 'web-fresh-code');
  await page.keyboard.type(codeNow(giver));
  await page.keyboard.press('Enter');
  await expect(page.getByText('My key is removed.')).toBeVisible();
  await signOut(page);
  await givePassword(page, account);
  await expect(signInField(page)).toBeFocused();
  await expect(page.getByRole('navigation', { name: 'Other ways' })).toHaveCount(0);
});

test('requests are opened again by a key alone', async ({ page }) => {
  const { account } = await pages.enter(page);
  const desktop = await pairDesktop(page);
  await page.getByRole('button', { name: 'Print a set' }).click();
  const [code = ''] = await page.locator('.sheet .mono').allTextContents();
  await page.getByRole('button', { name: 'I have them' }).click();
  const thief = new Browser(pages.backend);
  await thief.password(account.username, account.password);
  await thief.call('beginApproval', { body: {} });
  await desktop.decide(await waiting(desktop), 'not-me');
  await signOut(page);
  await givePassword(page, account);
  await expect(page.getByRole('button', { name: /Doorstep on your computer/ })).toHaveCount(0);
  await page.getByRole('button', { name: /A spare code/ }).click();
  await page.keyboard.type(code);
  await page.keyboard.press('Enter');
  await page.getByRole('button', { name: 'Open requests again' }).click();
  const dialog = page.getByRole('dialog', { name: 'Is it still you?' });
  await expect(dialog.getByRole('navigation', { name: 'Other ways' })).toHaveCount(0);
  await dialog.getByRole('button', { name: 'Use my key' }).click();
  await expect(page.getByText('Requests are open again.')).toBeVisible();
});

test('the number for a service, and back to it', async ({ page }) => {
  const { account } = await pages.enter(page);
  const desktop = await pairDesktop(page);
  await page.getByRole('button', { name: 'Make first choice: Office PC' }).click();
  await expect(page.getByText('Office PC is your first choice now.')).toBeVisible();
  await signOut(page);
  const back = `${pages.backend.origin}/help`;
  const library = await pages.backend.addService('Library', [back]);
  const { id, signInUrl } = (await library.call<{ id: string; signInUrl: string }>('createChallenge', { body: { returnTo: back } })).body;
  await page.goto(signInUrl);
  await givePassword(page, account);
  await expect(page.getByText('Waiting for you. This page moves on by itself.')).toBeVisible();
  const request = await waiting(desktop);
  expect(request.serviceName).toBe('Library');
  const number = ((await page.locator('.digits .unseen').textContent()) ?? '').replaceAll(' ', '');
  await desktop.approve(request, number);
  await expect(page).toHaveURL((url) => url.pathname === '/help' && url.searchParams.get('challenge') === id);
});

test('the security page and the sheet right to left, and in forced colours', async ({ page }) => {
  await pages.enter(page);
  await page.getByRole('button', { name: 'Print a set' }).click();
  await page.getByRole('button', { name: 'I have them' }).click();
  const turn = () =>
    page.evaluate(() => {
      document.documentElement.dir = 'rtl';
    });
  const overflows = () => page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
  await turn();
  for (const width of [1100, 320]) {
    await page.setViewportSize({ width, height: 760 });
    await page.screenshot({ path: `test-results/screens/web-security-rtl-${width}.png`, fullPage: true });
    expect(await overflows()).toBeLessThanOrEqual(0);
  }
  await page.getByRole('button', { name: 'Print a new set' }).click();
  await page.getByRole('button', { name: 'Make new codes' }).click();
  await expect(page.getByRole('heading', { level: 1, name: 'Spare codes' })).toBeVisible();
  await page.screenshot({ path: 'test-results/screens/web-sheet-rtl-320.png', fullPage: true });
  expect(await overflows()).toBeLessThanOrEqual(0);
  await page.getByRole('button', { name: 'I have them' }).click();
  await page.emulateMedia({ forcedColors: 'active', colorScheme: 'dark', reducedMotion: 'reduce' });
  await page.getByRole('button', { name: 'Add a way' }).click();
  await page.getByRole('button', { name: /^Codes/ }).click();
  const picture = page.getByRole('img', { name: 'Picture with the secret of your codes' });
  await expect(picture).toBeVisible();
  expect(await picture.locator('.paper').evaluate((paper) => getComputedStyle(paper).fill)).toBe('rgb(255, 255, 255)');
  await page.screenshot({ path: 'test-results/screens/web-add-codes-forced.png' });
});
