/**
 * The app at rest in the tray, paired and connected, beside the smallest Electron app that lives in the tray, on the same
 * runtime: memory, idle CPU, CPU to the first window. Alternated; each in one desktop session with a bus, a keychain and a
 * panel.
 */
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { root, runtimePath } from '../scripts/setup.mjs';
import { startBackendProcess } from '../test/support/backend.ts';
import { CpuMeter, type Desktop, isShared, pssOf, startDesktop, treeOf } from './measure/desktop.ts';
import { load, print, ratio, spread } from './table.ts';

const rounds = Number(process.env['ROUNDS'] ?? 3);
/** Starts alone: they take seconds, where a look at rest takes minutes. */
const STARTS = Number(process.env['STARTS'] ?? 7);
/**
 * How long an app is left alone before it counts as being at rest, and how long it is watched. Chromium's regular work begins
 * a minute after the start, and some that it does once comes a minute later.
 */
const SETTLE = Number(process.env['SETTLE'] ?? 65) * 1_000;
const WATCH = Number(process.env['WATCH'] ?? 40) * 1_000;

interface Figures {
  readonly toWindow: number[];
  readonly closedPss: number[];
  readonly closedCpu: number[];
}

interface App {
  readonly title: string;
  readonly command: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly figures: Figures;
}

const figures = (): Figures => ({ toWindow: [], closedPss: [], closedCpu: [] });

/** Starts an app and answers the CPU seconds until its window is there. */
async function start(desktop: Desktop, app: App): Promise<{ pid: number; toWindow: number }> {
  const pid = await desktop.start(app.command, app.env);
  const meter = new CpuMeter(pid, { started: true });
  await desktop.untilVisible(app.title, () => meter.look());
  return { pid, toWindow: meter.seconds() };
}

async function measureStart(desktop: Desktop, app: App, counts: boolean): Promise<void> {
  const { toWindow } = await start(desktop, app);
  if (counts) app.figures.toWindow.push(toWindow);
  // The first time there is more to do: ours is paired.
  await sleep(counts ? 1_500 : 6_000);
  await desktop.end();
}

async function measureRest(desktop: Desktop, app: App): Promise<void> {
  const before = await desktop.icons();
  const { pid } = await start(desktop, app);
  while ((await desktop.icons()) === before) await sleep(50);
  await sleep(3_000);
  await desktop.close(app.title);
  await sleep(SETTLE);
  const [begin, rest] = [performance.now(), new CpuMeter(pid, { started: false })];
  while (performance.now() - begin < WATCH) {
    await sleep(500);
    rest.look();
  }
  app.figures.closedCpu.push((rest.seconds() / ((performance.now() - begin) / 1_000)) * 100);
  while (isShared(pid)) await sleep(500);
  app.figures.closedPss.push(pssOf(treeOf(pid)));
  await desktop.end();
}

const backend = await startBackendProcess({ DOORSTEP_LOG_LEVEL: 'warn', DOORSTEP_FIRST_ENROLLMENT: 'password' });
const desktop = await startDesktop();
const binary = desktop.shown(runtimePath());
const ours: App = {
  title: '^Doorstep$',
  command: [binary, desktop.shown(root)],
  env: {
    DOORSTEP_DATA: path.join(desktop.folder, 'app'),
    DOORSTEP_SERVER: backend.origin,
    DOORSTEP_PAIRING_CODE: backend.demo?.pairingCode ?? '',
  },
  figures: figures(),
};
const peerOf = (name: string, ...words: string[]): App => ({
  title: '^Hello tray$',
  command: [
    binary,
    desktop.shown(path.join(root, 'bench', 'peers', 'tray-app')),
    `--user-data-dir=${path.join(desktop.folder, name)}`,
    ...words,
  ],
  env: {},
  figures: figures(),
});
const hides = peerOf('hides');
const destroys = peerOf('destroys', '--destroys-window');
try {
  const apps = [ours, hides, destroys];
  for (let round = -1; round < STARTS; round += 1) for (const app of apps) await measureStart(desktop, app, round >= 0);
  for (let round = 0; round < rounds; round += 1) for (const app of apps) await measureRest(desktop, app);
} finally {
  await desktop.stop();
  await backend.stop();
}
const row = (what: string, peer: App, member: keyof Figures, digits: number) => ({
  what,
  ours: spread(ours.figures[member], digits),
  peer: spread(peer.figures[member], digits),
  ratio: ratio(ours.figures[member], peer.figures[member]),
});
const HIDES = 'peer: its window hidden, as tutorials do it';
const DESTROYS = 'peer: its window destroyed';
print({
  title: 'The app in the tray',
  note: `${STARTS} alternated starts after one that does not count, and ${rounds} alternated looks at rest, median and quartiles; the peer is the smallest Electron app with a tray icon and one window, on the same runtime; at rest: the window closed ${SETTLE / 1_000} s ago, ours paired and connected, no key plugged in; watched for ${WATCH / 1_000} s; CPU by the nanoseconds of each thread; ${load()}`,
  rows: [
    row(`memory at rest, MiB (PSS of all processes); ${HIDES}`, hides, 'closedPss', 0),
    row(`the same; ${DESTROYS}`, destroys, 'closedPss', 0),
    row(`CPU at rest, percent of one core; ${HIDES}`, hides, 'closedCpu', 4),
    row(`the same; ${DESTROYS}`, destroys, 'closedCpu', 4),
    row('CPU seconds to the first window', hides, 'toWindow', 2),
  ],
});
