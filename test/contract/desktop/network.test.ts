/** NetworkManager, a double on a real system bus: what is told of the network, also after the bus has died. */
import { afterEach, expect, test, vi } from 'vitest';
import { openBus } from '../../../src/main/bus/bus.ts';
import { watchNetwork } from '../../../src/main/session/network.ts';
import { type MessageBusDaemon, startMessageBus } from '../../support/desktop/message-bus.ts';
import { startNetworkManagerDouble } from '../../support/desktop/network-manager.ts';

let daemon: MessageBusDaemon;
afterEach(async () => {
  await daemon.stop();
  vi.unstubAllEnvs();
});

const soon = (check: () => void) => vi.waitFor(check, { timeout: 20_000, interval: 20 });

test('a network that is there again is told, each time; one that goes or is still coming is not', async () => {
  daemon = await startMessageBus('system');
  for (const [name, value] of Object.entries(daemon.env)) vi.stubEnv(name, value);
  let network = await startNetworkManagerDouble(daemon);
  const bus = await openBus('system', () => undefined);
  let told = 0;
  if (bus === null) throw new TypeError('the bus runs');
  // Heard by another listener, a signal has reached the first one too.
  const states: unknown[] = [];
  const stop = watchNetwork(bus, () => {
    told += 1;
  });
  const NAME = 'org.freedesktop.NetworkManager';
  let owner: string | null = null;
  bus.watch(NAME, (name) => {
    owner = name;
  });
  bus.on({ name: NAME, interface: NAME, member: 'StateChanged' }, ({ body }) => states.push(body[0]));
  await soon(() => expect(owner).not.toBeNull());

  for (const state of [20, 40] as const) await network.become(state);
  await soon(() => expect(states).toEqual([20, 40]));
  expect(told).toBe(0);
  await network.become(70);
  await soon(() => expect(told).toBe(1));

  await daemon.kill();
  await soon(() => expect(bus.joined()).toBe(false));
  await daemon.start();
  network = await startNetworkManagerDouble(daemon);
  await soon(() => expect(owner).not.toBeNull());
  await network.become(70);
  await soon(() => expect(told).toBe(2));
  stop();
  await network.become(70);
  await soon(() => expect(states).toEqual([20, 40, 70, 70, 70]));
  expect(told).toBe(2);
  bus.close();
});
