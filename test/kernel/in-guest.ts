/** Runs inside the guest, as its one program: tokens behind the real kernel's hidraw, and those who judge them. */
import { execFile, spawn } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';
import { runLadder } from '../peers/ladder-parent.ts';
import { VirtualToken } from '../support/token/index.ts';
import { UhidDevice } from './uhid.ts';

/** Bounded, so that a tool that hangs is named. */
const run = (tool: string, args: readonly string[]) => promisify(execFile)(tool, args, { timeout: 60_000, killSignal: 'SIGKILL' });
const peers = new URL('../peers/', import.meta.url).pathname;

function step(name: string, result: unknown): void {
  console.log(`@@STEP ${name} ${JSON.stringify(result)}`);
  console.log(`@@STAGE ${name} after ${Math.round(performance.now())} ms`);
}

/** A fresh token, and its hidraw node once the kernel has made it. */
async function plugIn(token: VirtualToken, serial: string): Promise<void> {
  UhidDevice.plug(token, { product: 'Kernel key', serial });
  for (let left = 200; left > 0 && !existsSync('/dev/hidraw0'); left -= 1) await new Promise((resolve) => setTimeout(resolve, 20));
  console.log(`@@STAGE plugged in ${serial}`);
}

async function libfido2(): Promise<void> {
  step('list', (await run('fido2-token', ['-L'])).stdout);
  step('info', (await run('fido2-token', ['-I', '/dev/hidraw0'])).stdout);
}

/** The kernel queues 32 reports for /dev/uhid and drops the next: the longest ping stays below that. */
async function python(): Promise<void> {
  const { stdout } = await run('/usr/bin/python3', ['-B', '-W', 'ignore', `${peers}python_fido2.py`, '--longest', '1000']);
  step('python', JSON.parse(stdout));
}

/** Unmodified node-hid on the kernel's hidraw; at the end the token is pulled out under it. */
async function nodeHid(token: VirtualToken): Promise<void> {
  const child = spawn(process.execPath, [`${peers}node-hid-loop.ts`, '--unplug'], { stdio: ['pipe', 'pipe', 'inherit'] });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  step('node-hid', JSON.parse((await lines.next()).value ?? 'null'));
  token.unplug();
  child.stdin.end('unplugged\n');
  step('unplug', JSON.parse((await lines.next()).value ?? 'null'));
}

/** What a real udevd makes of a token with the rule that Doorstep ships. */
async function udevRule(): Promise<void> {
  const udevadm = process.env['UDEVADM'] ?? 'udevadm';
  // udevadm does nothing in a changed root unless it is told to.
  process.env['SYSTEMD_IGNORE_CHROOT'] = '1';
  mkdirSync('/run/udev/rules.d', { recursive: true });
  copyFileSync(new URL('../../build/linux/60-doorstep.rules', import.meta.url).pathname, '/run/udev/rules.d/60-doorstep.rules');
  spawn(udevadm, ['--daemon'], { argv0: 'systemd-udevd', stdio: 'inherit' });
  for (let left = 200; left > 0 && !existsSync('/run/udev/control'); left -= 1) await new Promise((resolve) => setTimeout(resolve, 50));
  await run(udevadm, ['trigger', '--action=add', '--subsystem-match=hidraw', '--settle']);
  step('udev', (await run(udevadm, ['info', '--query=property', '/dev/hidraw0'])).stdout.trim().split('\n'));
}

/** Doorstep's own host on the kernel's hidraw. */
async function ladder(): Promise<void> {
  const token = new VirtualToken();
  await plugIn(token, 'K-2');
  step('ladder', await runLadder(token, {}));
}

async function main(): Promise<void> {
  const token = new VirtualToken();
  await plugIn(token, 'K-1');
  await libfido2();
  await udevRule();
  await python();
  await nodeHid(token);
  await ladder();
}

main().then(
  () => process.exit(0),
  (error: unknown) => {
    console.log(`@@ERROR ${error instanceof Error ? JSON.stringify(error.message) : 'unknown'}`);
    process.exit(1);
  },
);
