/** The network comes back, the computer wakes up: the app tries its backend at once. NetworkManager and logind are doubles. */
import { expect, test } from '@playwright/test';
import { type DemoBackend, startDemoBackend } from '../../support/desktop/demo-backend.ts';
import { type DoorstepApp, launchDoorstep } from '../../support/desktop/doorstep.ts';
import { type MessageBusDaemon, startMessageBus } from '../../support/desktop/message-bus.ts';
import { type NetworkManagerDouble, startNetworkManagerDouble } from '../../support/desktop/network-manager.ts';
import { type LogindDouble, startLogindDouble } from '../../support/desktop/screen-locks.ts';
import { type DesktopSession, startDesktopSession } from '../../support/desktop/session.ts';

let session: DesktopSession;
let system: MessageBusDaemon;
let network: NetworkManagerDouble;
let logind: LogindDouble;
let backend: DemoBackend;
let doorstep: DoorstepApp;

test.beforeEach(async () => {
  [session, system, backend] = await Promise.all([startDesktopSession(), startMessageBus('system'), startDemoBackend()]);
  await session.unlockKeyring();
  network = await startNetworkManagerDouble(system);
  logind = await startLogindDouble(system);
  const env = { ...session.env, ...system.env, ...logind.env, DOORSTEP_PAIRING_CODE: backend.demo.pairingCode };
  doorstep = await launchDoorstep({ env, server: backend.origin });
  await expect.poll(async () => (await doorstep.state()).connection).toBe('online');
});
test.afterEach(async ({ browserName: _ }, info) => {
  if (info.status !== info.expectedStatus) console.log(doorstep.log());
  await doorstep.kill();
  doorstep.remove();
  await backend.stop();
  await system.stop();
  await session.stop();
});

/** The waits after tries that failed, milliseconds. Left alone they grow; only a reason to hope makes them small again. */
const waits = () => [...doorstep.log().matchAll(/"sync\.failed".*?"wait":(\d+)/g)].map(([, wait]) => Number(wait));
const longWait = () => expect.poll(() => waits().at(-1), { timeout: 40_000 }).toBeGreaterThanOrEqual(4_000);

test('the network is there again: the backend is tried at once, and soon again', async () => {
  await backend.pause();
  await longWait();
  const tries = waits().length;
  await network.become(70);
  await expect.poll(() => waits()[tries]).toBe(500);
  await longWait();
  backend = await backend.restart();
  await network.become(70);
  await expect.poll(async () => (await doorstep.state()).connection).toBe('online');
});

// Electron's own answer to logind may end a connection that is Playwright's: nothing is asked of the window afterwards.
test('the computer wakes up: the backend is tried at once, and soon again', async () => {
  await backend.pause();
  await longWait();
  const tries = waits().length;
  await logind.sleep(true);
  await logind.sleep(false);
  await expect.poll(() => waits()[tries]).toBe(500);
  await expect.poll(() => waits()[tries + 1]).toBeLessThanOrEqual(1_000);
});

test('a network that goes, or is still coming, is no reason to try', async () => {
  await backend.pause();
  await longWait();
  const tries = waits().length;
  await network.become(20);
  await network.become(40);
  await expect.poll(() => waits().length, { timeout: 20_000 }).toBeGreaterThan(tries);
  expect(waits()[tries]).toBeGreaterThan(4_000);
});
