/**
 * A desktop session of a test's own: a message bus with its own folders, and GNOME Keyring in the state that
 * the test wants. Nothing of the session that the tests run in is touched.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** The password of every keyring that a test makes. */
export const KEYRING_PASSWORD = 'four words for tests';

export interface DesktopSession {
  /** What a program needs to live in this session. */
  readonly env: Readonly<Record<string, string>>;
  /** Starts GNOME Keyring, unlocked, making the login keyring where there is none. */
  unlockKeyring(): Promise<void>;
  /** Starts GNOME Keyring with its login keyring locked; a keyring must have been made before. */
  startLockedKeyring(): Promise<void>;
  /** Unlocks the keyring that runs, as a sign-in to the desktop does. */
  signIn(): Promise<void>;
  /** Kills GNOME Keyring in the middle of whatever it does. The bus starts another one, locked, where it may. */
  killKeyring(): void;
  /** GNOME Keyring takes what it is asked and answers nothing any more. */
  stallKeyring(): void;
  /** The bus dies in the middle of whatever it does, GNOME Keyring with it, and another one comes at its address. */
  restartBus(): Promise<void>;
  /** The bus takes what it is asked and answers nothing any more. */
  stallBus(): void;
  stop(): Promise<void>;
}

export interface SessionOptions {
  /** Whether the bus may start services by itself: without, nobody owns org.freedesktop.secrets until a test starts it. */
  readonly activation?: boolean;
}

export async function startDesktopSession({ activation = true }: SessionOptions = {}): Promise<DesktopSession> {
  const folder = mkdtempSync(join(tmpdir(), 'doorstep-session-'));
  const runtime = join(folder, 'run');
  for (const name of ['run', 'home', 'home/data', 'home/config', 'home/cache']) mkdirSync(join(folder, name), { mode: 0o700 });
  chmodSync(runtime, 0o700);
  const config = join(folder, 'bus.conf');
  writeFileSync(config, busConfig(join(runtime, 'bus'), activation));
  const base = {
    HOME: join(folder, 'home'),
    XDG_RUNTIME_DIR: runtime,
    XDG_DATA_HOME: join(folder, 'home/data'),
    XDG_CONFIG_HOME: join(folder, 'home/config'),
    XDG_CACHE_HOME: join(folder, 'home/cache'),
    PATH: process.env['PATH'] ?? '/usr/bin:/bin',
    LANG: 'C.UTF-8',
    // The prompt of GNOME Keyring wants an accessibility bus otherwise, one more process a test.
    NO_AT_BRIDGE: '1',
    GTK_A11Y: 'none',
    ...(process.env['DISPLAY'] === undefined ? {} : { DISPLAY: process.env['DISPLAY'] }),
    ...(process.env['XAUTHORITY'] === undefined ? {} : { XAUTHORITY: process.env['XAUTHORITY'] }),
  };
  const startBus = () =>
    spawn('dbus-daemon', [`--config-file=${config}`, '--nofork', '--nopidfile', '--print-address=1'], {
      env: base,
      stdio: ['ignore', 'pipe', 'ignore'],
    });
  let bus = startBus();
  // Without the part that tells one run of a bus from the next.
  const address = (await firstLine(bus, 'dbus-daemon')).replace(/,guid=.*/, '');
  const env = { ...base, DBUS_SESSION_BUS_ADDRESS: address };
  let keyring: ChildProcess | null = null;

  const startKeyring = async (args: string[], input: string | null) => {
    keyring = spawn('gnome-keyring-daemon', ['--foreground', '--components=secrets', ...args], {
      env,
      stdio: ['pipe', 'ignore', 'ignore'],
    });
    keyring.stdin?.end(input ?? '');
    await waitForName(env, 'org.freedesktop.secrets');
  };

  return {
    env,
    unlockKeyring: () => startKeyring(['--unlock'], KEYRING_PASSWORD),
    startLockedKeyring: () => startKeyring(['--start'], null),
    signIn: () => unlockRunning(join(runtime, 'keyring', 'control')),
    killKeyring() {
      keyring?.kill('SIGKILL');
      keyring = null;
    },
    stallKeyring: () => void keyring?.kill('SIGSTOP'),
    async restartBus() {
      await ended(keyring);
      keyring = null;
      await ended(bus, 'SIGKILL');
      rmSync(join(runtime, 'bus'), { force: true });
      bus = startBus();
      await firstLine(bus, 'dbus-daemon');
    },
    stallBus: () => void bus.kill('SIGSTOP'),
    async stop() {
      await ended(keyring);
      await ended(bus);
      rmSync(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
    },
  };
}

function busConfig(socket: string, activation: boolean): string {
  return `<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN" "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig>
  <type>session</type>
  <listen>unix:path=${socket}</listen>
  <auth>EXTERNAL</auth>
  ${activation ? '<standard_session_servicedirs/>' : ''}
  <policy context="default">
    <allow send_destination="*" eavesdrop="true"/>
    <allow eavesdrop="true"/>
    <allow own="*"/>
  </policy>
</busconfig>
`;
}

/**
 * What pam_gnome_keyring says to the control socket: a byte for its credentials, then length, operation 1
 * (unlock) and the password with its length, all big-endian; the answer is length and result, 0 for done.
 */
function unlockRunning(path: string): Promise<void> {
  const word = (value: number) => {
    const bytes = Buffer.alloc(4);
    bytes.writeUInt32BE(value);
    return bytes;
  };
  const password = Buffer.from(KEYRING_PASSWORD);
  const request = Buffer.concat([word(12 + password.length), word(1), word(password.length), password]);
  return new Promise((resolve, reject) => {
    const socket = connect(path);
    socket.once('error', reject);
    socket.once('connect', () => socket.write(Buffer.of(0), () => socket.write(request)));
    socket.once('data', (answer) => {
      socket.destroy();
      if (answer.readUInt32BE(4) === 0) resolve();
      else reject(new Error(`the keyring was not unlocked: ${answer.toString('hex')}`));
    });
  });
}

function firstLine(child: ChildProcess, name: string): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = '';
    child.stdout?.setEncoding('utf8');
    child.stdout?.on('data', (more: string) => {
      text += more;
      const end = text.indexOf('\n');
      if (end >= 0) resolve(text.slice(0, end));
    });
    child.once('error', reject);
    child.once('exit', (code) => reject(new Error(`${name} ended with ${code} before it was ready`)));
  });
}

async function waitForName(env: Record<string, string>, name: string): Promise<void> {
  const until = Date.now() + 10_000;
  while (Date.now() < until) {
    const answer = await output(
      'dbus-send',
      ['--session', '--print-reply', '--dest=org.freedesktop.DBus', '/', 'org.freedesktop.DBus.NameHasOwner', `string:${name}`],
      env,
    );
    if (answer.includes('boolean true')) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error(`nobody owns ${name} after 10 s`);
}

function output(command: string, args: string[], env: Record<string, string>): Promise<string> {
  return new Promise((resolve) => {
    const child = spawn(command, args, { env, stdio: ['ignore', 'pipe', 'ignore'] });
    let text = '';
    child.stdout.setEncoding('utf8');
    child.stdout.on('data', (more: string) => {
      text += more;
    });
    child.once('error', () => resolve(''));
    child.once('close', () => resolve(text));
  });
}

async function ended(child: ChildProcess | null, signal: NodeJS.Signals = 'SIGTERM'): Promise<void> {
  if (child === null || child.exitCode !== null || child.signalCode !== null) return;
  const gone = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  child.kill(signal);
  const force = setTimeout(() => child.kill('SIGKILL'), 2_000);
  await gone;
  clearTimeout(force);
}
