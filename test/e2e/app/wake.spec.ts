/** The network comes back, the computer wakes up: the app tries its backend at once. NetworkManager and logind are doubles. */
import { expect, test } from '@playwright/test';
import type { AppState, IpcChannel } from '../../../src/contract/ipc.ts';
import { connectVpn, type DemoBackend, startDemoBackend } from '../../support/desktop/demo-backend.ts';
import { type DoorstepApp, launchDoorstep } from '../../support/desktop/doorstep.ts';
import { type MessageBusDaemon, startMessageBus } from '../../support/desktop/message-bus.ts';
import { type NetworkManagerDouble, startNetworkManagerDouble } from '../../support/desktop/network-manager.ts';
import { type LogindDouble, startLogindDouble } from '../../support/desktop/screen-locks.ts';
import { type DesktopSession, startDesktopSession } from '../../support/desktop/session.ts';
import { startWire, type Wire } from '../../support/desktop/wire.ts';

let session: DesktopSession;
let system: MessageBusDaemon;
let network: NetworkManagerDouble;
let logind: LogindDouble;
let wire: Wire;
let backend: DemoBackend;
let doorstep: DoorstepApp;

test.beforeEach(async () => {
  wire = await startWire();
  const starting = [startDesktopSession(), startMessageBus('system'), startDemoBackend({ origin: wire.port })] as const;
  [session, system, backend] = await Promise.all(starting);
  wire.to(backend.listen);
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
  await wire.stop();
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

test('the computer wakes up: the backend is tried at once, and soon again', async () => {
  await backend.pause();
  await longWait();
  const tries = waits().length;
  await logind.sleep(true);
  await logind.sleep(false);
  await expect.poll(() => waits()[tries]).toBe(500);
  await expect.poll(() => waits()[tries + 1]).toBeLessThanOrEqual(1_000);
});

/**
 * Chromium ends all that goes over the network when it hears that the computer is about to sleep, Playwright's connection with
 * the window too. The debugger of the main process stays, and asks the window for the test.
 */
const ask = <T>(channel: IpcChannel, request: object): Promise<T> =>
  doorstep.app.evaluate(
    ({ BrowserWindow }, call) =>
      BrowserWindow.getAllWindows()[0]?.webContents.executeJavaScript(`window.doorstep.invoke(${call}).then(({ value }) => value)`),
    `${JSON.stringify(channel)}, ${JSON.stringify(request)}`,
  );
const state = () => ask<AppState>('state.get', {});
const announced = () => [...doorstep.log().matchAll(/"request\.announced"/g)].length;
const rest = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds));

test('the computer sleeps and wakes up: no old connection is trusted, it is online at once, and a request of the meantime comes once', async () => {
  wire.freeze();
  expect(wire.frozen()).toBeGreaterThan(0);
  wire.reset();
  await logind.sleep(true);
  await expect.poll(() => wire.frozen()).toBe(0);
  // Until the computer really sleeps the app goes on, and has others, with which it will wake up: one for what it hears, and
  // one of an exchange that is over, to be used again.
  await expect.poll(async () => (await state()).connection).toBe('online');
  const quiet = async () => {
    const { sent } = wire.seen;
    await rest(2_000);
    return wire.seen.sent === sent;
  };
  await expect.poll(quiet).toBe(true);
  await ask('authenticator.rename', { id: (await state()).authenticators[0]?.id, name: 'Laptop' });
  await expect.poll(quiet).toBe(true);
  wire.freeze();
  expect(wire.frozen()).toBeGreaterThan(1);
  wire.reset();
  await connectVpn(backend);
  expect(await quiet()).toBe(true);
  expect((await state()).challenges).toEqual([]);

  await logind.sleep(false);
  // Far less than until the silence of a connection is noticed, or a request on a dead one given up.
  await expect.poll(announced, { timeout: 14_000 }).toBe(1);
  expect(wire.frozen()).toBe(0);
  const { connection, challenges } = await state();
  expect({ connection, waiting: challenges.length }).toEqual({ connection: 'online', waiting: 1 });
  // It stands, and asks nothing more.
  await expect.poll(quiet).toBe(true);
  expect(announced()).toBe(1);
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
