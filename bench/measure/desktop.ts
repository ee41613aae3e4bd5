/** A desktop session for benches: virtual display, message bus, unlocked keychain, a panel; and what an app takes of the machine. */
import { spawn, spawnSync } from 'node:child_process';
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { node, root } from '../../scripts/setup.mjs';
import {
  asOrdinaryUser,
  openProject,
  ordinaryEnvironment,
  ordinaryUser,
  privateFolder,
  startVirtualDisplay,
  withKeychain,
} from '../../scripts/system.mjs';

export interface Desktop {
  /** A folder that is the person's own. */
  readonly folder: string;
  /** A file of the project, as the person sees it. */
  shown(file: string): string;
  /** Starts an app and answers its process. */
  start(command: readonly string[], env?: Readonly<Record<string, string>>): Promise<number>;
  end(): Promise<void>;
  /** How many tray icons have registered so far. */
  icons(): Promise<number>;
  isVisible(title: string): boolean;
  /** Calls `meanwhile` again and again until it is. */
  untilVisible(title: string, meanwhile?: () => void): Promise<void>;
  /** Closes the window as a person does. */
  close(title: string): Promise<void>;
  stop(): Promise<void>;
}

const sleep = (milliseconds: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, milliseconds));

export async function startDesktop(): Promise<Desktop> {
  const user = ordinaryUser();
  const project = openProject(root, user);
  const shown = (file: string): string => path.join(project.root, path.relative(root, file));
  const display = await startVirtualDisplay();
  const { folder, remove } = privateFolder(user, 'doorstep-desktop-');
  const keychain = withKeychain([shown(node), shown(path.join(root, 'bench', 'measure', 'desktop-driver.ts'))], folder);
  const [program = '', ...words] = project.wrap(asOrdinaryUser(user, keychain.command));
  const env = { ...ordinaryEnvironment(user), ...keychain.env, DISPLAY: display.display };
  const child = spawn(program, words, { cwd: root, env, stdio: ['pipe', 'pipe', 'inherit', 'ignore', 'pipe'] });
  const [input, output, password] = [child.stdin, child.stdout, child.stdio[4]];
  if (input === null || output === null || password === null) throw new Error('the session has no way to talk to it');
  (password as NodeJS.WritableStream).end(`${keychain.password}\n`);
  const lines = createInterface({ input: output })[Symbol.asyncIterator]();
  const answer = async (): Promise<Record<string, unknown>> => {
    const { value, done } = await lines.next();
    if (done) throw new Error('the desktop session ended');
    return JSON.parse(value as string) as Record<string, unknown>;
  };
  const ask = (order: unknown): Promise<Record<string, unknown>> => {
    input.write(`${JSON.stringify(order)}\n`);
    return answer();
  };
  await answer();
  const xdotool = (...args: string[]) =>
    spawnSync('xdotool', args, { env: { ...process.env, DISPLAY: display.display }, encoding: 'utf8' });
  const isVisible = (title: string): boolean => xdotool('search', '--onlyvisible', '--name', title).status === 0;
  const until = async (what: string, holds: () => boolean, meanwhile = () => {}): Promise<void> => {
    const end = performance.now() + 60_000;
    while (!holds()) {
      if (performance.now() > end) throw new Error(`${what}: not within 60 s`);
      meanwhile();
      await sleep(5);
    }
  };
  return {
    folder,
    shown,
    start: async (command, more = {}) => Number((await ask({ start: command, env: more }))['pid']),
    end: async () => void (await ask({ end: true })),
    icons: async () => Number((await ask({ icons: true }))['icons']),
    isVisible,
    untilVisible: (title, meanwhile) => until(`a window called ${title}`, () => isVisible(title), meanwhile),
    async close(title) {
      xdotool('search', '--onlyvisible', '--name', title, 'windowactivate', '--sync');
      xdotool('key', 'alt+F4');
      await until(`${title} closed`, () => !isVisible(title));
    },
    async stop() {
      input.end();
      await new Promise((resolve) => child.once('exit', resolve));
      display.stop();
      remove();
    },
  };
}

/** A process and all that descend from it. */
export function treeOf(pid: number): number[] {
  const children = new Map<number, number[]>();
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    const parent = parentOf(Number(name));
    if (parent !== null) children.set(parent, [...(children.get(parent) ?? []), Number(name)]);
  }
  const below = (one: number): number[] => [one, ...(children.get(one) ?? []).flatMap(below)];
  return below(pid);
}

function parentOf(pid: number): number | null {
  try {
    return Number(readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1)?.split(' ')[1]);
  } catch {
    return null;
  }
}

/** Memory of an app, MiB: each page counted once, shared ones in shares (proc(5): Pss). */
export function pssOf(pids: readonly number[]): number {
  let kilobytes = 0;
  for (const pid of pids) kilobytes += Number(/^Pss:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8'))?.[1]);
  return kilobytes / 1024;
}

/**
 * CPU seconds of an app and all that descends from it, to the nanosecond, since the meter was made: proc(5) has the time of
 * a process only in steps of 10 ms, more than an app at rest takes in many seconds. A thread takes its count along when it
 * ends, so what it did after the last look is lost: look often.
 */
export class CpuMeter {
  readonly #pid: number;
  readonly #before: ReadonlyMap<string, number>;
  readonly #seen = new Map<string, number>();

  /** `started`: the app has just been started, so all that it has done counts. */
  constructor(pid: number, { started }: { readonly started: boolean }) {
    this.#pid = pid;
    this.#before = started ? new Map() : new Map(threadsOf(treeOf(pid)));
  }

  look(): void {
    for (const [thread, nanoseconds] of threadsOf(treeOf(this.#pid))) this.#seen.set(thread, nanoseconds);
  }

  seconds(): number {
    this.look();
    let sum = 0;
    for (const [thread, nanoseconds] of this.#seen) sum += nanoseconds - (this.#before.get(thread) ?? 0);
    return sum / 1e9;
  }
}

/** Each thread with the nanoseconds that it has been on a processor (schedstat). */
function threadsOf(pids: readonly number[]): [string, number][] {
  return pids.flatMap((pid) =>
    listed(`/proc/${pid}/task`).flatMap((thread): [string, number][] => {
      try {
        return [[`${pid}/${thread}`, Number(readFileSync(`/proc/${pid}/task/${thread}/schedstat`, 'utf8').split(' ')[0])]];
      } catch {
        // It has just ended.
        return [];
      }
    }),
  );
}

function listed(folder: string): readonly string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

/** Whether another app runs on the same runtime: it would take shares of the pages that the two have in common. */
export function isShared(pid: number): boolean {
  const own = new Set(treeOf(pid));
  const program = programOf(pid);
  return listed('/proc').some((name) => /^\d+$/.test(name) && !own.has(Number(name)) && programOf(Number(name)) === program);
}

function programOf(pid: number): string | null {
  try {
    return readlinkSync(`/proc/${pid}/exe`);
  } catch {
    return null;
  }
}
