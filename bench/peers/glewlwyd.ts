/**
 * The peer of the second step: glewlwyd from Debian's package, on loopback, with a SQLite file of its own on the disk that
 * Doorstep's store lies on, as an ordinary user. Its own defaults, the OTP scheme for TOTP codes (6 digits, 30 s), and one
 * scope that asks for the password and that scheme.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { chownSync, readFileSync, writeFileSync } from 'node:fs';
import { Agent } from 'node:http';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { asOrdinaryUser, isRoot, ordinaryEnvironment, ordinaryUser, privateFolder } from '../../scripts/system.mjs';
import { freePort } from '../../test/support/free-port.ts';
import { type Answer, exchange } from '../measure/exchange.ts';
import type { Start } from '../measure/goals-disk.ts';

const TABLES = '/usr/share/dbconfig-common/data/glewlwyd/install/sqlite3';
const MODULES = '/usr/lib/glewlwyd';
/** Of the administrator that the package's own tables begin with. */
const FIRST_PASSWORD = 'password';
const COOKIE = 'GLEWLWYD2_SESSION_ID';
const SCHEME = { scheme_type: 'otp', scheme_name: 'otp' } as const;
const SCOPE = 'two-steps';
export const PASSWORD = 'four words for the bench';

export interface Glewlwyd {
  readonly pid: number;
  readonly people: number;
  /** The first step of visitor `index` on a new session: answers its cookie. */
  password(agent: Agent, index: number): Promise<string>;
  /** The second step: 200 or 401. */
  code(agent: Agent, index: number, cookie: string, code: string): Promise<number>;
  /** Which steps the session has shown, as the peer says. */
  shown(agent: Agent, cookie: string): Promise<{ password: boolean; otp: boolean }>;
  stop(): Promise<void>;
}

export interface GlewlwydOptions {
  readonly people: number;
  /** base32. All people have the same one. */
  readonly secret: string;
  /** Of PBKDF2; absent: the peer's own 150,000. */
  readonly iterations?: number;
  readonly start: Start;
}

/** Makes the tables, one person through the peer's own API, the others as copies of that one; then starts it anew. */
export async function startGlewlwyd(options: GlewlwydOptions): Promise<Glewlwyd> {
  const user = ordinaryUser();
  const { folder, remove } = privateFolder(user, 'doorstep-glewlwyd-');
  const database = join(folder, 'glewlwyd.db');
  const port = await freePort();
  const base = { host: '127.0.0.1', port };
  writeFileSync(join(folder, 'glewlwyd.conf'), configuration(port, database));
  makeTables(database, options.iterations);
  if (isRoot) for (const file of [database, join(folder, 'glewlwyd.conf')]) chownSync(file, user.uid, user.gid);

  const run = async (): Promise<ChildProcess> => {
    const [program = '', ...words] = asOrdinaryUser(user, options.start(['glewlwyd', `--config-file=${join(folder, 'glewlwyd.conf')}`]));
    const child = spawn(program, words, { cwd: folder, env: ordinaryEnvironment(user), stdio: 'ignore' });
    process.once('exit', () => child.kill('SIGKILL'));
    const until = Date.now() + 20_000;
    for (;;) {
      const ready = await exchange({ ...base, agent: new Agent(), method: 'GET', path: '/config' }).then(
        ({ status }) => status === 200,
        () => false,
      );
      if (ready) return child;
      if (child.exitCode !== null || Date.now() > until) throw new Error(`glewlwyd did not start: exit code ${child.exitCode}`);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  };
  const end = async (child: ChildProcess): Promise<void> => {
    const gone = new Promise((resolve) => child.once('exit', resolve));
    child.kill('SIGTERM');
    await gone;
  };

  try {
    const first = await run();
    try {
      await enrollFirst(base, options.secret);
    } finally {
      await end(first);
    }
    copyFirst(database, options.people);
    const child = await run();
    const post = (agent: Agent, body: unknown, cookie?: string): Promise<Answer> =>
      exchange({ ...base, agent, method: 'POST', path: '/api/auth/', body, headers: cookie === undefined ? {} : { cookie } });
    return {
      pid: child.pid ?? 0,
      people: options.people,
      async password(agent, index) {
        const answer = await post(agent, { username: nameOf(index), password: PASSWORD });
        if (answer.status !== 200) throw new Error(`glewlwyd refused a right password: ${answer.status} ${answer.text}`);
        return cookieOf(answer);
      },
      async code(agent, index, cookie, code) {
        const { status } = await post(agent, { username: nameOf(index), ...SCHEME, value: { value: code } }, cookie);
        return status;
      },
      async shown(agent, cookie) {
        const { text } = await exchange({ ...base, agent, method: 'GET', path: `/api/auth/scheme/?scope=${SCOPE}`, headers: { cookie } });
        const scope = (JSON.parse(text) as Record<string, ShownScope>)[SCOPE];
        const schemes = Object.values(scope?.schemes ?? {}).flat();
        return { password: scope?.password_authenticated === true, otp: schemes[0]?.scheme_authenticated === true };
      },
      async stop() {
        await end(child);
        remove();
      },
    };
  } catch (error) {
    remove();
    throw error;
  }
}

interface ShownScope {
  readonly password_authenticated: boolean;
  readonly schemes: Readonly<Record<string, readonly { readonly scheme_authenticated: boolean }[]>>;
}

const nameOf = (index: number): string => `visitor${index}`;

function cookieOf({ cookies }: Answer): string {
  const found = cookies.find((line) => line.startsWith(`${COOKIE}=`));
  if (found === undefined) throw new Error('glewlwyd set no cookie');
  return found.split(';')[0] ?? '';
}

/** The package's own settings, less its static pages and its log; bound to loopback. */
function configuration(port: number, database: string): string {
  return [
    `port=${port}`,
    'bind_address="127.0.0.1"',
    `external_url="http://127.0.0.1:${port}"`,
    'login_url="login.html"',
    'api_prefix="api"',
    'log_mode="console"',
    'log_level="ERROR"',
    'cookie_domain="localhost"',
    'cookie_secure=1',
    'cookie_same_site="empty"',
    'session_expiration=2419200',
    `session_key="${COOKIE}"`,
    'admin_session_authentication="cookie"',
    'profile_session_authentication="cookie"',
    'allow_multiple_user_per_session=true',
    'login_api_enabled=true',
    'admin_scope="g_admin"',
    'profile_scope="g_profile"',
    `user_module_path="${MODULES}/user"`,
    `user_middleware_module_path="${MODULES}/user_middleware"`,
    `client_module_path="${MODULES}/client"`,
    `user_auth_scheme_module_path="${MODULES}/scheme"`,
    `plugin_module_path="${MODULES}/plugin"`,
    'use_secure_connection=false',
    'secure_connection_key_file="/etc/ssl/certs/cert.key"',
    'secure_connection_pem_file="/etc/ssl/certs/cert.pem"',
    'secure_connection_ca_file="/etc/ssl/certs/ca.crt"',
    'hash_algorithm="SHA512"',
    `database = { type = "sqlite3"; path = "${database}"; };`,
    '',
  ].join('\n');
}

function makeTables(file: string, iterations: number | undefined): void {
  const database = new Database(file);
  try {
    database.exec(readFileSync(TABLES, 'utf8'));
    if (iterations === undefined) return;
    const module = database.prepare(
      "select gumi_id as id, gumi_parameters as text from g_user_module_instance where gumi_module = 'database'",
    );
    for (const { id, text } of module.all() as { id: number; text: string }[]) {
      const parameters = JSON.stringify({ ...JSON.parse(text), 'pbkdf2-iterations': iterations });
      database.prepare('update g_user_module_instance set gumi_parameters = ? where gumi_id = ?').run(parameters, id);
    }
  } finally {
    database.close();
  }
}

/** Scheme, scope and the first person, made as an administrator makes them. */
async function enrollFirst(base: { host: string; port: number }, secret: string): Promise<void> {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  let cookie = '';
  const call = async (method: string, path: string, body: unknown): Promise<void> => {
    const answer = await exchange({ ...base, agent, method, path: `/api${path}`, body, headers: cookie === '' ? {} : { cookie } });
    if (answer.status !== 200) throw new Error(`glewlwyd answered ${method} ${path} with ${answer.status} ${answer.text}`);
    if (cookie === '') cookie = cookieOf(answer);
  };
  try {
    await call('POST', '/auth/', { username: 'admin', password: FIRST_PASSWORD });
    await call('POST', '/mod/scheme/', {
      module: 'otp',
      name: 'otp',
      display_name: 'Codes',
      expiration: 600,
      max_use: 0,
      allow_user_register: true,
      parameters: {
        issuer: 'bench',
        'otp-length': 6,
        'secret-minimum-size': 16,
        'hotp-allow': false,
        'totp-allow': true,
        'totp-window': 0,
        'totp-start-offset': 0,
      },
    });
    await call('POST', '/scope/', {
      name: SCOPE,
      display_name: 'Two steps',
      password_required: true,
      scheme: { 0: [SCHEME] },
      scheme_required: { 0: 1 },
    });
    await call('POST', '/user/', { username: nameOf(0), password: PASSWORD, name: 'Visitor', scope: [SCOPE, 'g_profile'], enabled: true });
    await call('POST', `/delegate/${nameOf(0)}/profile/scheme/register/`, {
      username: nameOf(0),
      ...SCHEME,
      value: { type: 'TOTP', secret, time_step_size: 30 },
    });
  } finally {
    agent.destroy();
  }
}

/** The others have the first one's password, scopes and secret, row by row. */
function copyFirst(file: string, people: number): void {
  const database = new Database(file);
  try {
    const first = database.prepare('select gu_id as id from g_user where gu_username = ?').pluck().get(nameOf(0)) as number;
    const statements = [
      database.prepare("insert into g_user (gu_username, gu_name, gu_email, gu_enabled) values (?, 'Visitor', '', 1)"),
      database.prepare('insert into g_user_password (gu_id, guw_password) select ?, guw_password from g_user_password where gu_id = ?'),
      database.prepare('insert into g_user_scope_user (gu_id, gus_id) select ?, gus_id from g_user_scope_user where gu_id = ?'),
      database.prepare(
        `insert into gs_otp (gso_mod_name, gso_username, gso_otp_type, gso_secret, gso_hotp_moving_factor, gso_totp_time_step_size)
         select gso_mod_name, ?, gso_otp_type, gso_secret, gso_hotp_moving_factor, gso_totp_time_step_size from gs_otp where gso_username = ?`,
      ),
    ] as const;
    database.transaction(() => {
      for (let index = 1; index < people; index += 1) {
        const id = statements[0].run(nameOf(index)).lastInsertRowid;
        statements[1].run(id, first);
        statements[2].run(id, first);
        statements[3].run(nameOf(index), nameOf(0));
      }
      // A code is good only where the last one is longer ago than a step; a new row says that it was used just now.
      database.prepare('update gs_otp set gso_last_used = 0').run();
    })();
  } finally {
    database.close();
  }
}
