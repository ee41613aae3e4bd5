import { EventEmitter } from 'node:events';
import { describe, expect, it } from 'vitest';
import { DoorstepError } from '../../../../src/contract/errors.ts';
import { hidError } from '../../../../src/device/hid/errors.ts';
import type { HidDevice } from '../../../../src/device/hid/hid-device.ts';
import { pollingWatch } from '../../../../src/device/hid/polling.ts';
import { fidoReportSizes } from '../../../../src/device/hid/report-descriptor.ts';
import { pipeOf } from '../../../../src/device/hid/report-pipe.ts';
import type { FoundDevice } from '../../../../src/device/hid/source.ts';
import { ManualClock, settle } from '../doubles/manual-clock.ts';

const descriptor = (hex: string) => new Uint8Array(Buffer.from(hex, 'hex'));

/** The FIDO descriptor of CTAP 2.1 section 11.2.8.2, and a keyboard's (HID 1.11 appendix B.1, shortened). */
const FIDO = '06d0f10901a1010920150026ff007508954081020921150026ff00750895409102c0';
const KEYBOARD =
  '05010906a101050719e029e71500250175019508810295017508810195057501050819012905910295017503910195067508150025650507190029658100c0';

describe('report sizes', () => {
  it('come from the descriptor', () => {
    expect(fidoReportSizes(descriptor(FIDO))).toEqual({ input: 64, output: 64 });
    expect(fidoReportSizes(descriptor(FIDO.replace('95408102', '95208102')))).toEqual({ input: 32, output: 64 });
    expect(fidoReportSizes(descriptor(KEYBOARD + FIDO))).toEqual({ input: 64, output: 64 });
    expect(fidoReportSizes(descriptor(KEYBOARD))).toBe(null);
    expect(fidoReportSizes(descriptor(''))).toBe(null);
  });

  it('are passed over in long items, and come to an end in any', () => {
    expect(fidoReportSizes(descriptor(`fe0200aabb${FIDO}`))).toEqual({ input: 64, output: 64 });
    for (let length = 0; length < FIDO.length; length += 2) fidoReportSizes(descriptor(FIDO.slice(0, length)));
    for (let byte = 0; byte < 256; byte++) fidoReportSizes(new Uint8Array(50).fill(byte));
  });

  it.each([7, 65, 0, 12.5])('of %d bytes are refused', (size) => {
    const device = new FakeDevice();
    expect(() => pipeOf(device, { input: size, output: 64 })).toThrow('token.unsupported');
    expect(() => pipeOf(device, { input: 64, output: size })).toThrow('token.unsupported');
  });
});

describe('what the systems say', () => {
  it.each([
    [Object.assign(new Error('open'), { code: 'EACCES' }), 'open', 'linux', 'token.no-permission'],
    [
      new Error("cannot open device with path /dev/hidraw0: Failed to open a device with path '/dev/hidraw0': Permission denied"),
      'open',
      'linux',
      'token.no-permission',
    ],
    [new Error('hid_open_path: Access is denied. (0x00000005)'), 'open', 'win32', 'token.platform-keeps-it'],
    [new TypeError('cannot open device with path \\\\?\\hid'), 'open', 'win32', 'token.platform-keeps-it'],
    [new Error('hid_open_path: failed to open IOHIDDevice from mach entry: (0xE00002C5) exclusive access'), 'open', 'darwin', 'token.busy'],
    [new Error('hid_open_path: (0xE00002E2) not permitted'), 'open', 'darwin', 'token.no-permission'],
    [new Error('could not write to device: No such device'), 'use', 'linux', 'token.gone'],
    [Object.assign(new Error('write EPIPE'), { code: 'EPIPE' }), 'use', 'linux', 'token.gone'],
    ['could not read from HID device: unexpected poll error (device disconnected)', 'use', 'linux', 'token.gone'],
    [undefined, 'use', 'linux', 'token.gone'],
    [new Error(), 'use', 'linux', 'token.gone'],
    [new Error('something new'), 'use', 'win32', 'token.gone'],
    [new DoorstepError('token.busy'), 'open', 'linux', 'token.busy'],
  ] as const)('has a code: %s', (error, step, platform, code) => {
    expect(hidError(error, step, platform).code).toBe(code);
  });
});

class FakeDevice extends EventEmitter implements HidDevice {
  readonly written: Buffer[] = [];
  failure: unknown = null;
  closed = 0;

  async write(values: Buffer): Promise<number> {
    await settle();
    if (this.failure !== null) throw this.failure;
    this.written.push(values);
    return values.length;
  }

  async close(): Promise<void> {
    this.closed++;
    if (this.listenerCount('data') > 0) throw new Error('closed under its reader');
  }
}

const SIZES = { input: 64, output: 64 };

describe('a device as a pipe of reports', () => {
  it('puts the report number in front, and writes in order', async () => {
    const device = new FakeDevice();
    const pipe = pipeOf(device, SIZES);
    await Promise.all([pipe.write(new Uint8Array(64).fill(1)), pipe.write(new Uint8Array(64).fill(2))]);
    expect(device.written.map((values) => [values.length, values[0], values[1]])).toEqual([
      [65, 0, 1],
      [65, 0, 2],
    ]);
  });

  it('hands on reports that are its own', () => {
    const device = new FakeDevice();
    const pipe = pipeOf(device, SIZES);
    const seen: Uint8Array[] = [];
    const stop = pipe.onReport((report) => seen.push(report));
    const report = Buffer.alloc(64, 7);
    device.emit('data', report);
    report.fill(0);
    stop();
    device.emit('data', report);
    expect(seen).toEqual([new Uint8Array(64).fill(7)]);
  });

  it('tells once that it is gone, and stops the reader before it lets go', async () => {
    const device = new FakeDevice();
    const pipe = pipeOf(device, SIZES);
    const reasons: string[] = [];
    pipe.onClosed(({ code }) => reasons.push(code));
    device.emit('error', undefined);
    device.emit('error', new Error('again'));
    device.emit('data', Buffer.alloc(64));
    await pipe.close();
    expect(reasons).toEqual(['token.gone']);
    expect(device.closed).toBe(1);
    await expect(pipe.write(new Uint8Array(64))).rejects.toThrow('token.gone');
    pipe.onClosed(({ code }) => reasons.push(`late ${code}`));
    expect(reasons).toEqual(['token.gone']);
    await settle();
    expect(reasons).toEqual(['token.gone', 'late token.gone']);
  });

  it('is gone when a write fails', async () => {
    const device = new FakeDevice();
    const pipe = pipeOf(device, SIZES);
    device.failure = new Error('could not write: No such device');
    await expect(pipe.write(new Uint8Array(64))).rejects.toThrow('token.gone');
    expect(device.closed).toBe(1);
  });
});

describe('looking for devices', () => {
  const device = (key: string): FoundDevice => ({
    key,
    source: 'usb',
    product: '',
    manufacturer: '',
    serial: null,
    open: () => Promise.reject(new Error('not here')),
  });

  it('tells changes alone, at hints and now and then', async () => {
    const clock = new ManualClock();
    let present = ['a'];
    let hint = () => {};
    let looks = 0;
    const heard: string[][] = [];
    const watch = pollingWatch(
      {
        clock,
        pollMs: 2_000,
        list: async () => {
          looks++;
          return present.map(device);
        },
        wake: (listener) => {
          hint = listener;
          return () => {
            hint = () => {};
          };
        },
      },
      (devices) => heard.push(devices.map(({ key }) => key)),
    );
    await settle();
    expect(heard).toEqual([['a']]);
    await clock.advance(10_000);
    expect(heard).toEqual([['a']]);
    expect(looks).toBe(6);
    present = ['a', 'b'];
    for (let burst = 0; burst < 10; burst++) hint();
    await clock.advance(50);
    expect(heard).toEqual([['a'], ['a', 'b']]);
    expect(looks).toBe(7);
    present = [];
    expect(await watch.refresh()).toEqual([]);
    expect(heard.at(-1)).toEqual([]);
    watch.stop();
    await clock.advance(60_000);
    expect(looks).toBe(8);
    expect(clock.pending).toBe(0);
  });

  it.each([
    ['seldom where hints would tell', () => () => {}, 4],
    ['as often as ever where there are no hints', () => null, 30],
  ])('looks %s once nothing has happened for long', async (_name, wake, seldom) => {
    const clock = new ManualClock();
    let looks = 0;
    const list = async () => {
      looks++;
      return [];
    };
    const watch = pollingWatch({ clock, pollMs: 2_000, idlePollMs: 15_000, list, wake }, () => {});
    await clock.advance(30_000);
    looks = 0;
    await clock.advance(60_000);
    expect(looks).toBe(seldom);
    watch.hurry();
    looks = 0;
    await clock.advance(60_000);
    expect(looks).toBe(30);
    watch.stop();
  });

  it('goes on when the bus cannot be listed', async () => {
    const clock = new ManualClock();
    let fails = true;
    const heard: number[] = [];
    const watch = pollingWatch(
      {
        clock,
        pollMs: 1_000,
        list: async () => {
          if (fails) throw new Error('busy');
          return [device('a')];
        },
        wake: () => () => {},
      },
      (devices) => heard.push(devices.length),
    );
    await clock.advance(2_500);
    fails = false;
    await clock.advance(1_000);
    fails = true;
    await clock.advance(5_000);
    expect(heard).toEqual([1]);
    watch.stop();
  });
});
