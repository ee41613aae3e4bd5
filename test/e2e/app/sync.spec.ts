/** What the app holds and what the backend knows agree: two desktops, no connection, sleep, removal, a restored copy. */
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@playwright/test';
import type { IpcChannel, IpcRequest } from '../../../src/contract/ipc.ts';
import { connectVpn, type DemoBackend, startDemoBackend } from '../../support/desktop/demo-backend.ts';
import { type DoorstepApp, launchDoorstep, PROJECT } from '../../support/desktop/doorstep.ts';
import { keyringEntries } from '../../support/desktop/keyring-entries.ts';
import { type DesktopSession, startDesktopSession } from '../../support/desktop/session.ts';
import { openSignInPage } from '../../support/desktop/sign-in-page.ts';

let session: DesktopSession;
let backend: DemoBackend;
let apps: DoorstepApp[];

test.beforeEach(async () => {
  [session, backend] = await Promise.all([startDesktopSession({ activation: false }), startDemoBackend()]);
  await session.unlockKeyring();
  apps = [];
});
test.afterEach(async ({ browserName: _ }, info) => {
  for (const app of apps) {
    if (info.status !== info.expectedStatus) console.log(app.log(), JSON.stringify(await app.state().catch(() => null)));
    await app.quit();
    app.remove();
  }
  await backend.stop();
  await session.stop();
});

const launch = async (options: { readonly data?: string; readonly code?: string } = {}) => {
  const env = { ...session.env, ...(options.code === undefined ? {} : { DOORSTEP_PAIRING_CODE: options.code }) };
  const app = await launchDoorstep({ env, server: backend.origin, ...(options.data === undefined ? {} : { data: options.data }) });
  apps.push(app);
  return app;
};
const online = (app: DoorstepApp) => expect.poll(async () => (await app.state()).connection, { timeout: 40_000 }).toBe('online');
/** The first desktop of the person. */
const open = async () => {
  const app = await launch({ code: backend.demo.pairingCode });
  await online(app);
  return app;
};
/** Another one: a code is made at each start of the backend. */
const openSecond = async () => {
  backend = await backend.restart();
  const app = await launch({ code: backend.demo.pairingCode });
  await online(app);
  return app;
};
const again = async (app: DoorstepApp) => {
  apps = apps.filter((each) => each !== app);
  return launch({ data: app.data });
};
const ask = <C extends IpcChannel>(app: DoorstepApp, channel: C, request: IpcRequest<C>) =>
  app.window.evaluate(([name, payload]) => window.doorstep!.invoke(name as 'state.get', payload as never), [channel, request] as const);
const names = async (app: DoorstepApp) => (await app.state()).authenticators.map((each) => each.name).sort();
const idOf = async (app: DoorstepApp) => {
  const { pairing } = await app.state();
  return pairing.state === 'paired' ? pairing.deviceId : '';
};
const shoot = (app: DoorstepApp, name: string) =>
  app.window.screenshot({ path: `${PROJECT}/test-results/screens/app-sync-${name}.png`, animations: 'disabled' });

test('two desktops: both hear of a request within a second, one answers, the other sees that it is over; names agree', async () => {
  const first = await open();
  const second = await openSecond();
  await online(first);
  const asked = Date.now();
  const vpn = await connectVpn(backend);
  await expect
    .poll(async () => [(await first.state()).challenges.length, (await second.state()).challenges.length], { intervals: [20] })
    .toEqual([1, 1]);
  const heard = Date.now() - asked;
  console.log(`both desktops had the request ${heard} ms after the service asked`);
  expect(heard).toBeLessThan(1_000);
  await expect.poll(async () => (await second.state()).review !== null).toBe(true);
  const [challenge] = (await first.state()).challenges;
  expect(await ask(first, 'approval.deny', { id: challenge?.id ?? '' })).toMatchObject({ ok: true });
  await expect.poll(async () => (await second.state()).review?.ended).toBe('elsewhere');
  expect((await second.state()).challenges).toEqual([]);
  expect(await vpn.outcome()).toBe('denied');

  expect(await ask(second, 'authenticator.rename', { id: await idOf(first), name: 'Lab computer' })).toMatchObject({ ok: true });
  await expect.poll(() => names(first)).toContain('Lab computer');
});

test('with no connection: the list is there, changes are made, survive a kill, and are done once when the backend is back', async () => {
  let first = await open();
  const second = await openSecond();
  await online(first);
  await expect.poll(() => names(first)).toHaveLength(2);
  await backend.pause();
  await expect.poll(async () => (await first.state()).connection, { timeout: 20_000 }).toBe('offline');
  const own = await idOf(first);
  expect(await ask(first, 'authenticator.rename', { id: own, name: 'Desk upstairs' })).toMatchObject({ ok: true });
  expect(await ask(first, 'authenticator.prefer', { id: own })).toMatchObject({ ok: true });
  expect(await names(first)).toContain('Desk upstairs');
  expect((await first.state()).waitingChanges).toBe(2);
  await shoot(first, 'offline');
  await first.kill();

  first = await again(first);
  await expect.poll(async () => (await first.state()).connection, { timeout: 20_000 }).toBe('offline');
  expect(await names(first)).toContain('Desk upstairs');
  expect((await first.state()).waitingChanges).toBe(2);
  backend = await backend.restart();
  await online(first);
  await expect.poll(async () => (await first.state()).waitingChanges).toBe(0);
  await online(second);
  await expect.poll(() => names(second)).toContain('Desk upstairs');
  expect((await second.state()).authenticators.find((each) => each.id === own)?.preferred).toBe(true);
});

test('a change that the backend refuses later is taken back, and said', async () => {
  const app = await open();
  await backend.pause();
  await expect.poll(async () => (await app.state()).connection, { timeout: 20_000 }).toBe('offline');
  expect(await ask(app, 'authenticator.remove', { id: await idOf(app) })).toMatchObject({ ok: true });
  expect(await names(app)).toEqual([]);
  backend = await backend.restart();
  await online(app);
  await expect.poll(async () => (await app.state()).notices).toMatchObject([{ kind: 'change-refused', code: 'authenticator.last-way' }]);
  expect(await names(app)).toHaveLength(1);
  await shoot(app, 'refused');
  const [notice] = (await app.state()).notices;
  await ask(app, 'notice.dismiss', { id: notice?.id ?? '' });
  expect((await app.state()).notices).toEqual([]);
});

test('sleep: a request that came meanwhile is there at once after waking up, and told once', async () => {
  const app = await open();
  const { pid } = app.app.process();
  process.kill(pid ?? 0, 'SIGSTOP');
  await connectVpn(backend);
  await new Promise((resolve) => setTimeout(resolve, 2_000));
  process.kill(pid ?? 0, 'SIGCONT');
  const woke = Date.now();
  await app.app.evaluate(({ powerMonitor }) => powerMonitor.emit('resume'));
  await expect.poll(async () => (await app.state()).challenges.length, { intervals: [20] }).toBe(1);
  console.log(`the request was there ${Date.now() - woke} ms after waking up`);
  expect(Date.now() - woke).toBeLessThan(2_000);
  await online(app);
  expect(app.log().split('request.announced').length - 1).toBe(1);
});

test('lost: removed with everything, the computer wipes all that it holds at its next contact, and says why until it was read', async () => {
  const keep = await open();
  let lost = await openSecond();
  await online(keep);
  const device = await idOf(lost);
  const added = await ask(lost, 'code.type', {
    kind: 'totp',
    issuer: 'Library',
    account: 'amina',
    secret: 'JBSWY3DPEHPK3PXP',
    algorithm: 'SHA1',
    digits: 6,
    period: 30,
    counter: 0,
  });
  expect(added).toMatchObject({ ok: true });
  await lost.quit();
  const before = (await keyringEntries(session.env)).length;

  // At the security page, signed in with the computer that is left.
  const browser = await openSignInPage(backend);
  const { number } = await browser.askDesktop();
  await expect.poll(async () => (await keep.state()).challenges.length).toBe(1);
  const [challenge] = (await keep.state()).challenges;
  expect(await ask(keep, 'approval.approve', { id: challenge?.id ?? '', number })).toMatchObject({ ok: true });
  await browser.expectIn();
  const status = await browser.page.evaluate(
    async (id) => (await fetch(`/v1/authenticators/${id}?wipe=everything`, { method: 'DELETE' })).status,
    device,
  );
  expect(status).toBe(204);
  await browser.close();

  lost = await again(lost);
  await expect.poll(async () => (await lost.state()).removal).toEqual({ because: 'removed', wiped: 'everything' });
  await shoot(lost, 'removed-everything');
  // Its key, the seed; what is left is the key of the other computer.
  await expect.poll(async () => (await keyringEntries(session.env)).length).toBe(1);
  expect(before).toBeGreaterThanOrEqual(3);
  expect((await lost.state()).codes).toEqual([]);
  expect((await lost.state()).authenticators).toEqual([]);
  await lost.kill();
  lost = await again(lost);
  await expect.poll(async () => (await lost.state()).removal).toEqual({ because: 'removed', wiped: 'everything' });
  expect(await ask(lost, 'pairing.disconnect', {})).toMatchObject({ ok: true });
  expect((await lost.state()).pairing).toEqual({ state: 'none' });
  expect(existsSync(join(lost.data, 'last-known.json'))).toBe(false);
});

test('a home folder that was restored: its key is refused, wiped, and the person told what to do', async () => {
  let app = await open();
  const [entry] = await keyringEntries(session.env);
  // Each connection moves the key on; the copy is of before.
  for (let round = 0; round < 2; round += 1) {
    await app.app.evaluate(({ powerMonitor }) => powerMonitor.emit('resume'));
    await expect
      .poll(async () => (await keyringEntries(session.env)).find(({ account }) => account === entry?.account)?.password)
      .not.toBe(entry?.password);
    await new Promise((resolve) => setTimeout(resolve, 1_000));
  }
  await app.quit();
  // What was signed within seconds of a change may just have been late.
  await new Promise((resolve) => setTimeout(resolve, 11_000));
  await restoreEntry(entry?.account ?? '', entry?.password ?? '');
  app = await again(app);
  await expect.poll(async () => (await app.state()).removal, { timeout: 20_000 }).toEqual({ because: 'copied', wiped: 'doorstep' });
  await shoot(app, 'copied');
  await expect.poll(async () => (await keyringEntries(session.env)).length).toBe(0);
});

test('the keyring was emptied: the app says that it is not connected any more, and connects again', async () => {
  let app = await open();
  const [entry] = await keyringEntries(session.env);
  await app.quit();
  await new Promise<void>((resolve, reject) => {
    const remove = `require('@github/keytar').deletePassword('Doorstep', ${JSON.stringify(entry?.account)}).then(() => process.exit(0))`;
    execFile(process.execPath, ['-e', remove], { cwd: PROJECT, env: session.env }, (error) => (error ? reject(error) : resolve()));
  });
  app = await again(app);
  await expect.poll(async () => (await app.state()).removal).toMatchObject({ because: 'unknown' });
  await shoot(app, 'keyring-emptied');
  backend = await backend.restart();
  expect(await ask(app, 'pairing.disconnect', {})).toMatchObject({ ok: true });
  expect(await ask(app, 'pairing.connect', { code: backend.demo.pairingCode })).toMatchObject({ ok: true });
  await online(app);
});

function restoreEntry(account: string, password: string): Promise<void> {
  const write = `process.stdin.once('data', (text) => require('@github/keytar').setPassword('Doorstep', ${JSON.stringify(account)}, text.toString()).then(() => process.exit(0)))`;
  return new Promise((resolve, reject) => {
    const child = execFile(process.execPath, ['-e', write], { cwd: PROJECT, env: session.env }, (error) =>
      error ? reject(error) : resolve(),
    );
    child.stdin?.end(password);
  });
}
