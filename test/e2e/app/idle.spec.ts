/** The app that nobody uses asks its backend nothing: it holds the one live connection, and hears. */
import { expect, test } from '@playwright/test';
import { connectVpn, type DemoBackend, startDemoBackend } from '../../support/desktop/demo-backend.ts';
import { type DoorstepApp, launchDoorstep } from '../../support/desktop/doorstep.ts';
import { type DesktopSession, startDesktopSession } from '../../support/desktop/session.ts';
import { startWire, type Wire } from '../../support/desktop/wire.ts';

/** Longer than the backend is silent on a live connection, 30 s. */
const IDLE = 35_000;

let session: DesktopSession;
let backend: DemoBackend;
let wire: Wire;
let doorstep: DoorstepApp;

test.beforeEach(async () => {
  wire = await startWire();
  [session, backend] = await Promise.all([startDesktopSession(), startDemoBackend({ origin: wire.port })]);
  wire.to(backend.listen);
  await session.unlockKeyring();
  doorstep = await launchDoorstep({ env: { ...session.env, DOORSTEP_PAIRING_CODE: backend.demo.pairingCode }, server: backend.origin });
  await expect.poll(async () => (await doorstep.state()).connection).toBe('online');
});
test.afterEach(async ({ browserName: _ }, info) => {
  if (info.status !== info.expectedStatus) console.log(doorstep.log(), wire.seen);
  await doorstep.quit();
  doorstep.remove();
  await wire.stop();
  await backend.stop();
  await session.stop();
});

const rest = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds));

test('connected and left alone: no request and no connection, only the sign of life of the live one', async () => {
  // What belongs to the start is over.
  await expect
    .poll(
      async () => {
        wire.reset();
        await rest(3_000);
        return wire.seen.sent;
      },
      { timeout: 30_000 },
    )
    .toBe(0);
  wire.reset();
  await rest(IDLE);
  expect(wire.seen).toMatchObject({ connections: 0, sent: 0 });
  expect(wire.seen.got).toBeGreaterThan(0);
  expect(wire.seen.got).toBeLessThan(100);
  expect((await doorstep.state()).connection).toBe('online');

  // It is not deaf.
  wire.reset();
  await connectVpn(backend);
  await expect.poll(async () => (await doorstep.state()).challenges.length).toBe(1);
});
