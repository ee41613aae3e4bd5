/** What says that the screen is locked: a real screensaver, and a double of logind on a system bus of the test's own. */
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { type SessionEnv, startProgram, until, waitForOwner } from './programs.ts';

const run = promisify(execFile);

export interface Screensaver {
  blank(): Promise<void>;
  show(): Promise<void>;
  stop(): Promise<void>;
}

/** MATE's screensaver, which answers on org.mate.ScreenSaver. It blanks without a lock: nobody here could type a password. */
export async function startScreensaver(env: SessionEnv): Promise<Screensaver> {
  const daemon = startProgram(env, 'mate-screensaver', ['--no-daemon']);
  await waitForOwner(env, 'org.mate.ScreenSaver');
  const command = (act: string) => run('mate-screensaver-command', [act], { env, timeout: 10_000 });
  return {
    async blank() {
      await command('--activate');
    },
    async show() {
      await command('--deactivate');
    },
    stop: () => daemon.stop(),
  };
}

export interface LogindDouble {
  /** What the app must find in its environment. */
  readonly env: SessionEnv;
  /** The desktop says that it has locked the session, or that it has not. */
  hint(locked: boolean): Promise<void>;
  /** `loginctl lock-session`, `unlock-session`. */
  ask(what: 'Lock' | 'Unlock'): Promise<void>;
  /** Another person takes the screen, or gives it back. */
  active(active: boolean): Promise<void>;
  stop(): Promise<void>;
}

const LOGIND = 'org.freedesktop.login1';
const SESSION = 'org.freedesktop.login1.Session';
const PATH = '/org/freedesktop/login1/session/c1';

/** python-dbusmock's logind: the real one runs in no container. Its interfaces and its bus are real. */
export async function startLogindDouble(): Promise<LogindDouble> {
  const folder = mkdtempSync(join(tmpdir(), 'doorstep-system-bus-'));
  const config = join(folder, 'bus.conf');
  writeFileSync(
    config,
    `<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN" "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig><type>system</type><listen>unix:path=${join(folder, 'bus')}</listen><auth>EXTERNAL</auth>
<policy context="default"><allow send_destination="*" eavesdrop="true"/><allow eavesdrop="true"/><allow own="*"/><allow user="*"/></policy></busconfig>`,
  );
  const env = { DBUS_SYSTEM_BUS_ADDRESS: `unix:path=${join(folder, 'bus')}`, XDG_SESSION_ID: 'c1' };
  const own = { ...process.env, ...env };
  const children: ChildProcess[] = [
    spawn('dbus-daemon', [`--config-file=${config}`, '--nofork', '--nopidfile'], { env: own, stdio: 'ignore' }),
  ];
  const call = async (path: string, member: string, ...args: string[]) =>
    (await run('gdbus', ['call', '--system', '--dest', LOGIND, '--object-path', path, '--method', member, ...args], { env: own })).stdout;
  const answers = () =>
    call('/org/freedesktop/login1', 'org.freedesktop.DBus.Peer.Ping').then(
      () => true,
      () => false,
    );
  await until(
    async () =>
      await run('gdbus', ['introspect', '--system', '--dest', 'org.freedesktop.DBus', '--object-path', '/'], { env: own }).then(
        () => true,
        () => false,
      ),
    'the system bus',
  );
  children.push(spawn('/usr/bin/python3', ['-m', 'dbusmock', '--system', '--template', 'logind'], { env: own, stdio: 'ignore' }));
  await until(answers, 'logind');
  await call(
    '/org/freedesktop/login1',
    'org.freedesktop.DBus.Mock.AddSession',
    'c1',
    'seat0',
    String(process.getuid?.() ?? 0),
    'amina',
    'true',
  );
  const set = (name: string, value: boolean) =>
    call(PATH, 'org.freedesktop.DBus.Mock.UpdateProperties', SESSION, `{'${name}': <${value}>}`).then(() => undefined);
  await set('LockedHint', false);
  return {
    env,
    hint: (locked) => set('LockedHint', locked),
    active: (active) => set('Active', active),
    async ask(what) {
      await call(PATH, 'org.freedesktop.DBus.Mock.EmitSignal', SESSION, what, '', '[]');
    },
    async stop() {
      for (const child of children.reverse()) {
        const gone = new Promise((resolve) => child.once('exit', resolve));
        child.kill('SIGTERM');
        await gone;
      }
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
