/** The backend goes and comes back: the app says so, and goes on by itself. */
import { expect, test } from '@playwright/test';
import { connectVpn, type DemoBackend, startDemoBackend } from '../../support/desktop/demo-backend.ts';
import { type DoorstepApp, launchDoorstep, PROJECT } from '../../support/desktop/doorstep.ts';
import { type DesktopSession, startDesktopSession } from '../../support/desktop/session.ts';
import { type Bus, createBus, VirtualToken } from '../../support/token/index.ts';

let session: DesktopSession;
let backend: DemoBackend;
let bus: Bus;
let doorstep: DoorstepApp;

test.beforeEach(async () => {
  [session, backend] = await Promise.all([startDesktopSession(), startDemoBackend()]);
  await session.unlockKeyring();
  bus = createBus();
  const env = { ...session.env, ...bus.env, DOORSTEP_PAIRING_CODE: backend.demo.pairingCode };
  doorstep = await launchDoorstep({ env, server: backend.origin });
  await expect.poll(async () => (await doorstep.state()).connection).toBe('online');
});
test.afterEach(async ({ browserName: _ }, info) => {
  if (info.status !== info.expectedStatus) console.log(doorstep.log());
  await doorstep.quit();
  doorstep.remove();
  await bus.close();
  await backend.stop();
  await session.stop();
});

test('offline is said, keys stay usable, and a request of a restarted backend arrives', async () => {
  const page = doorstep.window;
  await bus.plug(new VirtualToken(), { product: 'Blue key' });
  await expect.poll(async () => (await doorstep.state()).tokens.map((token) => token.state.kind)).toEqual(['ready']);
  const [token] = (await doorstep.state()).tokens;
  const enrolled = await page.evaluate((tokenId) => window.doorstep!.invoke('key.enroll', { tokenId, name: 'Blue key' }), token?.id ?? '');
  expect(enrolled).toMatchObject({ ok: true });

  await backend.pause();
  await expect.poll(async () => (await doorstep.state()).connection, { timeout: 20_000 }).toBe('offline');
  await expect(page.getByText('No connection to Northmoor University.')).toBeVisible();
  await page.screenshot({ path: `${PROJECT}/test-results/screens/app-offline.png`, animations: 'disabled' });
  const wink = await page.evaluate((tokenId) => window.doorstep!.invoke('key.wink', { tokenId }), token?.id ?? '');
  expect(wink).toEqual({ ok: true, value: null });
  const tried = await page.evaluate((tokenId) => window.doorstep!.invoke('key.try', { tokenId }), token?.id ?? '');
  expect(tried).toMatchObject({ ok: false, code: 'backend.unreachable' });

  backend = await backend.restart();
  await expect.poll(async () => (await doorstep.state()).connection, { timeout: 40_000 }).toBe('online');
  const vpn = await connectVpn(backend);
  await expect(page.getByText('VPN asks: is this you?')).toBeVisible();
  const [challenge] = (await doorstep.state()).challenges;
  expect(await page.evaluate((id) => window.doorstep!.invoke('challenge.answer', { id }), challenge?.id ?? '')).toMatchObject({
    ok: true,
  });
  expect(await vpn.outcome()).toBe('approved');
});

test('killed as by a power cut: after the next start it is paired and online, with no code', async () => {
  await doorstep.kill();
  doorstep = await launchDoorstep({ env: session.env, server: backend.origin, data: doorstep.data });
  await expect.poll(async () => (await doorstep.state()).connection).toBe('online');
  expect((await doorstep.state()).pairing).toMatchObject({ state: 'paired', person: { username: 'amina.yusuf' } });
});
