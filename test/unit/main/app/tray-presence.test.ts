import { beforeEach, expect, test, vi } from 'vitest';
import type { Notices } from '../../../../src/main/app/notices.ts';
import { firstState } from '../../../../src/main/app/state-store.ts';
import { createTrayPresence } from '../../../../src/main/app/tray-presence.ts';
import { ScriptedBus } from '../bus/scripted-bus.ts';

const WATCHER = 'org.kde.StatusNotifierWatcher';
const state = firstState('1.0.0', 'https://id.example', false);
const notices = { once: vi.fn(), over: vi.fn() };
const icon = { show: vi.fn(), destroy: vi.fn() };
const create = vi.fn(() => icon);
const onLost = vi.fn();
const open = (bus: ScriptedBus | null, platform: NodeJS.Platform = 'linux') =>
  createTrayPresence({ platform, bus, notices: notices as unknown as Notices, create, state: () => state, onLost, patience: 5 });
beforeEach(() => vi.clearAllMocks());

test('a panel that comes late gets the icon, a new one gets it anew, and one that went leaves nothing hidden', () => {
  const bus = new ScriptedBus();
  const tray = open(bus);
  expect(tray.shown()).toBe(false);
  bus.own(WATCHER, ':1.7', () => []);
  expect(tray.shown()).toBe(true);
  expect(icon.show).toHaveBeenCalledExactlyOnceWith(state);
  bus.own(WATCHER, ':1.8', () => []);
  expect(icon.destroy).toHaveBeenCalledOnce();
  expect(create).toHaveBeenCalledTimes(2);
  expect(onLost).not.toHaveBeenCalled();
  bus.leave(WATCHER);
  expect(tray.shown()).toBe(false);
  expect(onLost).toHaveBeenCalledOnce();
  tray.stop();
});

test.each([
  ['no panel', new ScriptedBus()],
  ['no session bus', null],
])('%s: it is said, after a while', async (_name, bus) => {
  const tray = open(bus);
  expect(notices.once).not.toHaveBeenCalled();
  await vi.waitFor(() => expect(notices.once).toHaveBeenCalledExactlyOnceWith('no-tray'));
  tray.stop();
});

test('elsewhere than on Linux there is a tray', () => {
  expect(open(null, 'darwin').shown()).toBe(true);
});
