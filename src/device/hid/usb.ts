/** Tokens on USB, through node-hid. The only file that knows that library. */
import { constants, type FSWatcher, promises as files, watch as watchFolder } from 'node:fs';
import { basename } from 'node:path';
import nodeHid from 'node-hid';
import type { DoorstepError } from '../../contract/errors.ts';
import { type Clock, systemClock } from '../clock.ts';
import type { ReportPipe, ReportSizes } from '../link.ts';
import { hidError } from './errors.ts';
import { pollingWatch } from './polling.ts';
import { FIDO_USAGE, FIDO_USAGE_PAGE, fidoReportSizes } from './report-descriptor.ts';
import { pipeOf } from './report-pipe.ts';
import type { DeviceSource, FoundDevice } from './source.ts';

const FULL_SPEED: ReportSizes = { output: 64, input: 64 };
/** Listing walks the whole bus, so not often; on Linux the device folder tells of changes long before. */
const POLL_MS = 2_000;
const IDLE_POLL_MS = 15_000;

/** Every FIDO interface at this computer (usage page 0xF1D0, usage 1), whoever made it. */
export function usbSource(options: { readonly clock?: Clock; readonly pollMs?: number } = {}): DeviceSource {
  const clock = options.clock ?? systemClock;
  return {
    watch: (listener) =>
      pollingWatch({ list: listTokens, wake: onDeviceNodes, clock, pollMs: options.pollMs ?? POLL_MS, idlePollMs: IDLE_POLL_MS }, listener),
  };
}

// libusb would take the interface away from the kernel, and with it from browsers and from the token's keyboard.
if (process.platform === 'linux') nodeHid.setDriverType('hidraw');

async function listTokens(): Promise<readonly FoundDevice[]> {
  const found: FoundDevice[] = [];
  for (const device of await nodeHid.devicesAsync()) {
    const { path } = device;
    if (path === undefined || device.usagePage !== FIDO_USAGE_PAGE || device.usage !== FIDO_USAGE) continue;
    found.push({
      key: path,
      source: 'usb',
      product: device.product ?? '',
      manufacturer: device.manufacturer ?? '',
      serial: device.serialNumber || null,
      open: () => openToken(path),
    });
  }
  return found;
}

async function openToken(path: string): Promise<ReportPipe> {
  let device: nodeHid.HIDAsync;
  try {
    // Without this macOS would take the token away from browsers.
    device = await nodeHid.HIDAsync.open(path, { nonExclusive: true });
  } catch (error) {
    throw (await linuxRefusal(path)) ?? hidError(error, 'open');
  }
  const sizes = (await linuxReportSizes(path)) ?? FULL_SPEED;
  try {
    return pipeOf(device, sizes);
  } catch (error) {
    await device.close().catch(() => {});
    throw error;
  }
}

/** hidapi does not always say why it could not open: the node itself does. */
async function linuxRefusal(path: string): Promise<DoorstepError | null> {
  if (process.platform !== 'linux') return null;
  try {
    await files.access(path, constants.R_OK | constants.W_OK);
    return null;
  } catch (error) {
    return hidError(error, 'open');
  }
}

async function linuxReportSizes(path: string): Promise<ReportSizes | null> {
  if (process.platform !== 'linux') return null;
  try {
    return fidoReportSizes(await files.readFile(`/sys/class/hidraw/${basename(path)}/device/report_descriptor`));
  } catch {
    return null;
  }
}

/** On Linux a node appears in /dev at once, and again when udev has given it to the person. */
function onDeviceNodes(wake: () => void): (() => void) | null {
  if (process.platform !== 'linux') return null;
  let watcher: FSWatcher;
  try {
    watcher = watchFolder('/dev', { persistent: false }, (_event, name) => {
      if (name?.startsWith('hidraw')) wake();
    });
  } catch {
    return null;
  }
  watcher.on('error', () => {});
  return () => watcher.close();
}
