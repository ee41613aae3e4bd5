/** What says that the screen is locked: a real screensaver, and a double of logind, which says too that the computer sleeps. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import type { MessageBusDaemon } from './message-bus.ts';
import { type SessionEnv, startProgram, waitForOwner } from './programs.ts';

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
  /** What the app must find in its environment, beside the bus. */
  readonly env: SessionEnv;
  /** The desktop says that it has locked the session, or that it has not. */
  hint(locked: boolean): Promise<void>;
  /** `loginctl lock-session`, `unlock-session`. */
  ask(what: 'Lock' | 'Unlock'): Promise<void>;
  /** Another person takes the screen, or gives it back. */
  active(active: boolean): Promise<void>;
  /** The computer is about to sleep, or has woken up. */
  sleep(asleep: boolean): Promise<void>;
}

const LOGIND = 'org.freedesktop.login1';
const MANAGER = { path: '/org/freedesktop/login1', interface: 'org.freedesktop.login1.Manager' };
const SESSION = { path: '/org/freedesktop/login1/session/c1', interface: 'org.freedesktop.login1.Session' };
const MOCK = 'org.freedesktop.DBus.Mock';

/** python-dbusmock's logind on a system bus of the test's own: the real one runs in no container. Its interfaces and its bus are real. */
export async function startLogindDouble(bus: MessageBusDaemon): Promise<LogindDouble> {
  const logind = await bus.play('logind', LOGIND);
  await logind.call(MANAGER.path, `${MOCK}.AddSession`, 'c1', 'seat0', String(process.getuid?.() ?? 0), 'amina', 'true');
  const set = async (name: string, value: boolean) => {
    await logind.call(SESSION.path, `${MOCK}.UpdateProperties`, SESSION.interface, `{'${name}': <${value}>}`);
  };
  await set('LockedHint', false);
  return {
    env: { XDG_SESSION_ID: 'c1' },
    hint: (locked) => set('LockedHint', locked),
    active: (active) => set('Active', active),
    async ask(what) {
      await logind.call(SESSION.path, `${MOCK}.EmitSignal`, SESSION.interface, what, '', '[]');
    },
    async sleep(asleep) {
      await logind.call(MANAGER.path, `${MOCK}.EmitSignal`, MANAGER.interface, 'PrepareForSleep', 'b', `[<${asleep}>]`);
    },
  };
}
