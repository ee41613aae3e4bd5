/** Programs of a person's desktop, started in a session of a test: window manager, panel, notification daemons. */

import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { mkdir } from 'node:fs/promises';
import { promisify } from 'node:util';
import { PROJECT } from './doorstep.ts';

const run = promisify(execFile);
export type SessionEnv = Readonly<Record<string, string>>;

export interface Program {
  readonly pid: number;
  /** Ends it and waits for it. */
  stop(signal?: NodeJS.Signals): Promise<void>;
}

export function startProgram(env: SessionEnv, command: string, args: readonly string[] = []): Program {
  const child: ChildProcess = spawn(command, args, { env, stdio: 'ignore' });
  const gone = new Promise<void>((resolve) => {
    child.once('exit', () => resolve());
    child.once('error', () => resolve());
  });
  return {
    pid: child.pid ?? 0,
    async stop(signal = 'SIGTERM') {
      child.kill(signal);
      const force = setTimeout(() => child.kill('SIGKILL'), 2_000);
      await gone;
      clearTimeout(force);
    },
  };
}

/** Without a window manager no window has the focus. */
export async function startWindowManager(env: SessionEnv): Promise<Program> {
  const manager = startProgram(env, 'openbox', ['--sm-disable']);
  await until(async () => (await say(env, 'xprop', ['-root', '_NET_SUPPORTING_WM_CHECK'])).includes('window id'), 'the window manager');
  return manager;
}

/** Waits until somebody owns the name on the session bus, or until nobody does. */
export async function waitForOwner(env: SessionEnv, name: string, owned = true): Promise<void> {
  const args = ['--session', '--print-reply', '--dest=org.freedesktop.DBus', '/', 'org.freedesktop.DBus.NameHasOwner', `string:${name}`];
  await until(async () => (await say(env, 'dbus-send', args)).includes(`boolean ${owned}`), `an owner of ${name}`);
}

/** What the program printed; nothing where it failed. */
export async function say(env: SessionEnv, command: string, args: readonly string[]): Promise<string> {
  try {
    return (await run(command, [...args], { env, timeout: 10_000 })).stdout;
  } catch {
    return '';
  }
}

/** Presses keys and buttons as the person at the screen does. */
export async function xdotool(env: SessionEnv, ...args: string[]): Promise<string> {
  return (await run('xdotool', args, { env, timeout: 20_000 })).stdout.trim();
}

/** The number of the newest window of a program that can be seen. */
export async function visibleWindow(env: SessionEnv, name: string): Promise<string> {
  let found = '';
  await until(async () => {
    found = (await say(env, 'xdotool', ['search', '--onlyvisible', '--class', name])).trim().split('\n').at(-1) ?? '';
    return found !== '';
  }, `a window of ${name}`);
  return found;
}

export interface Place {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/** Where a window is on the screen. */
export async function placeOf(env: SessionEnv, window: string): Promise<Place> {
  const geometry = await xdotool(env, 'getwindowgeometry', '--shell', window);
  const read = (name: string) => Number(new RegExp(`^${name}=(-?\\d+)$`, 'm').exec(geometry)?.[1] ?? 0);
  return { x: read('X'), y: read('Y'), width: read('WIDTH'), height: read('HEIGHT') };
}

/** A picture of the whole screen, or of a part of it. @returns the file */
export async function shootScreen(env: SessionEnv, name: string, place?: Place): Promise<string> {
  const folder = `${PROJECT}/test-results/screens`;
  await mkdir(folder, { recursive: true });
  const file = `${folder}/${name}.png`;
  const part = place === undefined ? [] : ['--autoselect', [place.x, place.y, place.width, place.height].join(',')];
  await run('scrot', ['--overwrite', ...part, file], { env, timeout: 20_000 });
  return file;
}

export async function until(check: () => Promise<boolean>, what: string, milliseconds = 15_000): Promise<void> {
  const end = Date.now() + milliseconds;
  while (!(await check())) {
    if (Date.now() > end) throw new Error(`${what} did not come in ${milliseconds} ms`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
