/** A message bus of a test's own, which can die and come back at its address, and services on it that python-dbusmock plays. */
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { type SessionEnv, until } from './programs.ts';

const run = promisify(execFile);

export type BusKind = 'session' | 'system';

/** A service that is played. Its interfaces and its bus are real. */
export interface PlayedService {
  /** Calls a method; `args` in GVariant text. */
  call(path: string, method: string, ...args: string[]): Promise<string>;
  stop(): Promise<void>;
}

export interface MessageBusDaemon {
  /** What a program must find in its environment to join it. */
  readonly env: SessionEnv;
  /** A template of python-dbusmock, which owns `name`. */
  play(template: string, name: string): Promise<PlayedService>;
  /** The bus dies in the middle of whatever it does, and everything that was played on it. */
  kill(): Promise<void>;
  /** Another bus at the same address. */
  start(): Promise<void>;
  stop(): Promise<void>;
}

export async function startMessageBus(kind: BusKind): Promise<MessageBusDaemon> {
  const folder = mkdtempSync(join(tmpdir(), `doorstep-${kind}-bus-`));
  const address = `unix:path=${join(folder, 'bus')}`;
  const config = join(folder, 'bus.conf');
  writeFileSync(
    config,
    `<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN" "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig><type>${kind}</type><listen>${address}</listen><auth>EXTERNAL</auth>
<policy context="default"><allow send_destination="*" eavesdrop="true"/><allow eavesdrop="true"/><allow own="*"/><allow user="*"/></policy></busconfig>`,
  );
  const env = { [kind === 'system' ? 'DBUS_SYSTEM_BUS_ADDRESS' : 'DBUS_SESSION_BUS_ADDRESS']: address };
  const own = { ...process.env, ...env };
  const played = new Set<ChildProcess>();
  let daemon: ChildProcess | null = null;

  const gdbus = async (name: string, path: string, method: string, ...args: string[]) =>
    (await run('gdbus', ['call', `--${kind}`, '--dest', name, '--object-path', path, '--method', method, ...args], { env: own })).stdout;
  const answers = (name: string) =>
    gdbus(name, '/', 'org.freedesktop.DBus.Peer.Ping').then(
      () => true,
      () => false,
    );
  const hasOwner = async (name: string) =>
    (await gdbus('org.freedesktop.DBus', '/', 'org.freedesktop.DBus.NameHasOwner', name)).includes('true');

  const start = async () => {
    rmSync(join(folder, 'bus'), { force: true });
    daemon = spawn('dbus-daemon', [`--config-file=${config}`, '--nofork', '--nopidfile'], { env: own, stdio: 'ignore' });
    await until(() => answers('org.freedesktop.DBus'), `the ${kind} bus`);
  };
  const end = async (signal: NodeJS.Signals) => {
    await Promise.all([...played, ...(daemon === null ? [] : [daemon])].map((child) => ended(child, signal)));
    played.clear();
    daemon = null;
  };
  await start();
  return {
    env,
    start,
    kill: () => end('SIGKILL'),
    async play(template, name) {
      const child = spawn('/usr/bin/python3', ['-m', 'dbusmock', `--${kind}`, '--template', template], { env: own, stdio: 'ignore' });
      played.add(child);
      await until(() => hasOwner(name), name);
      return {
        call: (path, method, ...args) => gdbus(name, path, method, ...args),
        async stop() {
          played.delete(child);
          await ended(child, 'SIGTERM');
        },
      };
    },
    async stop() {
      await end('SIGTERM');
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

async function ended(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  child.kill(signal);
  await gone;
}
