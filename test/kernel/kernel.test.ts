import { beforeAll, describe, expect, it } from 'vitest';
import { checkSteps } from '../peers/ladder-check.ts';
import { runInGuest, type Steps } from './guest.ts';

/** The token behind the real kernel's HID stack, judged by those that need no shim there. */

const LIMIT_MS = 240_000;
let steps: Steps = new Map();

beforeAll(async () => {
  steps = await runInGuest(new URL('./in-guest.ts', import.meta.url).pathname, LIMIT_MS);
}, LIMIT_MS + 30_000);

describe('on the real kernel', () => {
  it('fido2-token lists and reads the token', () => {
    expect(steps.get('list')).toMatch(/^\/dev\/hidraw0: vendor=0x1209, product=0xd005/);
    expect(steps.get('info')).toContain('version strings: U2F_V2, FIDO_2_0, FIDO_2_1_PRE, FIDO_2_1');
  });

  it('udev gives the token to the person at the computer, by the rule that Doorstep ships', () => {
    expect(steps.get('udev')).toEqual(
      expect.arrayContaining(['ID_FIDO_TOKEN=1', 'ID_SECURITY_TOKEN=1', expect.stringMatching(/^TAGS=.*:uaccess:/)]),
    );
  });

  it('python3-fido2 does everything with its own host', () => {
    expect(steps.get('python')).toMatchObject({ ping: true, fmt: 'packed', retries: 7, users: ['cyd', 'bob', 'ada'], blob: true });
  });

  it('node-hid pings the token and reads it', () => {
    expect(steps.get('node-hid')).toMatchObject({
      echoed: 100,
      bothHeard: true,
      devices: [{ product: 'Kernel key', serialNumber: 'K-1' }],
    });
  });

  it('node-hid learns of the unplug by error', () => {
    expect(steps.get('unplug')).toMatchObject({
      reader: expect.stringMatching(/^error/),
      written: expect.stringContaining('No such device'),
      left: 0,
    });
  });

  it('our host registers, asserts, sets a PIN and survives the unplug', async () => {
    const ladder = steps.get('ladder') as Readonly<Record<string, unknown>>;
    expect(ladder['token']).toMatchObject({ product: 'Kernel key', serial: 'K-2', source: 'usb', protocol: 'fido2' });
    await checkSteps(ladder);
  });
});

it('says which tool is missing, and how to get it', async () => {
  const path = process.env['PATH'];
  process.env['PATH'] = '';
  try {
    await expect(runInGuest('nothing.ts', 1000)).rejects.toThrow(
      'qemu-system-x86_64 was not found. Install it: apt-get install qemu-system-x86',
    );
  } finally {
    process.env['PATH'] = path;
  }
});
