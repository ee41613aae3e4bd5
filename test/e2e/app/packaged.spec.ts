/** The packaged app: its fuses as they stand in the binary, what is in it, and what it does not believe. */
import { execFile, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { listPackage } from '@electron/asar';
import { FuseState, FuseV1Options, getCurrentFuseWire } from '@electron/fuses';
import { expect, test } from '@playwright/test';
import { electronBinary, PROJECT } from '../../support/desktop/doorstep.ts';
import { type DesktopSession, startDesktopSession } from '../../support/desktop/session.ts';
import { createBus, VirtualToken } from '../../support/token/index.ts';

const run = promisify(execFile);
let output: string;
let binary: string;
let session: DesktopSession;

test.beforeAll(async () => {
  test.setTimeout(180_000);
  output = mkdtempSync(join(tmpdir(), 'doorstep-package-'));
  const runtime = dirname(electronBinary());
  const version = readFileSync(join(runtime, 'version'), 'utf8').trim();
  await run(
    process.execPath,
    [
      join(PROJECT, 'node_modules/electron-builder/cli.js'),
      '--linux',
      'dir',
      '--publish=never',
      `-c.electronDist=${runtime}`,
      `-c.electronVersion=${version}`,
      `-c.directories.output=${output}`,
    ],
    { cwd: PROJECT, env: { ...process.env, HOME: output } },
  );
  binary = join(output, 'linux-unpacked', 'doorstep');
  session = await startDesktopSession();
  await session.unlockKeyring();
});
test.afterAll(async () => {
  await session.stop();
  rmSync(output, { recursive: true, force: true });
});

/** Starts the packaged app and gives its log as it grows. */
function start(args: readonly string[], env: Readonly<Record<string, string>> = {}) {
  const child = spawn(binary, args, { env: { ...session.env, ...env }, stdio: ['ignore', 'pipe', 'pipe'] });
  let text = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (more: Buffer) => {
      text += more.toString();
    });
  }
  const ended = new Promise<number | null>((resolve) => child.once('exit', resolve));
  return { child, ended, text: () => text };
}

test('19 the fuses stand as the configuration says', async () => {
  const wire = await getCurrentFuseWire(binary);
  const states = Object.fromEntries(
    Object.entries(FuseV1Options)
      .filter(([name]) => Number.isNaN(Number(name)))
      .map(([name, index]) => [name, wire[index as FuseV1Options]]),
  );
  expect(states).toMatchObject({
    RunAsNode: FuseState.DISABLE,
    EnableCookieEncryption: FuseState.ENABLE,
    EnableNodeOptionsEnvironmentVariable: FuseState.DISABLE,
    EnableNodeCliInspectArguments: FuseState.DISABLE,
    EnableEmbeddedAsarIntegrityValidation: FuseState.ENABLE,
    OnlyLoadAppFromAsar: FuseState.ENABLE,
    LoadBrowserProcessSpecificV8Snapshot: FuseState.DISABLE,
    GrantFileProtocolExtraPrivileges: FuseState.DISABLE,
  });
});

test('16 a release is built with the one version that package.json names', () => {
  const { devDependencies } = JSON.parse(readFileSync(join(PROJECT, 'package.json'), 'utf8')) as {
    devDependencies: Record<string, string>;
  };
  expect(devDependencies['electron']).toMatch(/^\d+\.\d+\.\d+$/);
  const config = readFileSync(join(PROJECT, 'electron-builder.yml'), 'utf8');
  expect(config).not.toMatch(/electronVersion|electronDist/);
});

test('what is packaged is what the app needs, and no more', () => {
  const files = listPackage(join(output, 'linux-unpacked/resources/app.asar'), { isPack: false });
  const roots = new Set(files.map((file) => file.split('/').slice(1, 3).join('/')));
  expect([...roots].sort()).toEqual(
    [
      'build',
      'build/icons',
      'dist',
      'dist/app',
      'dist/main',
      'dist/preload',
      'node_modules',
      'node_modules/@github',
      'node_modules/node-hid',
      'node_modules/pkg-prebuilds',
      'package.json',
    ].sort(),
  );
  expect(files.filter((file) => file.endsWith('.map') || file.endsWith('.ts'))).toEqual([]);
  expect(files).toEqual(expect.arrayContaining(['/dist/main/picture-process.cjs', '/dist/main/zxing_reader.wasm']));
});

test('it starts, talks to keychain and keys, and believes nothing of its environment', async () => {
  const elsewhere = join(output, 'elsewhere');
  const practice = join(output, 'practice.sock');
  const bus = createBus();
  await bus.plug(new VirtualToken(), { product: 'Blue key' });
  const app = start([], {
    ...bus.env,
    DOORSTEP_DATA: elsewhere,
    DOORSTEP_SERVER: 'http://localhost:1',
    DOORSTEP_PRACTICE_SOCKET: practice,
    DOORSTEP_PRACTICE_CONTROL: practice,
    NODE_OPTIONS: '--require=/nowhere.js',
  });
  await expect.poll(app.text, { timeout: 40_000 }).toContain('"event":"tokens.ready"');
  await expect.poll(app.text, { timeout: 20_000 }).toContain('"to":"ready"');
  app.child.kill('SIGTERM');
  expect(await app.ended).toBe(0);
  await bus.close();
  expect(existsSync(elsewhere)).toBe(false);
  const settings = readFileSync(join(session.env['XDG_CONFIG_HOME'] ?? '', 'doorstep/settings.json'), 'utf8');
  expect(settings).not.toContain('localhost:1');
});

test('it is no Node, and cannot be debugged from outside', async () => {
  const asNode = start(['-e', 'console.log("this is " + "node")'], { ELECTRON_RUN_AS_NODE: '1' });
  await expect.poll(asNode.text, { timeout: 40_000 }).toContain('"event":"window.shown"');
  asNode.child.kill('SIGTERM');
  await asNode.ended;
  expect(asNode.text()).not.toContain('this is node');
  const inspected = start(['--inspect=0']);
  await expect.poll(inspected.text, { timeout: 40_000 }).toContain('"event":"window.shown"');
  inspected.child.kill('SIGTERM');
  await inspected.ended;
  expect(inspected.text()).not.toContain('Debugger listening');
  for (const word of ['--remote-debugging-port=0', '--remote-debugging-pipe']) {
    const debugged = start([word]);
    expect(await debugged.ended).toBe(1);
    expect(debugged.text()).not.toContain('tokens.ready');
  }
});
