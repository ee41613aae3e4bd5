/** A run from source with no key at hand: everything with the practice key, by its buttons in the window alone. */
import { spawn } from 'node:child_process';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, type Page, test } from '@playwright/test';
import { connectVpn, type DemoBackend, startDemoBackend } from '../../support/desktop/demo-backend.ts';
import { type DoorstepApp, electronBinary, launchDoorstep, PROJECT } from '../../support/desktop/doorstep.ts';
import { type PracticeProcess, startPracticeKey } from '../../support/desktop/practice-key.ts';
import { type DesktopSession, startDesktopSession } from '../../support/desktop/session.ts';

let session: DesktopSession;
let backend: DemoBackend;
let practice: PracticeProcess;
let doorstep: DoorstepApp;

test.beforeEach(async () => {
  [session, backend, practice] = await Promise.all([startDesktopSession(), startDemoBackend(), startPracticeKey()]);
  await session.unlockKeyring();
});
test.afterEach(async ({ browserName: _ }, info) => {
  if (info.status !== info.expectedStatus) console.log(doorstep.log(), JSON.stringify(await doorstep.state()));
  await doorstep.quit();
  doorstep.remove();
  await practice.stop();
  await backend.stop();
  await session.stop();
});

const shoot = (window: Page, name: string) =>
  window.screenshot({ path: `${PROJECT}/test-results/screens/app-practice-${name}.png`, animations: 'disabled' });

test('paired by the launcher; the practice key is plugged in, enrolled, and answers the VPN', async () => {
  doorstep = await launchDoorstep({
    env: { ...session.env, ...practice.env, DOORSTEP_PAIRING_CODE: backend.demo.pairingCode },
    server: backend.origin,
  });
  const { window } = doorstep;
  const dialog = window.getByRole('dialog');
  await expect.poll(async () => (await doorstep.state()).connection).toBe('online');
  // The code has been used; a run from source must not hand it on to what it starts.
  expect(await doorstep.app.evaluate(() => Object.keys(process.env).filter((name) => name.startsWith('DOORSTEP_')))).toEqual([]);

  await window.getByRole('navigation').getByText(/^Keys/).first().click();
  await window.getByRole('button', { name: 'Plug in', exact: true }).click();
  await expect(window.getByRole('button', { name: 'Add this key' })).toBeVisible();
  await shoot(window, '1-plugged-in');

  await window.getByRole('button', { name: 'Add this key' }).click();
  await dialog.getByRole('button', { name: 'Add this key' }).click();
  await dialog.getByRole('button', { name: 'Touch the practice key' }).click();
  await expect(window.getByText('is added. You can sign in with it now.')).toBeVisible();
  await shoot(window, '2-enrolled');

  const vpn = await connectVpn(backend);
  await window.getByRole('navigation').getByText(/^Home/).first().click();
  await window.getByRole('button', { name: 'Touch your key' }).click();
  await expect(dialog.getByText('VPN asks: is this you?')).toBeVisible();
  await shoot(window, '3-touch');
  await dialog.getByRole('button', { name: 'Touch the practice key' }).click();
  await expect(window.getByText('VPN lets you in now.')).toBeVisible();
  expect(await vpn.outcome()).toBe('approved');

  await window.getByRole('navigation').getByText(/^Keys/).first().click();
  await window.getByRole('button', { name: 'Pull out', exact: true }).click();
  await expect.poll(async () => (await doorstep.state()).tokens).toEqual([]);
});

test('the pairing code may come over standard input, once the backend has made it', async () => {
  const data = mkdtempSync(join(tmpdir(), 'doorstep-data-'));
  const child = spawn(electronBinary(), [PROJECT], {
    env: { ...session.env, DOORSTEP_DATA: data, DOORSTEP_SERVER: backend.origin, DOORSTEP_PAIRING_STDIN: '1' },
    stdio: ['pipe', 'ignore', 'pipe'],
  });
  let log = '';
  child.stderr.on('data', (text: Buffer) => {
    log += text.toString();
  });
  child.stdin.end(`${JSON.stringify({ pairingCode: backend.demo.pairingCode })}\n`);
  await expect.poll(() => log, { timeout: 30_000 }).toContain('"event":"pairing.done"');
  const gone = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGTERM');
  expect(await gone).toBe(0);
  doorstep = await launchDoorstep({ env: session.env, server: backend.origin, data });
  await expect.poll(async () => (await doorstep.state()).connection).toBe('online');
});
