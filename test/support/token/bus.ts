import { mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { shimPath } from '../hid-shim/build.ts';
import { serveToken } from './server.ts';
import type { VirtualToken } from './token.ts';

/** What the operating system tells of a token. Everything has a default. */
export interface UsbIdentity {
  readonly product?: string;
  readonly manufacturer?: string;
  readonly serial?: string;
  readonly vendorId?: number;
  readonly productId?: number;
  /** bcdDevice, for example 0x0100. */
  readonly release?: number;
}

export interface PluggedToken {
  /** The environment in which unmodified programs see the token as `path`. */
  readonly env: Readonly<Record<string, string>>;
  /** For example "/dev/hidraw0". */
  readonly path: string;
  /** Pulls the token out: openers get the kernel's errors, and the device is not listed any more. */
  unplug(): Promise<void>;
}

export interface Bus {
  /** Add this to the environment of every program that should see the tokens of this bus. */
  readonly env: Readonly<Record<string, string>>;
  /** Plugs a token in; it may come and go while programs run. */
  plug(token: VirtualToken, identity?: UsbIdentity): Promise<PluggedToken>;
  /** Unplugs everything and removes the folder. */
  close(): Promise<void>;
}

/** The environment variable that names the folder of devices to the preloaded shim. */
export const BUS_VARIABLE = 'DOORSTEP_HIDRAW_BUS';

/** Usage page 0xF1D0, usage 1, 64-byte reports both ways, no report numbers (CTAP 2.1, 11.2.8.2). */
export const FIDO_REPORT_DESCRIPTOR = Buffer.from('06d0f10901a1010920150026ff007508954081020921150026ff00750895409102c0', 'hex');

/** A folder of virtual hidraw devices. Programs in its `env` see what is plugged in, and nothing else. */
export function createBus(): Bus {
  // Short, because a socket's path may have 107 bytes.
  const folder = mkdtempSync(join(tmpdir(), 'doorstep-bus-'));
  const env = { LD_PRELOAD: shimPath(), [BUS_VARIABLE]: folder };
  const plugged = new Set<PluggedToken>();

  const plug = async (token: VirtualToken, identity: UsbIdentity = {}): Promise<PluggedToken> => {
    if (!token.pluggedIn) token.plugIn();
    const taken = new Set(readdirSync(folder));
    let number = 0;
    while (taken.has(`hidraw${number}`) || taken.has(`.hidraw${number}`)) number += 1;
    const name = `hidraw${number}`;
    // The device appears whole, in one step, as in sysfs.
    const draft = join(folder, `.${name}`);
    writeSysfs(draft, number, identity);
    const server = await serveToken(token, join(draft, 'socket'));
    renameSync(draft, join(folder, name));
    const remove = (): void => {
      rmSync(join(folder, name), { recursive: true, force: true });
      plugged.delete(device);
      stop();
    };
    const stop = token.onPlug((pluggedIn) => {
      if (!pluggedIn) remove();
    });
    const device: PluggedToken = {
      env,
      path: `/dev/${name}`,
      async unplug() {
        token.unplug();
        await server.close();
      },
    };
    plugged.add(device);
    return device;
  };

  return {
    env,
    plug,
    async close() {
      for (const device of [...plugged]) await device.unplug();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** The files of sysfs that enumeration reads, as the kernel words them. */
function writeSysfs(folder: string, number: number, identity: UsbIdentity): void {
  const vendor = identity.vendorId ?? 0x1209;
  const product = identity.productId ?? 0xd005;
  const maker = identity.manufacturer ?? 'Doorstep';
  const productName = identity.product ?? 'Doorstep virtual key';
  const serial = identity.serial ?? '';
  const hex = (value: number, digits: number): string => value.toString(16).padStart(digits, '0');
  mkdirSync(join(folder, 'device'), { recursive: true });
  const write = (name: string, content: string | Uint8Array): void => writeFileSync(join(folder, name), content);
  write(
    'device/uevent',
    [
      'DRIVER=hid-generic',
      `HID_ID=0003:${hex(vendor, 8).toUpperCase()}:${hex(product, 8).toUpperCase()}`,
      `HID_NAME=${maker} ${productName}`,
      `HID_PHYS=usb-virtual-${number + 1}/input0`,
      `HID_UNIQ=${serial}`,
      '',
    ].join('\n'),
  );
  write('device/report_descriptor', FIDO_REPORT_DESCRIPTOR);
  write('manufacturer', maker);
  write('product', productName);
  if (serial !== '') write('serial', serial);
  write('idVendor', hex(vendor, 4));
  write('idProduct', hex(product, 4));
  write('bcdDevice', hex(identity.release ?? 0x0100, 4));
  write('bInterfaceNumber', '00');
}
