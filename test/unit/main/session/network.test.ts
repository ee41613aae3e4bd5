import { expect, test, vi } from 'vitest';
import { watchNetwork } from '../../../../src/main/session/network.ts';
import { ScriptedBus } from '../bus/scripted-bus.ts';

const MANAGER = 'org.freedesktop.NetworkManager';

test('a network that came back is told; one that went, and what means nothing, is not', () => {
  const bus = new ScriptedBus();
  bus.own(MANAGER, ':1.3', () => []);
  const onConnected = vi.fn();
  const stop = watchNetwork(bus, onConnected);
  for (const state of [20, 40, '70', undefined]) bus.emit(MANAGER, MANAGER, 'StateChanged', [state]);
  expect(onConnected).not.toHaveBeenCalled();
  for (const state of [50, 60, 70]) bus.emit(MANAGER, MANAGER, 'StateChanged', [state]);
  expect(onConnected).toHaveBeenCalledTimes(3);
  stop();
  bus.emit(MANAGER, MANAGER, 'StateChanged', [70]);
  expect(onConnected).toHaveBeenCalledTimes(3);
});
