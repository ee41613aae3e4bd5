/** The backend goes and comes back: the app says so, and goes on by itself. */
import { expect } from '@playwright/test';
import { connectVpn } from '../../support/desktop/demo-backend.ts';
import { test } from '../../support/desktop/desk.ts';
import { PROJECT } from '../../support/desktop/doorstep.ts';
import { VirtualToken } from '../../support/token/index.ts';

test.use({ activation: true });

test('offline is said, keys stay usable, and a request of a restarted backend arrives', async ({ bus, desk }) => {
  const doorstep = await desk.open({ env: bus.env });
  const page = doorstep.window;
  await bus.plug(new VirtualToken(), { product: 'Blue key' });
  await expect.poll(async () => (await doorstep.state()).tokens.map((token) => token.state.kind)).toEqual(['ready']);
  const [token] = (await doorstep.state()).tokens;
  const enrolled = await page.evaluate((tokenId) => window.doorstep!.invoke('key.enroll', { tokenId, name: 'Blue key' }), token?.id ?? '');
  expect(enrolled).toMatchObject({ ok: true });

  await desk.backend.pause();
  await expect.poll(async () => (await doorstep.state()).connection, { timeout: 20_000 }).toBe('offline');
  await expect(page.getByText('No connection to Northmoor University.')).toBeVisible();
  await page.screenshot({ path: `${PROJECT}/test-results/screens/app-offline.png`, animations: 'disabled' });
  const wink = await page.evaluate((tokenId) => window.doorstep!.invoke('key.wink', { tokenId }), token?.id ?? '');
  expect(wink).toEqual({ ok: true, value: null });
  const tried = await page.evaluate((tokenId) => window.doorstep!.invoke('key.try', { tokenId }), token?.id ?? '');
  expect(tried).toMatchObject({ ok: false, code: 'backend.unreachable' });

  await desk.restartBackend();
  await expect.poll(async () => (await doorstep.state()).connection, { timeout: 40_000 }).toBe('online');
  const vpn = await connectVpn(desk.backend);
  await expect(page.getByText('VPN asks: is this you?')).toBeVisible();
  const [challenge] = (await doorstep.state()).challenges;
  expect(await page.evaluate((id) => window.doorstep!.invoke('challenge.answer', { id }), challenge?.id ?? '')).toMatchObject({
    ok: true,
  });
  expect(await vpn.outcome()).toBe('approved');
});

test('killed as by a power cut: after the next start it is paired and online, with no code', async ({ desk }) => {
  const killed = await desk.open();
  await killed.kill();
  const doorstep = await desk.open({ data: killed.data });
  expect((await doorstep.state()).pairing).toMatchObject({ state: 'paired', person: { username: 'amina.yusuf' } });
});
