import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { afterEach, describe, expect, it } from 'vitest';
import { type Bus, createBus, profile, VirtualToken } from '../support/token/index.ts';

/** The prebuilt node-hid, as it comes from its package, on tokens under the shim. */

let bus: Bus | null = null;

afterEach(async () => {
  await bus?.close();
  bus = null;
});

function loop(
  env: Readonly<Record<string, string>>,
  ...args: string[]
): { child: ChildProcess; line: () => Promise<Record<string, unknown>> } {
  const script = new URL('./node-hid-loop.ts', import.meta.url).pathname;
  const child = spawn(process.execPath, [script, ...args], { env: { ...process.env, ...env }, stdio: ['pipe', 'pipe', 'inherit'] });
  const lines = createInterface({ input: child.stdout! })[Symbol.asyncIterator]();
  return {
    child,
    line: async () => JSON.parse((await lines.next()).value ?? 'null') as Record<string, unknown>,
  };
}

describe('unmodified node-hid', () => {
  it('lists the token, pings it a hundred times and reads what it can do', async () => {
    bus = createBus();
    await bus.plug(new VirtualToken(), { product: 'Blue key', serial: 'B-7' });
    const seen = await loop(bus.env).line();
    expect(seen).toMatchObject({
      devices: [
        {
          node: '/dev/hidraw0',
          product: 'Blue key',
          manufacturer: 'Doorstep',
          serialNumber: 'B-7',
          vendorId: 0x1209,
          productId: 0xd005,
          usagePage: 0xf1d0,
        },
      ],
      bothHeard: true,
      echoed: 100,
    });
    expect(seen['info']).toMatch(/^00b[0-9a-f]01846/);
    expect(seen['pingMs']).toBeLessThan(20);
  });

  it('sees several tokens, and learns of an unplug by error', async () => {
    bus = createBus();
    const first = new VirtualToken();
    await bus.plug(first, { product: 'Blue key' });
    await bus.plug(new VirtualToken({ profile: profile('fido2.0') }), { product: 'Red key' });
    const { child, line } = loop(bus.env, '--unplug');
    const seen = await line();
    expect((seen['devices'] as { product: string }[]).map(({ product }) => product)).toEqual(['Blue key', 'Red key']);
    first.unplug();
    child.stdin?.write('unplugged\n');
    const after = await line();
    expect(after['reader']).toMatch(/^error/);
    expect(after['written']).toContain('No such device');
    expect(after['left']).toBe(1);
  });

  it('finds a token again that was pulled out and put in', async () => {
    bus = createBus();
    const token = new VirtualToken();
    for (let turn = 0; turn < 2; turn += 1) {
      const device = await bus.plug(token, { product: `Turn ${turn}` });
      const seen = await loop(bus.env).line();
      expect(seen).toMatchObject({ devices: [{ node: '/dev/hidraw0', product: `Turn ${turn}` }], echoed: 100 });
      await device.unplug();
    }
  });
});
