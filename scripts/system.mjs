/**
 * What Doorstep needs of the machine: an ordinary user, a display, a session bus with a keychain. Plain Node 20
 * with no dependency, since it runs before anything is installed.
 */
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chmodSync, chownSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

/** A failure that a person can mend: the cause, and the way out. Shown without a stack. */
export class SetUpError extends Error {
  constructor(cause, remedy) {
    super(cause);
    this.remedy = remedy;
  }
}

/** A step's own program has told cause and remedy already. */
export class ToldError extends Error {}

/** Prints a failure as cause and remedy, and gives the exit code. */
export function explain(error) {
  if (error instanceof ToldError) return 1;
  if (error instanceof SetUpError) {
    console.error(`\nDoorstep could not go on: ${error.message}`);
    console.error(error.remedy);
  } else {
    console.error('\nDoorstep could not go on, for a reason that it does not know:');
    console.error(error);
  }
  return 1;
}

/** The user that runs Electron and PostgreSQL when the person is root: neither starts its sandbox, or at all, as root. */
export const ORDINARY_USER = 'doorstep-dev';
export const isRoot = process.getuid?.() === 0;

/** As root: makes the ordinary user where it is missing. @returns {{ name: string, uid: number, gid: number, home: string }} */
export function ordinaryUser() {
  if (!isRoot) return { name: os.userInfo().username, uid: process.getuid(), gid: process.getgid(), home: os.homedir() };
  const read = () => {
    const line = readFileSync('/etc/passwd', 'utf8')
      .split('\n')
      .find((entry) => entry.startsWith(`${ORDINARY_USER}:`));
    if (!line) return null;
    const [name, , uid, gid, , home] = line.split(':');
    return { name, uid: Number(uid), gid: Number(gid), home };
  };
  const found = read();
  if (found) return found;
  const made = spawnSync('useradd', ['--system', '--create-home', '--shell', '/bin/sh', ORDINARY_USER], { encoding: 'utf8' });
  const user = read();
  if (!user) throw new SetUpError(`the user ${ORDINARY_USER} could not be made.`, `useradd said: ${made.stderr}`);
  return user;
}

/**
 * As root, the ordinary user must be able to read the project. Where a folder on the way is closed to it
 * (a clone below /root), the project is shown to it at another place, in a mount namespace of this run alone.
 * @returns {{ wrap: (command: string[]) => string[], root: string }}
 */
export function openProject(root, user) {
  /** @param bits of read (4), write (2) and search (1) */
  const may = (file, bits) => {
    const { uid, gid, mode } = statSync(file);
    const shift = uid === user.uid ? 6 : gid === user.gid ? 3 : 0;
    return ((mode >> shift) & bits) === bits;
  };
  if (isRoot && ['.', 'scripts', 'package.json'].some((name) => !may(path.join(root, name), name === 'package.json' ? 4 : 5))) {
    throw new SetUpError(
      `the user ${user.name} cannot read ${root}, and Electron does not run as root.`,
      `Open it with this line, then try again:\n  chmod -R a+rX ${root}`,
    );
  }
  let blocked = false;
  for (let folder = root; folder !== path.dirname(folder); folder = path.dirname(folder)) blocked ||= !may(folder, 1);
  if (!isRoot || !blocked) return { root, wrap: (command) => command };
  const shown = '/run/doorstep/project';
  mkdirSync(shown, { recursive: true, mode: 0o755 });
  const can = spawnSync('unshare', ['--mount', 'mount', '--bind', root, shown], { encoding: 'utf8' });
  if (can.status !== 0) {
    throw new SetUpError(
      `the user ${user.name} cannot read ${root}, and Electron does not run as root.`,
      'Move the project to a folder that every user can read, such as /srv/doorstep, then try again.',
    );
  }
  const script = 'mount --bind "$1" "$2" && shift 2 && cd "$1" && shift && exec "$@"';
  return { root: shown, wrap: (command) => ['unshare', '--mount', 'sh', '-c', script, 'sh', root, shown, shown, ...command] };
}

/** The command line that runs `command` as the ordinary user, with nothing but `env`. */
export function asOrdinaryUser(user, command) {
  return isRoot ? ['setpriv', `--reuid=${user.uid}`, `--regid=${user.gid}`, '--init-groups', '--', ...command] : command;
}

/** The environment of the ordinary user: what the person has, less what belongs to root. */
export function ordinaryEnvironment(user) {
  const env = { ...process.env };
  for (const name of Object.keys(env)) if (name.startsWith('npm_') || name === 'INIT_CWD') delete env[name];
  if (!isRoot) return env;
  for (const name of [
    'XDG_RUNTIME_DIR',
    'XDG_CONFIG_HOME',
    'XDG_DATA_HOME',
    'XDG_CACHE_HOME',
    'DBUS_SESSION_BUS_ADDRESS',
    'SUDO_USER',
    'MAIL',
  ])
    delete env[name];
  return { ...env, HOME: user.home, USER: user.name, LOGNAME: user.name };
}

/** A folder that only the ordinary user can open, removed with `remove`. */
export function privateFolder(user, prefix) {
  const folder = mkdtempSync(path.join(os.tmpdir(), prefix));
  chmodSync(folder, 0o700);
  if (isRoot) chownSync(folder, user.uid, user.gid);
  return { folder, remove: () => rmSync(folder, { recursive: true, force: true }) };
}

export const hasDisplay = () => process.platform !== 'linux' || Boolean(process.env.DISPLAY || process.env.WAYLAND_DISPLAY);

/**
 * Starts a virtual display.
 * @returns {Promise<{ display: string, stop: () => void }>}
 */
export function startVirtualDisplay() {
  return new Promise((resolve, reject) => {
    const child = spawn('Xvfb', ['-displayfd', '3', '-screen', '0', '1280x900x24', '-nolisten', 'tcp', '-noreset'], {
      stdio: ['ignore', 'ignore', 'pipe', 'pipe'],
    });
    let said = '';
    child.stderr.on('data', (bytes) => {
      said += bytes;
    });
    child.on('error', () =>
      reject(new SetUpError('there is no display, and no Xvfb to make one.', 'Install the package xvfb, then try again.')),
    );
    child.on('exit', () => reject(new SetUpError('the virtual display did not start.', `Xvfb said:\n${said}`)));
    child.stdio[3].once('data', (bytes) => resolve({ display: `:${String(bytes).trim()}`, stop: () => child.kill('SIGTERM') }));
  });
}

/**
 * The command line that gives `command` a session bus of its own with an unlocked keychain. The keychain's
 * password is made for this run and travels over a pipe to the daemon alone.
 */
export function withKeychain(command, folder) {
  const password = randomBytes(18).toString('base64url');
  const script = [
    'IFS= read -r word <&4 && exec 4<&-',
    'control=$1 && shift',
    'printf %s "$word" | gnome-keyring-daemon --unlock --components=secrets --control-directory="$control" --daemonize >/dev/null 2>&1',
    'unset word',
    'exec "$@"',
  ].join('; ');
  return {
    // The daemon leaves our process group; the folder on its command line is how `endProcessesOf` finds it.
    command: ['dbus-run-session', '--', 'sh', '-c', script, 'sh', path.join(folder, 'keyring'), ...command],
    env: { XDG_DATA_HOME: path.join(folder, 'keychain'), XDG_RUNTIME_DIR: folder },
    password,
  };
}

/** Ends every process that has the folder on its command line, and waits until they are gone. */
export async function endProcessesOf(folder) {
  const left = () =>
    readdirSync('/proc').filter((name) => {
      try {
        return /^\d+$/.test(name) && Number(name) !== process.pid && readFileSync(`/proc/${name}/cmdline`, 'utf8').includes(folder);
      } catch {
        // It has ended in the meantime.
        return false;
      }
    });
  for (let tries = 0; tries < 40; tries += 1) {
    const found = left();
    if (found.length === 0) return;
    for (const pid of found) {
      try {
        process.kill(Number(pid), tries < 20 ? 'SIGTERM' : 'SIGKILL');
      } catch {
        // It has ended in the meantime.
      }
    }
    await sleep(100);
  }
}

/** Every file below the folders, with what tells a change: name, size and time. */
export function fingerprint(root, entries) {
  const lines = [];
  const visit = (relative) => {
    const full = path.join(root, relative);
    if (!existsSync(full)) return;
    const stat = statSync(full);
    if (stat.isDirectory()) {
      for (const name of readdirSync(full).sort()) visit(path.join(relative, name));
    } else lines.push(`${relative}\t${stat.size}\t${stat.mtimeMs}`);
  };
  for (const entry of entries) visit(entry);
  return lines.join('\n');
}

export function run(command, args, options = {}) {
  return execFileSync(command, args, { encoding: 'utf8', maxBuffer: 1 << 26, ...options });
}
