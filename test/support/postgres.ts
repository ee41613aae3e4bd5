/**
 * A PostgreSQL of the tests' own: Debian's programs, a private port on loopback, a temporary folder, fsync on. The server
 * refuses to run as root, so there it runs as an account without rights, which is made where it is missing.
 */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chmodSync, chownSync, existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { freePort } from './free-port.ts';

const PROGRAMS = '/usr/lib/postgresql';
const ACCOUNT = 'doorstep-test';
const ROLE = 'doorstep';

export interface TestPostgres {
  /** A new empty database; answers its address. */
  createDatabase(): Promise<string>;
  /** A copy of a database that nobody is connected to, as a backup is; answers its address. */
  copyDatabase(address: string): Promise<string>;
  /** Ends every connection to a database, as a restart of the server would. */
  disconnectAll(address: string): Promise<void>;
  stop(): Promise<void>;
}

export async function startPostgres(): Promise<TestPostgres> {
  const bin = programs();
  const owner = unprivileged();
  const folder = mkdtempSync(join(tmpdir(), 'doorstep-postgres-'));
  const password = randomBytes(16).toString('hex');
  const passwordFile = join(folder, 'password');
  writeFileSync(passwordFile, password);
  if (owner !== null) for (const path of [folder, passwordFile]) chownSync(path, owner.uid, owner.gid);
  chmodSync(folder, 0o700);
  const data = join(folder, 'data');
  const as = { cwd: folder, env: { LC_ALL: 'C', PATH: '/usr/bin:/bin' }, ...(owner ?? {}) };
  execFileSync(
    join(bin, 'initdb'),
    [
      '-D',
      data,
      '-U',
      ROLE,
      '-A',
      'scram-sha-256',
      `--pwfile=${passwordFile}`,
      '-E',
      'UTF8',
      '--locale=C',
      '--no-sync',
      '--no-instructions',
    ],
    { ...as, stdio: ['ignore', 'ignore', 'pipe'] },
  );
  const port = await freePort();
  const settings = {
    listen_addresses: '127.0.0.1',
    fsync: 'on',
    synchronous_commit: 'on',
    max_connections: '120',
    unix_socket_directories: folder,
  };
  const server = spawn(
    join(bin, 'postgres'),
    ['-D', data, '-p', String(port), ...Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`])],
    { ...as, stdio: 'ignore' },
  );
  const addressOf = (database: string): string => `postgres://${ROLE}:${password}@127.0.0.1:${port}/${database}`;
  const killAtExit = (): void => void server.kill('SIGQUIT');
  process.once('exit', killAtExit);
  await untilReady(server, addressOf('postgres'));
  let made = 0;
  const create = async (template: string): Promise<string> => {
    made += 1;
    const name = `test_${made}`;
    await query(addressOf('postgres'), `create database ${name} template ${template}`);
    return addressOf(name);
  };
  return {
    createDatabase: () => create('template0'),
    copyDatabase: (address) => create(new URL(address).pathname.slice(1)),
    async disconnectAll(address) {
      const name = new URL(address).pathname.slice(1);
      await query(addressOf('postgres'), `select pg_terminate_backend(pid) from pg_stat_activity where datname = '${name}'`);
    },
    async stop() {
      process.off('exit', killAtExit);
      const ended = new Promise((resolve) => server.once('exit', resolve));
      server.kill('SIGINT');
      await ended;
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

function programs(): string {
  const versions = existsSync(PROGRAMS) ? readdirSync(PROGRAMS).sort((a, b) => Number(b) - Number(a)) : [];
  const newest = versions.map((version) => join(PROGRAMS, version, 'bin')).find((bin) => existsSync(join(bin, 'initdb')));
  if (newest === undefined) throw new Error('PostgreSQL is missing. Install it: apt-get install postgresql');
  return newest;
}

function unprivileged(): { uid: number; gid: number } | null {
  if (process.getuid?.() !== 0) return null;
  const id = (flag: string): number =>
    Number(execFileSync('id', [flag, ACCOUNT], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }));
  try {
    return { uid: id('-u'), gid: id('-g') };
  } catch {
    // Another test may be making it at this moment; then it is there as well.
    try {
      execFileSync('useradd', ['--system', '--no-create-home', '--shell', '/usr/sbin/nologin', ACCOUNT], { stdio: 'ignore' });
    } catch {
      execFileSync('sleep', ['1']);
    }
    return { uid: id('-u'), gid: id('-g') };
  }
}

async function untilReady(server: ChildProcess, address: string): Promise<void> {
  const deadline = Date.now() + 30_000;
  for (;;) {
    if (server.exitCode !== null) throw new Error(`PostgreSQL ended with ${server.exitCode}`);
    try {
      await query(address, 'select 1');
      return;
    } catch (error) {
      if (Date.now() > deadline) throw error;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }
}

async function query(address: string, text: string): Promise<void> {
  const client = new pg.Client({ connectionString: address });
  client.on('error', () => undefined);
  try {
    await client.connect();
    await client.query(text);
  } finally {
    await client.end().catch(() => undefined);
  }
}
