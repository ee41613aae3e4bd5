/** The Debian packages that Doorstep needs: which they are, which are missing, and how they come. Plain Node 20. */
import { spawnSync } from 'node:child_process';
import { accessSync, constants, existsSync, rmSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { runSaying } from './progress.mjs';
import { isRoot, run, SetUpError } from './system.mjs';

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
    'libfido2-dev',
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
    // What locks the screen: a real one for the session bus, and a double of logind, which runs in no container.
    'mate-screensaver',
    'python3-dbusmock',
    'libglib2.0-bin',
    // Peers: one that makes codes, one that makes their QR pictures, one that reads the keychain.
    'oathtool',
    'qrencode',
    'libsecret-tools',
    'git',
  ],
  // A peer of the backend, and what makes a disk slow for both. `dbconfig-no-thanks` keeps away the database client and the
  // database that the peer would bring.
  bench: ['dbconfig-no-thanks', 'glewlwyd', 'strace'],
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
async function withoutServices(install) {
  if (existsSync(POLICY)) return install();
  writeFileSync(POLICY, `#!/bin/sh\n[ -e /proc/${process.pid} ] && [ "$2" = start ] && exit 101\nexit 0\n`, { mode: 0o755 });
  try {
    return await install();
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
export async function ensurePackages(groups, say) {
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
  const update = await runSaying('apt-get', ['update', '-q'], { env, say });
  if (update.status !== 0) {
    throw new SetUpError(
      'the lists of Debian packages could not be read.',
      `Check the network and /etc/apt, then try again. apt-get said:\n${update.stderr}`,
    );
  }
  const names = missing.map(choose);
  say(`installing ${names.length} Debian packages: ${names.join(', ')}`);
  for (const words of names.flatMap((name) => BEFORE[name] ?? [])) run('sh', ['-c', words]);
  const install = await withoutServices(() =>
    runSaying('apt-get', ['install', '-y', '-q', '--no-install-recommends', '-o', 'APT::Status-Fd=3', ...names], {
      env,
      say,
      progress: aptProgress,
    }),
  );
  if (install.status !== 0) {
    throw new SetUpError(
      'the Debian packages could not be installed.',
      `Check the network and the space on the disk, then try again. apt-get said:\n${install.stdout.slice(-2000)}\n${install.stderr}`,
    );
  }
}

/** One line of apt's status, such as `dlstatus:3:41.7:Retrieving file 3 of 7`, as a person reads it. */
function aptProgress(line) {
  const [kind, , percent] = line.split(':');
  const doing = { dlstatus: 'downloading', pmstatus: 'installing' }[kind];
  return doing && percent ? `${doing}: ${Math.round(Number(percent))} %` : null;
}

/** Changes whenever a package is installed or removed. The database is where dpkg-query looks for it. */
export function packageState() {
  try {
    return String(statSync(path.join(process.env.DPKG_ADMINDIR ?? '/var/lib/dpkg', 'status')).mtimeMs);
  } catch {
    return 'none';
  }
}
