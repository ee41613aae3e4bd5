/**
 * Runs in a process of its own under the shim (or on a real kernel): unmodified node-hid against the first FIDO
 * token that it finds. Prints one JSON line. `--unplug` waits for the token to be pulled out and tells what it saw.
 */
import { createInterface } from 'node:readline';
import HID from 'node-hid';

const BROADCAST = Buffer.alloc(4, 0xff);
const wantsUnplug = process.argv.includes('--unplug');

type Device = Awaited<ReturnType<typeof HID.HIDAsync.open>>;

/** A queue of input reports: adding and removing listeners would stop and start the reader each time. */
class Reader {
  readonly #reports: Buffer[] = [];
  readonly #waiting: ((report: Buffer) => void)[] = [];
  failure: string | null = null;

  constructor(device: Device) {
    device.on('data', (report: Buffer) => {
      const waiter = this.#waiting.shift();
      if (waiter === undefined) this.#reports.push(report);
      else waiter(report);
    });
    device.on('error', (error: unknown) => {
      this.failure = error instanceof Error ? `error: ${error.message}` : 'error';
    });
  }

  next(): Promise<Buffer> {
    const have = this.#reports.shift();
    return have === undefined ? new Promise((resolve) => this.#waiting.push(resolve)) : Promise.resolve(have);
  }
}

async function send(device: Device, cid: Buffer, command: number, payload: Buffer): Promise<void> {
  const report = Buffer.alloc(65);
  cid.copy(report, 1);
  report[5] = command | 0x80;
  report.writeUInt16BE(payload.length, 6);
  payload.copy(report, 8, 0, 57);
  await device.write(report);
  for (let at = 57, seq = 0; at < payload.length; at += 59, seq += 1) {
    const next = Buffer.alloc(65);
    cid.copy(next, 1);
    next[5] = seq;
    payload.copy(next, 6, at, at + 59);
    await device.write(next);
  }
}

async function receive(reader: Reader): Promise<Buffer> {
  const first = await reader.next();
  const length = first.readUInt16BE(5);
  const parts = [first.subarray(7)];
  for (let have = 57; have < length; have += 59) parts.push((await reader.next()).subarray(5));
  return Buffer.concat(parts).subarray(0, length);
}

const found = (await HID.devicesAsync()).filter((device) => device.usagePage === 0xf1d0 && device.usage === 1);
const path = found[0]?.path;
if (path === undefined) throw new Error('no FIDO token found');
const device = await HID.HIDAsync.open(path);
const second = await HID.HIDAsync.open(path);
const reader = new Reader(device);
const secondReader = new Reader(second);

await send(device, BROADCAST, 0x06, Buffer.from('0102030405060708', 'hex'));
const init = await receive(reader);
const overheard = await receive(secondReader);
const cid = init.subarray(8, 12);

const started = performance.now();
let echoed = 0;
for (let turn = 0; turn < 100; turn += 1) {
  const payload = Buffer.alloc(turn * 11, turn);
  await send(device, cid, 0x01, payload);
  if ((await receive(reader)).equals(payload)) echoed += 1;
}
const pingMs = (performance.now() - started) / 100;
await send(device, cid, 0x10, Buffer.of(0x04));
const info = await receive(reader);

const result = {
  devices: found.map(({ path: node, product, manufacturer, serialNumber, vendorId, productId, usagePage }) => ({
    node,
    product,
    manufacturer,
    serialNumber,
    vendorId,
    productId,
    usagePage,
  })),
  bothHeard: init.equals(overheard),
  echoed,
  pingMs: Math.round(pingMs * 100) / 100,
  info: info.toString('hex'),
};
console.log(JSON.stringify(result));

if (wantsUnplug) {
  await createInterface({ input: process.stdin })[Symbol.asyncIterator]().next();
  const deadline = Date.now() + 5000;
  while (reader.failure === null && Date.now() < deadline) await new Promise((resolve) => setTimeout(resolve, 20));
  const written = await device.write(Buffer.alloc(65)).then(
    () => 'written',
    (error: Error) => error.message,
  );
  const left = (await HID.devicesAsync()).filter(({ usagePage }) => usagePage === 0xf1d0).length;
  console.log(JSON.stringify({ reader: reader.failure, written, left }));
}
process.exit(0);
