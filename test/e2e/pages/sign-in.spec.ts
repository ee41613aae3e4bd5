/** Signing in: the real backend, the built pages, and a key inside Chromium. */
import { expect } from '@playwright/test';
import { type BackendProcess, Browser, startBackendProcess } from '../../support/backend.ts';
import { type BackendHere, startBackendHere } from '../../support/backend-here.ts';
import { SoftwareKey } from '../../support/webauthn/software-key.ts';
import { look, test } from './look.ts';
import { VirtualKey } from './virtual-key.ts';
import { addFirstKey, givePassword, showKey, signOut } from './visitor.ts';
import { webPages } from './web-pages.ts';

const PASSWORD = 'correct horse battery staple';

test.describe('with the demonstration organization', () => {
  let backend: BackendProcess;

  test.beforeAll(async () => {
    backend = await startBackendProcess(webPages());
  });
  test.afterAll(async () => {
    await backend.stop();
  });

  function account(username: string) {
    const person = backend.demo?.people.find((one) => one.username === username);
    if (person?.password === undefined) throw new Error(`no password for ${username}`);
    return { username, password: person.password };
  }

  test('password, first key, out and in again with the key, and for a service', async ({ page }) => {
    const service = backend.demo?.service ?? '';
    const amina = account('amina.yusuf');
    await VirtualKey.plugIn(page);
    await page.goto(`${backend.origin}/security`);
    await expect(page).toHaveURL(/\/sign-in$/);
    await look(page, 'web-sign-in');

    await givePassword(page, { ...amina, password: 'not this one' });
    await expect(page.getByRole('alert')).toContainText('That user name and password do not go together.');
    await expect(page.getByRole('textbox', { name: 'Password', exact: true })).toBeFocused();
    await expect(page.getByRole('textbox', { name: 'User name' })).toHaveValue('amina.yusuf');
    await look(page, 'web-sign-in-wrong-password');

    await givePassword(page, amina);
    await expect(page.getByRole('heading', { level: 1, name: 'Add your first key' })).toBeVisible();
    await look(page, 'web-first-key');
    await page.getByLabel('Name of this key').fill('Blue key');
    await page.getByRole('button', { name: 'Add my key' }).click();
    await expect(page.getByText('Blue key is added. You can sign in with it now.')).toBeVisible();
    await look(page, 'web-first-key-done');
    await page.getByRole('button', { name: 'See your ways to sign in' }).click();
    await expect(page.getByText('You have one way.')).toBeVisible();
    await signOut(page);

    await givePassword(page, amina);
    await expect(page.getByRole('heading', { level: 1, name: 'Is it really you?' })).toBeVisible();
    await expect(page.getByText('Blue key')).toBeHidden();
    await look(page, 'web-second-step');
    await showKey(page);
    await expect(page).toHaveURL(/\/security$/);
    await expect(page.getByText('Last used today')).toBeVisible();

    // Signed in already: a service still gets a touch of its own.
    await page.goto(service);
    await page.getByRole('button', { name: 'Sign in', exact: true }).click();
    await showKey(page);
    await expect(page.getByRole('heading', { name: 'Library: you are signed in' })).toBeVisible();

    await page.goto(`${backend.origin}/security`);
    await signOut(page);
    await page.goto(service);
    await page.getByRole('button', { name: 'Sign in', exact: true }).click();
    await expect(page.getByRole('heading', { level: 1, name: 'Sign in to Library' })).toBeVisible();
    await look(page, 'web-sign-in-to-service');
    await givePassword(page, amina);
    await showKey(page);
    await expect(page.getByRole('heading', { name: 'Library: you are signed in' })).toBeVisible();
    await expect(page.getByText('phishing-resistant')).toBeVisible();
  });

  test('the first key on the way to a service', async ({ page }) => {
    await VirtualKey.plugIn(page);
    await page.goto(backend.demo?.service ?? '');
    await page.getByRole('button', { name: 'Sign in', exact: true }).click();
    await givePassword(page, account('tomas.novak'));
    await page.getByRole('button', { name: 'Not you?' }).click();
    await expect(page.getByRole('heading', { level: 1, name: 'Sign in to Library' })).toBeVisible();
    await givePassword(page, account('tomas.novak'));
    await page.getByRole('button', { name: 'Add my key' }).click();
    await expect(page.getByRole('heading', { level: 1, name: 'Your key works' })).toBeVisible();
    await page.getByRole('link', { name: 'Go on to Library' }).click();
    await showKey(page);
    await expect(page.getByRole('heading', { name: 'Library: you are signed in' })).toBeVisible();
  });

  test('the keyboard alone is enough', async ({ page }) => {
    const { username, password } = account('li.wei');
    await VirtualKey.plugIn(page);
    await page.goto(`${backend.origin}/sign-in`);
    await expect(page.getByRole('heading', { level: 1, name: 'Sign in', exact: true })).toBeVisible();
    await expect(page.getByRole('textbox', { name: 'User name' })).toBeFocused();
    await page.keyboard.type(username);
    await page.keyboard.press('Tab');
    await page.keyboard.type(password);
    await page.keyboard.press('Tab');
    await expect(page.getByRole('button', { name: 'Show: Password' })).toBeFocused();
    await page.keyboard.press('Tab');
    await page.keyboard.press('Enter');
    await expect(page.getByRole('heading', { level: 1, name: 'Add your first key' })).toBeVisible();
    await page.getByLabel('Name of this key').focus();
    await page.keyboard.press('Enter');
    await expect(page.getByRole('heading', { level: 1, name: 'Your key works' })).toBeVisible();
    await page.keyboard.press('Tab');
    await page.keyboard.press('Enter');
    await expect(page.getByRole('heading', { level: 1, name: 'Your ways to sign in' })).toBeVisible();
  });

  test('somebody else stands there', async ({ page }) => {
    await VirtualKey.plugIn(page);
    await addFirstKey(page, backend.origin, account('grace.okafor'));
    await signOut(page);
    await givePassword(page, account('grace.okafor'));
    await page.getByRole('button', { name: 'Not you?' }).click();
    await expect(page.getByRole('heading', { level: 1, name: 'Sign in', exact: true })).toBeVisible();
  });

  for (const [path, title] of [
    ['/help', 'Help with signing in'],
    ['/accessibility', 'Accessibility'],
  ] as const) {
    test(`${path} reads well`, async ({ page }) => {
      await page.goto(`${backend.origin}${path}`);
      await expect(page.getByRole('heading', { level: 1, name: title })).toBeVisible();
      await look(page, `web${path.replace('/', '-')}`);
      await page.getByRole('link', { name: 'Go to sign-in' }).click();
      await expect(page.getByRole('heading', { level: 1, name: 'Sign in', exact: true })).toBeVisible();
    });
  }
});

test.describe('when something is in the way', () => {
  let backend: BackendHere;
  const account = (username: string) => ({ username, password: PASSWORD });

  test.beforeAll(async () => {
    backend = await startBackendHere({ environment: webPages() });
    for (const username of ['noor', 'olu', 'pia', 'quentin', 'rosa', 'sam', 'theo', 'vera']) await backend.addPerson(username, PASSWORD);
  });
  test.afterAll(async () => {
    await backend.stop();
  });

  test('fields that were left empty', async ({ page }) => {
    await page.goto(`${backend.origin}/sign-in`);
    await page.getByRole('button', { name: 'Next' }).click();
    await expect(page.getByRole('alert')).toHaveText('Type your user name.');
    await expect(page.getByRole('textbox', { name: 'User name' })).toBeFocused();
    await page.keyboard.type('noor');
    await page.getByRole('button', { name: 'Next' }).click();
    await expect(page.getByRole('alert')).toHaveText('Type your password.');
    await look(page, 'web-sign-in-empty');
  });

  test('too many wrong passwords: it says until when', async ({ page }) => {
    await page.goto(`${backend.origin}/sign-in`);
    for (let tries = 0; tries < 6; tries += 1) await givePassword(page, { username: 'noor', password: `wrong ${tries}` });
    await expect(page.getByRole('alert')).toContainText('Wait 10 seconds, then try again.');
    await look(page, 'web-sign-in-wait');
    for (let tries = 0; tries < 5; tries += 1) {
      backend.clock.advance(3_600_000);
      await givePassword(page, { username: 'noor', password: `still wrong ${tries}` });
      await expect(page.getByRole('button', { name: 'Next' })).not.toHaveAttribute('aria-busy', 'true');
      await givePassword(page, { username: 'noor', password: `and again ${tries}` });
      await expect(page.getByRole('button', { name: 'Next' })).not.toHaveAttribute('aria-busy', 'true');
    }
    await expect(page.getByRole('alert')).toContainText(/Wait until \d\d:\d\d, then try again\./);
  });

  test('no connection', async ({ page, context }) => {
    await page.goto(`${backend.origin}/sign-in`);
    await context.setOffline(true);
    await givePassword(page, account('olu'));
    await expect(page.getByRole('alert')).toContainText('No connection.');
    await look(page, 'web-sign-in-offline');
    await context.setOffline(false);
    await page.getByRole('button', { name: 'Next' }).click();
    await expect(page.getByRole('heading', { level: 1, name: 'Add your first key' })).toBeVisible();
  });

  test('the page itself cannot reach the backend, then can', async ({ page }) => {
    await page.route('**/v1/session', (route) => route.abort());
    await page.goto(`${backend.origin}/security`);
    await expect(page.getByRole('alert')).toContainText('No connection.');
    await look(page, 'web-did-not-open');
    await page.unroute('**/v1/session');
    await page.getByRole('button', { name: 'Try again' }).click();
    await expect(page.getByRole('heading', { level: 1, name: 'Sign in', exact: true })).toBeVisible();
  });

  test('a key that is nobody’s, then the right one', async ({ page }) => {
    const right = await VirtualKey.plugIn(page);
    await addFirstKey(page, backend.origin, account('pia'));
    await signOut(page);
    await right.leaveAlone();
    const strange = await VirtualKey.plugIn(page);
    await givePassword(page, account('pia'));
    await showKey(page);
    await expect(page.getByRole('alert')).toContainText('No key answered.');
    await look(page, 'web-second-step-no-key');
    await strange.pullOut();
    await right.touchWhenAsked();
    await showKey(page);
    await expect(page.getByRole('heading', { level: 1, name: 'Your ways to sign in' })).toBeVisible();
  });

  test('while the key is waited for, the page says so', async ({ page }) => {
    const key = await VirtualKey.plugIn(page);
    await addFirstKey(page, backend.origin, account('quentin'));
    await signOut(page);
    await key.leaveAlone();
    await givePassword(page, account('quentin'));
    await showKey(page);
    await expect(page.getByText('Touch your key')).toBeVisible();
    await expect(page.getByRole('button', { name: 'Checking…' })).toHaveAttribute('aria-busy', 'true');
    await look(page, 'web-second-step-waiting');
  });

  test('a key that is waited for is let go for another way', async ({ page }) => {
    const key = await VirtualKey.plugIn(page);
    await addFirstKey(page, backend.origin, account('vera'));
    await page.getByRole('button', { name: 'Print a set' }).click();
    const [code = ''] = await page.locator('.sheet .mono').allTextContents();
    await page.getByRole('button', { name: 'I have them' }).click();
    await signOut(page);
    await key.leaveAlone();
    await givePassword(page, account('vera'));
    await showKey(page);
    await expect(page.getByRole('button', { name: 'Checking…' })).toBeVisible();
    await page.getByRole('button', { name: /A spare code/ }).click();
    await page.getByLabel('Spare code from your sheet').fill(code);
    await page.keyboard.press('Enter');
    await expect(page.getByRole('heading', { level: 1, name: 'Your ways to sign in' })).toBeVisible();
  });

  test('a request that has ended, and one for somebody else', async ({ page }) => {
    const service = await backend.addService('VPN', ['https://vpn.example/back']);
    const create = async (body: object) => (await service.call<{ id: string; signInUrl: string }>('createChallenge', { body })).body;
    const ended = await create({ returnTo: 'https://vpn.example/back' });
    await service.call('cancelChallenge', { params: { id: ended.id } });
    await page.goto(ended.signInUrl);
    await expect(page.getByRole('heading', { level: 1, name: 'Sign in to VPN' })).toBeVisible();
    await givePassword(page, account('rosa'));
    await expect(page.getByRole('heading', { level: 1, name: 'This request has ended' })).toBeVisible();
    await look(page, 'web-request-ended');

    const other = await create({ username: 'sam', returnTo: 'https://vpn.example/back' });
    await page.goto(other.signInUrl);
    await givePassword(page, account('rosa'));
    await expect(page.getByRole('alert')).toContainText('This request is for someone else.');
  });

  test('half an address of a request', async ({ page }) => {
    await page.goto(`${backend.origin}/sign-in?challenge=half`);
    await expect(page.getByRole('heading', { level: 1, name: 'This request has ended' })).toBeVisible();
    await expect(page.getByText('start again on the page that sent you here')).toBeVisible();
    await page.getByRole('link', { name: 'Your security page' }).click();
    await expect(page.getByRole('heading', { level: 1, name: 'Sign in', exact: true })).toBeVisible();
  });

  test('a browser without WebAuthn', async ({ page }) => {
    await page.addInitScript(() => {
      Reflect.deleteProperty(globalThis, 'PublicKeyCredential');
    });
    await page.goto(`${backend.origin}/sign-in`);
    await givePassword(page, account('sam'));
    await expect(page.getByRole('alert')).toContainText('This browser cannot talk to keys.');
    await look(page, 'web-no-webauthn');
  });

  test('no key yet, and none may be added with the password alone', async ({ page }) => {
    const strict = await startBackendHere({ environment: webPages(), policy: { firstEnrollment: 'claim-code' } });
    try {
      await strict.addPerson('uma', PASSWORD);
      await page.goto(`${strict.origin}/sign-in`);
      await givePassword(page, account('uma'));
      await expect(page.getByText('You have no way that works now')).toBeVisible();
      await look(page, 'web-no-way');
    } finally {
      await strict.stop();
    }
  });

  test('the second step took too long: it begins again, and says why', async ({ page }) => {
    const key = new SoftwareKey();
    const elsewhere = new Browser(backend);
    await elsewhere.password('theo', PASSWORD);
    await elsewhere.enroll(key);
    await VirtualKey.plugIn(page);
    await page.goto(`${backend.origin}/sign-in`);
    await givePassword(page, account('theo'));
    await expect(page.getByRole('heading', { level: 1, name: 'Is it really you?' })).toBeVisible();
    backend.clock.advance(11 * 60_000);
    await page.getByRole('button', { name: 'Use my key' }).click();
    await expect(page.getByRole('heading', { level: 1, name: 'Sign in', exact: true })).toBeVisible();
    await expect(page.getByRole('alert')).toContainText('You are not signed in.');
  });
});
