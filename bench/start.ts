/**
 * From `npm start` (a second one: nothing is left to set up) to the first visible window, beside the bare
 * runtime with one empty window. Alternated; both on the same virtual display.
 */
import { spawn, spawnSync } from 'node:child_process';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { root, setUp } from '../scripts/setup.mjs';
import { asOrdinaryUser, openProject, ordinaryEnvironment, ordinaryUser, startVirtualDisplay } from '../scripts/system.mjs';
import { load, print, quartiles, ratio, spread } from './table.ts';

const rounds = Number(process.env.ROUNDS ?? 5);
const { electron } = await setUp('test');
const user = ordinaryUser();
const project = openProject(root, user);
const display = await startVirtualDisplay();

function isVisible(title: string): boolean {
  return (
    spawnSync('xdotool', ['search', '--onlyvisible', '--name', title], { env: { ...process.env, DISPLAY: display.display } }).status === 0
  );
}

async function untilWindow(title: string, command: readonly string[], env: NodeJS.ProcessEnv): Promise<number> {
  const [program, ...words] = command;
  const begin = performance.now();
  const child = spawn(program ?? '', words, { cwd: root, stdio: 'ignore', detached: true, env: { ...env, DISPLAY: display.display } });
  const ended = new Promise((resolve) => child.once('exit', resolve));
  try {
    while (!isVisible(title)) {
      if (performance.now() - begin > 60_000) throw new Error(`no window called ${title} within 60 s`);
      await sleep(5);
    }
    return performance.now() - begin;
  } finally {
    // The launcher leads its group, and stops what it started.
    if (child.pid !== undefined) process.kill(-child.pid, 'SIGTERM');
    await ended;
    for (let i = 0; i < 100 && isVisible(title); i += 1) await sleep(50);
  }
}

const shown = (file: string) => path.join(project.root, path.relative(root, file));
const bare = project.wrap(asOrdinaryUser(user, [shown(electron), shown(path.join(root, 'bench', 'hello'))]));
const ours: number[] = [];
const peer: number[] = [];
try {
  for (let round = -1; round < rounds; round += 1) {
    const a = await untilWindow('^Doorstep$', ['npm', 'start'], process.env);
    const b = await untilWindow('^Bare window$', bare, ordinaryEnvironment(user));
    if (round < 0) continue;
    ours.push(a);
    peer.push(b);
  }
} finally {
  display.stop();
}
const more = quartiles(ours.map((figure, i) => figure - (peer[i] ?? Number.NaN))).median;
print({
  title: 'Start to first window',
  note: `${rounds} alternated rounds after one that does not count, milliseconds, median and quartiles; ${load()}`,
  rows: [
    {
      what: `second \`npm start\` beside the bare runtime with an empty window (${more.toFixed(0)} ms more; at most 1,000)`,
      ours: spread(ours),
      peer: spread(peer),
      ratio: ratio(ours, peer),
    },
  ],
});
