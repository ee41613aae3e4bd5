/**
 * What Doorstep needs of the machine: Debian packages, an ordinary user, a display, a session bus with a
 * keychain. Plain Node 20 with no dependency, since it runs before anything is installed.
 */
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import {
  accessSync,
  chmodSync,
  chownSync,
  constants,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import os from 'node:os';
import path from 'node:path';

/** A failure that a person can mend: the cause, and the way out. Shown without a stack. */
export class SetUpError extends Error {
  constructor(cause, remedy) {
    super(cause);
    this.remedy = remedy;
  }
}

/** Prints a failure as cause and remedy, and gives the exit code. */
export function explain(error) {
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

/** `a|b`: newer Debian and Ubuntu releases have renamed the package; either will do. */
const PACKAGES = {
  app: [
    'libgtk-3-0t64|libgtk-3-0',
    'libnss3',
    'libasound2t64|libasound2',
    'libgbm1',
    'libxss1',
    'libxtst6',
    'libatspi2.0-0t64|libatspi2.0-0',
    'libsecret-1-0',
    'libusb-1.0-0',
    'libudev1',
    'unzip',
    'util-linux',
  ],
  headless: ['xvfb', 'dbus', 'gnome-keyring', 'fonts-noto-core'],
  test: [
    'chromium',
    'postgresql',
    'fido2-tools',
    'python3-fido2',
    'qemu-system-x86',
    'busybox-static',
    'kmod',
    'xz-utils',
    'gcc',
    'libc6-dev',
    // The desktop around the app: a window manager, a panel with a tray, two notification daemons, a way to press and to see.
    'openbox',
    'xfce4-panel',
    'dunst',
    'xfce4-notifyd',
    'dbus-x11',
    'xdotool',
    'x11-utils',
    'scrot',
    // Peers: one that makes codes, one that makes their QR pictures, one that reads the keychain.
    'oathtool',
    'qrencode',
    'libsecret-tools',
    'git',
  ],
  // A peer of the backend. `dbconfig-no-thanks` keeps away the database client and the database that it would bring.
  bench: ['dbconfig-no-thanks', 'glewlwyd'],
};

/** What must be said before a package comes, so that its program is all that comes: no service at boot, no questions, no database. */
const BEFORE = {
  glewlwyd: [
    '[ -e /etc/systemd/system/glewlwyd.service ] || ln -sf /dev/null /etc/systemd/system/glewlwyd.service',
    'echo "glewlwyd glewlwyd/config_type select No configuration" | debconf-set-selections',
  ],
};
const POLICY = '/usr/sbin/policy-rc.d';

function installedPackages() {
  const answer = spawnSync('dpkg-query', ['-W', '-f', '${Package}\t${db:Status-Status}\n'], { encoding: 'utf8', maxBuffer: 1 << 26 });
  if (answer.error || answer.status !== 0) return null;
  return new Set(
    answer.stdout
      .split('\n')
      .map((line) => line.split('\t'))
      .filter(([, state]) => state === 'installed')
      .map(([name]) => name),
  );
}

function choose(alternatives) {
  const names = alternatives.split('|');
  if (names.length === 1) return names[0];
  return names.find((name) => spawnSync('apt-cache', ['show', name], { stdio: 'ignore' }).status === 0) ?? names.at(-1);
}

/**
 * Runs `install` while no package may start a service: the project needs programs, and what this machine serves
 * is the person's to say. A policy of the person's own is left alone; ours forbids nothing once this process is gone.
 */
function withoutServices(install) {
  if (existsSync(POLICY)) return install();
  writeFileSync(POLICY, `#!/bin/sh\n[ -e /proc/${process.pid} ] && [ "$2" = start ] && exit 101\nexit 0\n`, { mode: 0o755 });
  try {
    return install();
  } finally {
    rmSync(POLICY, { force: true });
  }
}

/** The one line that installs the packages, for a person who is not root. */
function installLine(names) {
  const before = names.flatMap((name) => BEFORE[name] ?? []).map((words) => `{ ${words}; }`);
  const install = `apt-get install -y --no-install-recommends ${names.join(' ')}`;
  const all = [...before, install].join(' && ');
  if (!hasProgram('sudo')) return `su - -c '${all}'`;
  return before.length === 0 ? `sudo ${install}` : `sudo sh -c '${all}'`;
}

const hasProgram = (name) =>
  (process.env.PATH ?? '').split(':').some((folder) => {
    try {
      accessSync(path.join(folder, name), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });

/**
 * Installs what is missing of the groups, or, where the person may not, says what is missing and the one
 * line that installs it.
 * @param {('app' | 'headless' | 'test' | 'bench')[]} groups
 */
export function ensurePackages(groups, say) {
  if (process.platform !== 'linux') return;
  const installed = installedPackages();
  if (!installed) {
    say('this is not a Debian system: the packages that Electron needs are not checked');
    return;
  }
  const wanted = groups.flatMap((group) => PACKAGES[group]);
  const missing = wanted.filter((entry) => !entry.split('|').some((name) => installed.has(name)));
  if (missing.length === 0) return;
  if (!isRoot) {
    const names = missing.map(choose);
    throw new SetUpError(
      `these Debian packages are missing: ${names.join(', ')}.`,
      `Install them with this one line, then try again:\n  ${installLine(names)}`,
    );
  }
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  say('reading the package lists');
  const update = spawnSync('apt-get', ['update', '-q'], { env, encoding: 'utf8' });
  if (update.status !== 0) {
    throw new SetUpError(
      'the lists of Debian packages could not be read.',
      `Check the network and /etc/apt, then try again. apt-get said:\n${update.stderr}`,
    );
  }
  const names = missing.map(choose);
  say(`installing ${names.length} Debian packages: ${names.join(', ')}`);
  for (const words of names.flatMap((name) => BEFORE[name] ?? [])) run('sh', ['-c', words]);
  const install = withoutServices(() =>
    spawnSync('apt-get', ['install', '-y', '-q', '--no-install-recommends', ...names], { env, encoding: 'utf8', maxBuffer: 1 << 26 }),
  );
  if (install.status !== 0) {
    throw new SetUpError('the Debian packages could not be installed.', `apt-get said:\n${install.stdout.slice(-2000)}\n${install.stderr}`);
  }
}

/** Changes whenever a package is installed or removed. The database is where dpkg-query looks for it. */
export function packageState() {
  try {
    return String(statSync(path.join(process.env.DPKG_ADMINDIR ?? '/var/lib/dpkg', 'status')).mtimeMs);
  } catch {
    return 'none';
  }
}

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
  const closed = (folder) => {
    const { uid, gid, mode } = statSync(folder);
    if (uid === user.uid) return (mode & 0o100) === 0;
    if (gid === user.gid) return (mode & 0o010) === 0;
    return (mode & 0o001) === 0;
  };
  let blocked = false;
  for (let folder = root; folder !== path.dirname(folder); folder = path.dirname(folder)) blocked ||= closed(folder);
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
    'printf %s "$word" | gnome-keyring-daemon --unlock --components=secrets --daemonize >/dev/null 2>&1',
    'unset word',
    'exec "$@"',
  ].join('; ');
  return {
    command: ['dbus-run-session', '--', 'sh', '-c', script, 'sh', ...command],
    env: { XDG_DATA_HOME: path.join(folder, 'keychain'), XDG_RUNTIME_DIR: folder },
    password,
  };
}

export function readable(file) {
  try {
    accessSync(file, constants.R_OK);
    return true;
  } catch {
    return false;
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
