/** Every way of the second step and what can go wrong with it: the built pages, with a backend that the test holds. */
import { expect, type Page } from '@playwright/test';
import type { ApprovalRequest } from '../../../src/contract/http/approvals.ts';
import type { ChallengeState, Session } from '../../../src/contract/http/shapes.ts';
import { type AppServer, serveWeb } from './app-server.ts';
import { inMinutes } from './app-states.ts';
import { FakeApi } from './fake-api.ts';
import { look, test } from './look.ts';

let server: AppServer;

test.beforeAll(async () => {
  server = await serveWeb();
});
test.afterAll(async () => {
  await server.stop();
});

const half: Session = {
  state: 'password',
  organization: { name: 'Northmoor University', origin: 'https://id.northmoor.example', rpId: 'id.northmoor.example' },
  person: { id: 'amina'.padEnd(22, '0'), username: 'amina.yusuf', displayName: 'Amina Yusuf' },
  ways: ['security-key', 'desktop', 'totp', 'hotp', 'recovery-codes'],
  preferred: null,
  service: null,
  returnTo: null,
};
const id = 'approval'.padEnd(22, '0');
const request = (): ApprovalRequest => ({
  id,
  number: '482913',
  serviceName: 'VPN',
  place: 'Leeds area',
  createdAt: inMinutes(0),
  expiresAt: inMinutes(5),
});

async function open(page: Page, session: Partial<Session> = {}): Promise<FakeApi> {
  const api = await FakeApi.stand(page);
  api.on('session', { body: { ...half, ...session } });
  await page.goto(`${server.address}sign-in`);
  await expect(page.getByRole('heading', { level: 1, name: 'Is it really you?' })).toBeVisible();
  return api;
}

/** An approval that waits until the test decides. */
function waiting(api: FakeApi) {
  let decide: (state: ChallengeState) => void = () => undefined;
  const decided = new Promise<ChallengeState>((resolve) => (decide = resolve));
  api.on('approval', async () => ({ body: { id, state: await decided, expiresAt: inMinutes(5) } }));
  return { decide: (state: ChallengeState) => decide(state) };
}

const way = (page: Page, name: string) => page.getByRole('navigation', { name: 'Other ways' }).getByRole('button', { name });

test('kinds of ways only, the first choice first', async ({ page }) => {
  const api = await open(page, { preferred: 'totp' });
  await expect(page.getByLabel('Code from Doorstep or your code token')).toBeFocused();
  const others = page.getByRole('navigation', { name: 'Other ways' }).getByRole('button');
  await expect(others).toHaveText([/A security key/, /Doorstep on your computer/, /A spare code/]);
  await look(page, 'web-second-code');
  await way(page, 'A spare code').click();
  await expect(page.getByLabel('Spare code from your sheet')).toBeFocused();
  await look(page, 'web-second-spare-code');
  await way(page, 'A security key').click();
  await expect(page.getByRole('heading', { level: 1 })).toBeFocused();
  await look(page, 'web-second-key');
  expect(api.bodies('beginApproval')).toEqual([]);
});

test('the number: shown big, read digit by digit, and the page moves on by itself', async ({ page }) => {
  const api = await FakeApi.stand(page);
  api.on('session', { body: { ...half, preferred: 'desktop' } });
  api.on('beginApproval', () => ({ status: 201, body: request() }));
  const { decide } = waiting(api);
  await page.goto(`${server.address}sign-in`);
  await expect(page.getByText('Type this number in Doorstep')).toBeVisible();
  await expect(page.getByText('4 8 2 9 1 3')).toBeAttached();
  await expect(page.getByText('VPN asks, Leeds area.')).toBeVisible();
  await expect(page.getByText(/On your own computer\. It ends at \d\d:\d\d\./)).toBeVisible();
  await expect(page.getByRole('status')).toHaveText('Waiting for you. This page moves on by itself.');
  await look(page, 'web-second-number');
  await page.getByRole('button', { name: 'Nothing opened on my desktop' }).click();
  await expect(page.getByText('the request waits there under Home')).toBeVisible();
  await look(page, 'web-second-number-help');

  const service = `${server.address}help`;
  api.on('finishApproval', { body: { ...half, state: 'full', returnTo: service, service: { name: 'Library' } } satisfies Session });
  decide('approved');
  await expect(page).toHaveURL(service);
  expect(api.asked.filter(({ route }) => route === 'finishApproval')).toHaveLength(1);
  expect(api.asked.filter(({ route }) => route === 'cancelApproval')).toHaveLength(0);
  expect(api.asked.find(({ route }) => route === 'approval')?.address.searchParams.get('wait')).toBe('25');
});

for (const [state, words] of [
  ['denied', 'It was denied in Doorstep. If you did not do that, change your password and tell the help desk.'],
  ['expired', 'Ask again, or choose another way.'],
  ['canceled', 'This request has ended. Ask again, or choose another way.'],
] as const) {
  test(`the number: ${state}`, async ({ page }) => {
    const api = await FakeApi.stand(page);
    api.on('session', { body: { ...half, preferred: 'desktop' } });
    api.on('beginApproval', () => ({ status: 201, body: request() }));
    const { decide } = waiting(api);
    await page.goto(`${server.address}sign-in`);
    await expect(page.getByText('4 8 2 9 1 3')).toBeAttached();
    decide(state);
    await expect(page.getByText('Nobody was let in')).toBeVisible();
    await expect(page.getByText(words)).toBeVisible();
    await expect(page.getByText('4 8 2 9 1 3')).toHaveCount(0);
    await look(page, `web-second-number-${state}`);
    waiting(api);
    await page.getByRole('button', { name: 'Ask again' }).click();
    await expect(page.getByText('4 8 2 9 1 3')).toBeAttached();
    expect(api.bodies('beginApproval')).toHaveLength(2);
  });
}

test('the number is given up when another way is chosen, and when the page is left', async ({ page }) => {
  const api = await FakeApi.stand(page);
  api.on('session', { body: { ...half, preferred: 'desktop' } });
  api.on('beginApproval', () => ({ status: 201, body: request() }));
  api.on('cancelApproval', {});
  waiting(api);
  await page.goto(`${server.address}sign-in`);
  await expect(page.getByText('4 8 2 9 1 3')).toBeAttached();
  await way(page, 'A code').click();
  await expect.poll(() => api.asked.filter(({ route }) => route === 'cancelApproval').length).toBe(1);
  await way(page, 'Doorstep on your computer').click();
  await expect(page.getByText('4 8 2 9 1 3')).toBeAttached();
  await page.goto(`${server.address}help`);
  // What a page sends while it goes away passes by the test's routes, and comes to whoever serves it.
  await expect.poll(() => server.missed).toContain(`DELETE /v1/session/approval/${id}`);
});

test('the number survives a lost connection', async ({ page }) => {
  const api = await FakeApi.stand(page);
  api.on('session', { body: { ...half, preferred: 'desktop' } });
  api.on('beginApproval', () => ({ status: 201, body: request() }));
  api.on('approval', 'abort');
  await page.goto(`${server.address}sign-in`);
  await expect(page.getByText('No connection. This page tries again by itself.')).toBeVisible();
  await expect(page.getByText('4 8 2 9 1 3')).toBeAttached();
  const { decide } = waiting(api);
  await expect(page.getByText('Waiting for you. This page moves on by itself.'))
    .toBeVisible({ timeout: 10_000 })
    .catch(() => undefined);
  decide('denied');
  await expect(page.getByText('Nobody was let in')).toBeVisible();
});

for (const [code, facts, words] of [
  ['challenge.pending-exists', {}, 'Another request still waits for you.'],
  ['approval.stopped', {}, 'Requests are stopped.'],
  ['approval.no-desktop', {}, 'No computer of yours can be asked.'],
  ['request.rate-limited', { retryAfterSeconds: 30 }, 'Wait 30 seconds, then try again.'],
] as const) {
  test(`the number cannot be had: ${code}`, async ({ page }) => {
    const api = await FakeApi.stand(page);
    api.on('session', { body: { ...half, preferred: 'desktop' } });
    api.on('beginApproval', { code, facts });
    await page.goto(`${server.address}sign-in`);
    await expect(page.getByRole('alert')).toContainText(words);
    await look(page, `web-second-number-${code.replace('.', '-')}`);
    await expect(way(page, 'A code')).toBeVisible();
    await expect(page.getByRole('button', { name: 'Try again' })).toBeVisible();
  });
}

test('the approval may not be redeemed: the same computer', async ({ page }) => {
  const api = await FakeApi.stand(page);
  api.on('session', { body: { ...half, preferred: 'desktop' } });
  api.on('beginApproval', () => ({ status: 201, body: request() }));
  api.on('finishApproval', { code: 'approval.same-device' });
  waiting(api).decide('approved');
  await page.goto(`${server.address}sign-in`);
  await expect(page.getByRole('alert')).toContainText('This computer cannot approve its own sign-in.');
});

test('a code: six or eight digits, wrong ones cleared, and it stays where the eye is', async ({ page }) => {
  const api = await open(page, { ways: ['totp'], preferred: 'totp' });
  const field = page.getByLabel('Code from Doorstep or your code token');
  await expect(field).toHaveAttribute('autocomplete', 'one-time-code');
  await page.keyboard.type('193');
  await page.keyboard.press('Enter');
  await expect(page.getByText('Type the whole code first.')).toBeVisible();
  expect(api.bodies('codeStep')).toEqual([]);
  api.on('codeStep', { code: 'code.wrong' });
  await page.keyboard.type('204');
  await page.keyboard.press('Enter');
  await expect(page.getByRole('alert')).toHaveText('That code did not work.Wait for a new one, then type that.');
  await expect(field).toHaveValue('');
  await expect(field).toBeFocused();
  await expect(field).toHaveAttribute('aria-invalid', 'true');
  await look(page, 'web-second-code-wrong');
  api.on('codeStep', { code: 'code.locked' });
  await page.keyboard.type('60318427');
  await expect(field).toHaveValue('60318427');
  await look(page, 'web-second-code-eight');
  await page.keyboard.press('Enter');
  await expect(page.getByRole('alert')).toContainText('Too many wrong codes.');
  await look(page, 'web-second-code-locked');
  api.on('codeStep', { body: { ...half, state: 'full', returnTo: `${server.address}help` } satisfies Session });
  await page.getByRole('button', { name: 'Sign in' }).click();
  await expect(page).toHaveURL(`${server.address}help`);
  expect(api.bodies('codeStep')).toEqual([{ code: '193204' }, { code: '60318427' }, { code: '60318427' }]);
});

test('a spare code', async ({ page }) => {
  const api = await open(page, { ways: ['recovery-codes'], preferred: null });
  const field = page.getByLabel('Spare code from your sheet');
  await page.keyboard.press('Enter');
  await expect(page.getByRole('alert')).toHaveText('Type one of the codes from your sheet.');
  api.on('spareCodeStep', { code: 'spare-code.wrong' });
  await field.fill(' lenxb-c8udm-vbtg ');
  await page.keyboard.press('Enter');
  await expect(page.getByRole('alert')).toHaveText('That spare code did not work. Type another one from the sheet.');
  await expect(field).toBeFocused();
  await look(page, 'web-second-spare-code-wrong');
  expect(api.bodies('spareCodeStep')).toEqual([{ code: 'lenxb-c8udm-vbtg' }]);
});

test('no key in this browser: another way comes first, and the key says why not', async ({ page }) => {
  await page.addInitScript(() => {
    Reflect.deleteProperty(globalThis, 'PublicKeyCredential');
  });
  await open(page, { ways: ['security-key', 'totp'] });
  await expect(page.getByLabel('Code from Doorstep or your code token')).toBeFocused();
  await way(page, 'A security key').click();
  await expect(page.getByRole('alert')).toContainText('This browser cannot talk to keys.');
});

test('the second step by keyboard alone', async ({ page }) => {
  const api = await open(page, { ways: ['security-key', 'totp'] });
  await expect(page.getByRole('heading', { level: 1 })).toBeFocused();
  await page.keyboard.press('Tab');
  await expect(page.getByRole('button', { name: 'Use my key' })).toBeFocused();
  await page.keyboard.press('Tab');
  await expect(way(page, 'A code')).toBeFocused();
  await page.keyboard.press('Enter');
  await page.keyboard.type('193204');
  api.on('codeStep', { code: 'code.wrong' });
  await page.keyboard.press('Enter');
  await expect.poll(() => api.bodies('codeStep')).toEqual([{ code: '193204' }]);
});

test('the number: names that are long, and words that are', async ({ page }) => {
  const api = await FakeApi.stand(page);
  const name = 'Donaudampfschifffahrtsgesellschaftskapitänsakademie zu Northmoor';
  api.on('session', { body: { ...half, organization: { ...half.organization, name }, preferred: 'desktop' } });
  const place = 'Llanfairpwllgwyngyllgogerychwyrndrobwllllantysiliogogogoch area';
  api.on('beginApproval', () => ({ status: 201, body: { ...request(), serviceName: name, place } }));
  waiting(api);
  await page.goto(`${server.address}sign-in`);
  await expect(page.getByText(`${name} asks, ${place}.`)).toBeVisible();
  await look(page, 'web-second-number-long');
});

test('forced colours, right to left, less movement', async ({ page }) => {
  const api = await FakeApi.stand(page);
  api.on('session', { body: { ...half, preferred: 'desktop' } });
  api.on('beginApproval', () => ({ status: 201, body: request() }));
  waiting(api);
  await page.emulateMedia({ forcedColors: 'active', colorScheme: 'dark', reducedMotion: 'reduce' });
  await page.goto(`${server.address}sign-in`);
  await expect(page.getByText('4 8 2 9 1 3')).toBeAttached();
  expect(await page.evaluate(() => document.getAnimations().filter((one) => one.playState === 'running').length)).toBe(0);
  await page.screenshot({ path: 'test-results/screens/web-second-number-forced.png', fullPage: true });
  await page.emulateMedia({ forcedColors: 'none', colorScheme: 'light' });
  await page.evaluate(() => {
    document.documentElement.dir = 'rtl';
  });
  await page.screenshot({ path: 'test-results/screens/web-second-number-rtl.png', fullPage: true });
  const number = await page.locator('.digits .group').evaluateAll((groups) => groups.map((one) => one.getBoundingClientRect().x));
  expect(number[0] ?? 0).toBeLessThan(number[1] ?? 0);
  // The ground is that of a page that was never seen in forced colours.
  const corner = () => page.screenshot({ clip: { x: 4, y: 400, width: 1, height: 1 } });
  const ground = await corner();
  await page.reload();
  await expect(page.getByText('4 8 2 9 1 3')).toBeAttached();
  expect(ground.equals(await corner())).toBe(true);
});
