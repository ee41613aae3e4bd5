/**
 * The people who run the two commands, each with an empty home, an own fresh clone of HEAD and the machine's own
 * Node and npm. What npm has fetched before is lent to them: the network is not what is tested.
 */
import { spawn, spawnSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import {
  chmodSync,
  chownSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { asOrdinaryUser, isRoot, ordinaryUser } from '../../scripts/system.mjs';

export const root = path.resolve(import.meta.dirname, '../..');
export { isRoot };

export interface Outcome {
  readonly status: number | null;
  /** What it wrote to both streams, in the order of its coming. */
  readonly output: string;
  readonly seconds: number;
}

export interface Person {
  readonly name: string;
  readonly clone: string;
  /** Holds home, temporary files and the clone. */
  readonly folder: string;
  readonly temporary: string;
  readonly env: NodeJS.ProcessEnv;
  /** The command line that runs `command` as this person. */
  as(command: readonly string[]): { program: string; words: string[] };
  run(command: readonly string[], env?: NodeJS.ProcessEnv): Promise<Outcome>;
  /** What git sees in the clone that is not in the commit, ignored files too. */
  leftBehind(): string;
  /** A PATH with every program of this machine but these. */
  pathWithout(names: readonly string[]): string;
  /** Processes that this person's runs have left, as `pid command`. */
  processes(): string[];
  remove(): void;
}

/** The environment of a new shell: nothing of the npm, the test runner and the Node that run this test. */
function shellEnvironment(): NodeJS.ProcessEnv {
  const env = { ...process.env };
  const ours =
    /^(npm_|NODE$|NODE_(ENV|OPTIONS|PATH|V8_COVERAGE)|INIT_CWD|VITEST|TEST$|DOORSTEP_|XDG_|DBUS_|DISPLAY$|WAYLAND_|XAUTHORITY|TMPDIR)/;
  for (const name of Object.keys(env)) if (ours.test(name)) delete env[name];
  env['PATH'] = (process.env['PATH'] ?? '')
    .split(':')
    .filter((folder) => !folder.includes('node_modules'))
    .join(':');
  return env;
}

function npmSettings(env: NodeJS.ProcessEnv): { registry: string; cache: string } {
  const { stdout } = spawnSync('npm', ['config', 'get', 'registry', 'cache'], { cwd: os.tmpdir(), encoding: 'utf8', env });
  const value = (name: string) => new RegExp(`^${name}=(.+)$`, 'm').exec(stdout)?.[1] ?? '';
  return { registry: value('registry'), cache: value('cache') };
}

function give(folder: string, user: { uid: number; gid: number }): void {
  spawnSync('chown', ['-R', `${user.uid}:${user.gid}`, folder]);
}

/** @param who `root` can be had by root alone; `ordinary` is the one who runs the tests, or for root the project's ordinary user. */
export function newPerson(who: 'ordinary' | 'root'): Person {
  const user = who === 'root' ? { name: 'root', uid: 0, gid: 0 } : ordinaryUser();
  const folder = mkdtempSync(path.join(os.tmpdir(), 'doorstep-setup-'));
  const [home, temporary, clone] = ['home', 'tmp', 'home/clone'].map((name) => path.join(folder, name)) as [string, string, string];
  for (const each of [home, temporary]) mkdirSync(each, { mode: 0o700 });
  mkdirSync(clone);
  if (who === 'root') {
    // Root's run makes its files for the ordinary user below these, and the ordinary user its data.
    for (const each of [folder, temporary]) chmodSync(each, 0o711);
    mkdirSync(path.join(folder, 'shared'));
    chmodSync(path.join(folder, 'shared'), 0o1777);
  }

  const shell = shellEnvironment();
  const npm = npmSettings(shell);
  let cache = npm.cache;
  if (isRoot && who === 'ordinary' && existsSync(path.join(npm.cache, '_cacache'))) {
    cache = path.join(folder, 'npm-cache');
    cpSync(path.join(npm.cache, '_cacache'), path.join(cache, '_cacache'), { recursive: true });
  }
  // The clone that is cloned may belong to another person.
  const gitConfig = path.join(folder, 'gitconfig');
  writeFileSync(gitConfig, '[safe]\n  directory = *\n');
  const mark = randomUUID();
  const env: NodeJS.ProcessEnv = {
    ...shell,
    HOME: home,
    USER: user.name,
    LOGNAME: user.name,
    TMPDIR: temporary,
    GIT_CONFIG_GLOBAL: gitConfig,
    DOORSTEP_TEST_MARK: mark,
    npm_config_cache: cache,
    npm_config_registry: npm.registry,
    npm_config_prefer_offline: 'true',
    npm_config_update_notifier: 'false',
  };
  const cloned = spawnSync('git', ['clone', '--quiet', '--no-local', '--depth', '1', `file://${root}`, clone], { encoding: 'utf8', env });
  if (cloned.status !== 0) throw new Error(`git could not clone ${root}: ${cloned.stderr}`);
  if (isRoot && who === 'ordinary') give(folder, user);

  const as = (command: readonly string[]) => {
    const [program = '', ...words] = who === 'ordinary' ? asOrdinaryUser(user, [...command]) : command;
    return { program, words };
  };
  return {
    name: user.name,
    clone,
    folder,
    temporary,
    env,
    as,
    run: (command, more = {}) => finish(as(command), clone, { ...env, ...more }),
    leftBehind: () => spawnSync('git', ['status', '--porcelain', '--ignored'], { cwd: clone, encoding: 'utf8', env }).stdout,
    pathWithout: (names) => linkPrograms(mkdtempSync(path.join(folder, 'programs-')), env['PATH'] ?? '', names),
    processes: () => processesOf([`DOORSTEP_TEST_MARK=${mark}`], [folder]),
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}

function finish({ program, words }: { program: string; words: string[] }, cwd: string, env: NodeJS.ProcessEnv): Promise<Outcome> {
  const begin = performance.now();
  return new Promise((resolve, reject) => {
    const child = spawn(program, words, { cwd, env, stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    for (const stream of [child.stdout, child.stderr])
      stream.setEncoding('utf8').on('data', (text: string) => {
        output += text;
      });
    child.once('error', reject);
    child.once('close', (status) => resolve({ status, output, seconds: (performance.now() - begin) / 1000 }));
  });
}

function linkPrograms(folder: string, from: string, without: readonly string[]): string {
  chmodSync(folder, 0o755);
  for (const each of from.split(':').filter((entry) => existsSync(entry)))
    for (const name of readdirSync(each)) {
      const link = path.join(folder, name);
      if (!without.includes(name) && !existsSync(link)) symlinkSync(path.join(each, name), link);
    }
  return folder;
}

/** Sandboxed processes hide their environment from an ordinary user, and none hides its command line. */
function processesOf(marks: readonly string[], words: readonly string[]): string[] {
  const read = (file: string) => {
    try {
      return readFileSync(file, 'utf8');
    } catch {
      return '';
    }
  };
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map((pid) => ({ pid, command: read(`/proc/${pid}/cmdline`).replaceAll('\0', ' '), env: read(`/proc/${pid}/environ`) }))
    .filter(({ command, env }) => marks.some((mark) => env.includes(mark)) || words.some((word) => command.includes(word)))
    .map(({ pid, command }) => `${pid} ${command}`);
}

/**
 * A copy of Debian's package database in which these packages are not installed; dpkg-query and the set-up look at it
 * where DPKG_ADMINDIR names it.
 */
export function packagesWithout(folder: string, names: readonly string[]): NodeJS.ProcessEnv {
  const database = mkdtempSync(path.join(folder, 'dpkg-'));
  chmodSync(database, 0o755);
  const kept = readFileSync('/var/lib/dpkg/status', 'utf8')
    .split('\n\n')
    .filter((entry) => !names.includes(/^Package: (.+)$/m.exec(entry)?.[1] ?? ''));
  const status = path.join(database, 'status');
  writeFileSync(status, kept.join('\n\n'));
  chmodSync(status, 0o644);
  return { DPKG_ADMINDIR: database };
}

/** Puts a file of the test's own where a person can read it. */
export function placeFile(folder: string, name: string, text: string, mode: number): string {
  const file = path.join(folder, name);
  writeFileSync(file, text);
  chmodSync(file, mode);
  if (isRoot) chownSync(file, 0, 0);
  return file;
}
