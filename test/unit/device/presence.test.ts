import { mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { watchPresence } from '../../../src/device/presence.ts';
import { FIDO_REPORT_DESCRIPTOR } from '../../support/token/bus.ts';

/** A mouse: usage page 1, usage 2. */
const MOUSE = Buffer.from('05010902a1010901a100050919012903150025019503750181029501750581030501093009311581257f750895028106c0c0', 'hex');

let folder: string;
let stop = () => {};
const told: boolean[] = [];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'doorstep-presence-'));
  mkdirSync(join(folder, 'dev'));
  told.length = 0;
});
afterEach(() => {
  stop();
  rmSync(folder, { recursive: true, force: true });
});

const watch = (platform: NodeJS.Platform = 'linux') => {
  stop = watchPresence((maybe) => told.push(maybe), { platform, nodes: join(folder, 'dev'), classes: join(folder, 'hidraw') });
};
/** As the kernel does it: described first, then the node. */
const plug = (name: string, descriptor: Buffer) => {
  mkdirSync(join(folder, 'hidraw', name, 'device'), { recursive: true });
  writeFileSync(join(folder, 'hidraw', name, 'device', 'report_descriptor'), descriptor);
  writeFileSync(join(folder, 'dev', name), '');
};
const unplug = (name: string) => {
  renameSync(join(folder, 'hidraw', name), join(folder, 'gone'));
  rmSync(join(folder, 'dev', name));
};

test('a token is told of when it comes and when it goes, other devices are not', async () => {
  plug('hidraw0', MOUSE);
  watch();
  await vi.waitFor(() => expect(told).toEqual([false]));
  plug('hidraw1', FIDO_REPORT_DESCRIPTOR);
  await vi.waitFor(() => expect(told).toEqual([false, true]));
  unplug('hidraw1');
  await vi.waitFor(() => expect(told).toEqual([false, true, false]));
});

test('a token that was there before is told of, and a computer that never had a HID device has none', async () => {
  watch();
  await vi.waitFor(() => expect(told).toEqual([false]));
  stop();
  plug('hidraw0', FIDO_REPORT_DESCRIPTOR);
  watch();
  await vi.waitFor(() => expect(told).toEqual([false, true]));
});

test('what cannot be known may be there: another system, a folder that cannot be read or watched', async () => {
  watch('darwin');
  expect(told).toEqual([true]);
  stop();
  writeFileSync(join(folder, 'hidraw'), 'no folder');
  watch();
  await vi.waitFor(() => expect(told).toEqual([true, true]));
  stop();
  rmSync(join(folder, 'dev'), { recursive: true });
  watch();
  expect(told).toEqual([true, true, true]);
});
