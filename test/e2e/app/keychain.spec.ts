/** What a person reads and what is kept when the keychain is absent, locked, dismissed, or killed in the middle. */
import { execFile } from 'node:child_process';
import { createPrivateKey } from 'node:crypto';
import { promisify } from 'node:util';
import { expect, type Page, test } from '@playwright/test';
import { type DemoBackend, startDemoBackend } from '../../support/desktop/demo-backend.ts';
import { type DoorstepApp, filesHolding, launchDoorstep, PROJECT } from '../../support/desktop/doorstep.ts';
import { keyringEntries } from '../../support/desktop/keyring-entries.ts';
import { type DesktopSession, KEYRING_PASSWORD, type SessionOptions, startDesktopSession } from '../../support/desktop/session.ts';
import { type Bus, createBus, VirtualToken } from '../../support/token/index.ts';

const run = promisify(execFile);
let backend: DemoBackend;
let session: DesktopSession;
let doorstep: DoorstepApp | null = null;
let bus: Bus;

test.beforeEach(async () => {
  backend = await startDemoBackend();
  bus = createBus();
});
test.afterEach(async ({ browserName: _ }, info) => {
  if (info.status !== info.expectedStatus && doorstep !== null) console.log(doorstep.log(), JSON.stringify(await doorstep.state()));
  await doorstep?.quit();
  doorstep?.remove();
  doorstep = null;
  await bus.close();
  await session.stop();
  await backend.stop();
});

const begin = async (options: SessionOptions, keyring: 'none' | 'unlocked' | 'locked') => {
  session = await startDesktopSession(options);
  if (keyring !== 'none') await session.unlockKeyring();
  if (keyring === 'locked') {
    session.killKeyring();
    await session.startLockedKeyring();
  }
};
const open = async (data?: string) => {
  doorstep = await launchDoorstep({ env: { ...session.env, ...bus.env }, server: backend.origin, ...(data === undefined ? {} : { data }) });
  return doorstep;
};
const shoot = (window: Page, name: string) =>
  window.screenshot({ path: `${PROJECT}/test-results/screens/app-keychain-${name}.png`, animations: 'disabled' });
const pair = async (app: DoorstepApp) => {
  await app.window.evaluate((code) => window.doorstep!.invoke('pairing.connect', { code }), backend.demo.pairingCode);
  await expect.poll(async () => (await app.state()).connection).toBe('online');
};
/** The last way in is let go by nobody: a key beside this computer. */
const addKey = async (app: DoorstepApp) => {
  await bus.plug(new VirtualToken(), { product: 'Blue key' });
  await expect.poll(async () => (await app.state()).tokens.map((token) => token.state.kind)).toEqual(['ready']);
  const [token] = (await app.state()).tokens;
  const enrolled = await app.window.evaluate(
    (tokenId) => window.doorstep!.invoke('key.enroll', { tokenId, name: 'Blue key' }),
    token?.id ?? '',
  );
  expect(enrolled).toMatchObject({ ok: true });
};
const retry = (app: DoorstepApp) => app.window.getByRole('button', { name: 'Try again' }).click();

test('absent: the window says what to install, nothing is paired, and it goes on once there is one', async () => {
  await begin({ activation: false }, 'none');
  const app = await open();
  await expect(app.window.getByText('No keychain found.')).toBeVisible();
  await shoot(app.window, 'absent');
  const outcome = await app.window.evaluate((code) => window.doorstep!.invoke('pairing.connect', { code }), backend.demo.pairingCode);
  expect(outcome).toMatchObject({ ok: false, code: 'keychain.absent' });
  expect((await app.state()).pairing).not.toMatchObject({ state: 'paired' });
  expect(filesHolding(app.data, ['PRIVATE KEY', backend.demo.pairingCode])).toEqual([]);
  await session.unlockKeyring();
  await retry(app);
  await expect(app.window.getByText('No keychain found.')).toBeHidden();
  // The code was not used up by the try that failed.
  await pair(app);
});

test('locked, with nobody to ask for its password: the window says so, and nothing is forgotten', async () => {
  await begin({ activation: false }, 'unlocked');
  const first = await open();
  await pair(first);
  await first.quit();
  session.killKeyring();
  await session.startLockedKeyring();
  const again = await open(first.data);
  await expect(again.window.getByText('The keychain is locked.')).toBeVisible();
  await shoot(again.window, 'locked');
  expect((await again.state()).pairing).toEqual({ state: 'unknown' });
  await session.signIn();
  await retry(again);
  await expect.poll(async () => (await again.state()).connection).toBe('online');
});

test('locked, the dialog waits: locked after ten seconds; the password typed late is enough', async () => {
  await begin({}, 'locked');
  const app = await open();
  await expect.poll(async () => (await app.state()).keychain, { timeout: 20_000 }).toBe('locked');
  await run('xdotool', ['type', '--delay', '20', KEYRING_PASSWORD], { env: session.env });
  await run('xdotool', ['key', 'Return'], { env: session.env });
  await expect.poll(async () => (await app.state()).keychain).toBe('ready');
  await expect.poll(async () => (await app.state()).pairing).toEqual({ state: 'none' });
});

test('dismissed: the person closed the dialog, and is asked again only when they want', async () => {
  await begin({}, 'locked');
  const app = await open();
  await expect
    .poll(
      async () => {
        // The dialog may not have the keyboard yet when the key is pressed.
        await run('xdotool', ['key', 'Escape'], { env: session.env });
        return (await app.state()).keychain;
      },
      { timeout: 20_000, intervals: [1_500] },
    )
    .toBe('dismissed');
  await expect(app.window.getByText('The keychain stayed locked.')).toBeVisible();
  await shoot(app.window, 'dismissed');
  expect(filesHolding(app.data, ['PRIVATE KEY'])).toEqual([]);
});

test('killed in the middle: what could not be wiped is said, and wiped at the next chance', async () => {
  await begin({ activation: false }, 'unlocked');
  const app = await open();
  await pair(app);
  await addKey(app);
  session.killKeyring();
  const outcome = await app.window.evaluate(() => window.doorstep!.invoke('pairing.disconnect', {}));
  expect(outcome).toMatchObject({ ok: false, code: 'keychain.absent' });
  await expect(app.window.getByText('No keychain found.')).toBeVisible();
  await shoot(app.window, 'killed');
  await session.unlockKeyring();
  await retry(app);
  // The backend does not know this computer any more: the entry that was left is of no use, and goes.
  await expect.poll(async () => (await app.state()).connection).toBe('removed');
  await expect.poll(async () => (await keyringEntries(session.env)).length).toBe(0);
});

test('its process is killed under a call: the call is made again, and nothing is said', async () => {
  await begin({}, 'unlocked');
  const app = await open();
  await pair(app);
  await app.window.evaluate(() => window.doorstep!.invoke('keychain.retry', {}));
  const pid = await app.app.evaluate(({ app: electron }) => electron.getAppMetrics().find(({ name }) => name === 'Doorstep keychain')?.pid);
  // It takes the call and does not answer it any more.
  process.kill(pid ?? 0, 'SIGSTOP');
  const call = app.window.evaluate(() => window.doorstep!.invoke('keychain.retry', {}));
  await new Promise((resolve) => setTimeout(resolve, 500));
  process.kill(pid ?? 0, 'SIGKILL');
  expect(await call).toMatchObject({ ok: true });
  expect((await app.state()).keychain).toBe('ready');
  expect(app.log()).not.toContain('"to":"failed"');
});

test('GNOME Keyring is killed under a call: the app finds the one that the bus starts, which asks for its password', async () => {
  await begin({}, 'unlocked');
  const app = await open();
  await pair(app);
  session.stallKeyring();
  const call = app.window.evaluate(() => window.doorstep!.invoke('keychain.retry', {}));
  await new Promise((resolve) => setTimeout(resolve, 500));
  session.killKeyring();
  await call;
  expect((await app.state()).keychain).toBe('locked');
  expect(app.log()).not.toContain('"to":"failed"');
  await run('xdotool', ['type', '--delay', '20', KEYRING_PASSWORD], { env: session.env });
  await run('xdotool', ['key', 'Return'], { env: session.env });
  await expect.poll(async () => (await app.state()).keychain).toBe('ready');
});

test('the key of this computer is in the keychain, in one entry, and in no file, no log and no argument', async () => {
  await begin({}, 'unlocked');
  const app = await open();
  await pair(app);
  const entries = await keyringEntries(session.env);
  expect(entries.map((entry) => entry.account)).toEqual([expect.stringMatching(/^[A-Za-z0-9_-]{22}\/device$/)]);
  const { key } = JSON.parse(entries[0]?.password ?? '') as { key: string };
  const jwk = createPrivateKey({ key: Buffer.from(key, 'base64'), type: 'pkcs8', format: 'der' }).export({ format: 'jwk' });
  const scalar = Buffer.from(jwk.d ?? '', 'base64url');
  const forms = [key, jwk.d ?? '', scalar.toString('hex'), scalar.toString('base64'), scalar.toString('latin1')];
  expect(scalar.length).toBe(32);
  expect(filesHolding(app.data, forms)).toEqual([]);
  expect(filesHolding(session.env['HOME'] ?? '', forms.slice(0, 4))).toEqual([]);
  for (const form of forms.slice(0, 4)) expect(app.log()).not.toContain(form);
  const inWindow = await app.window.evaluate(() => window.doorstep!.invoke('state.get', {}));
  for (const form of forms.slice(0, 4)) expect(JSON.stringify(inWindow)).not.toContain(form);
});

test('removed from the account: the app says so, and wipes its secret', async () => {
  await begin({}, 'unlocked');
  const app = await open();
  await pair(app);
  await addKey(app);
  const { authenticators } = await app.state();
  const own = authenticators.find((each) => each.kind === 'desktop');
  const outcome = await app.window.evaluate((id) => window.doorstep!.invoke('authenticator.remove', { id }), own?.id ?? '');
  expect(outcome).toMatchObject({ ok: true });
  await expect.poll(async () => (await app.state()).connection).toBe('removed');
  expect((await app.state()).removal).toEqual({ because: 'removed', wiped: 'doorstep' });
  await expect(app.window.getByText('This computer is not connected any more.')).toBeVisible();
  await shoot(app.window, 'removed');
  await expect.poll(async () => (await keyringEntries(session.env)).length).toBe(0);
  await app.window.getByRole('button', { name: 'Connect again' }).click();
  await expect(app.window.getByRole('heading', { name: 'Connect this computer' })).toBeVisible();
});
