/** The real backend as a process of its own, and the three who talk to it: a browser, a paired desktop, a service. */
import { type ChildProcess, spawn } from 'node:child_process';
import { createHash, createPublicKey, generateKeyPairSync, type KeyObject, randomBytes, sign } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { APPROVAL_STATEMENT_TYPE, type ApprovalRequest, type ApprovalStatement, type Decision } from '../../src/contract/http/approvals.ts';
import { DEVICE_SIGNATURE_HEADER, DEVICE_SIGNATURE_TYPE } from '../../src/contract/http/device-signature.ts';
import { ROUTES, type RouteName } from '../../src/contract/http/routes.ts';
import type { DeviceSnapshot, PairedDevice, Problem, Session, WaitingChallenge } from '../../src/contract/http/shapes.ts';
import type { DeviceWelcome } from '../../src/contract/http/sync.ts';
import { freePort } from './free-port.ts';
import type { SoftwareKey, Twist } from './webauthn/software-key.ts';

const PROJECT = fileURLToPath(new URL('../..', import.meta.url));

export interface DemoPerson {
  readonly username: string;
  readonly displayName: string;
  readonly role: string;
  readonly password?: string;
}

export interface ReadyLine {
  readonly ready: true;
  readonly origin: string;
  readonly demo: {
    readonly service: string;
    readonly firstRun: boolean;
    readonly people: readonly DemoPerson[];
    readonly pairingCode: string;
  } | null;
}

export interface BackendProcess extends ReadyLine {
  /** Where it listens; the same as the origin, unless the test gave another origin. */
  readonly base: string;
  readonly process: ChildProcess;
  /** The data folder of SQLite. */
  readonly folder: string;
  readonly environment: Readonly<Record<string, string>>;
  log(): string;
  /** Asks it to stop, and answers its exit code. The folder stays where `keep` is set. */
  stop(options?: { keep?: boolean }): Promise<number | null>;
}

/** What README.md starts the backend with: what is young in V8 grows to 4 MB, and not to a hundred. */
const AS_ADVISED = ['--max-semi-space-size=4'];

/**
 * Starts `src/backend/start.ts` on free ports with a temporary data folder, and waits for its one line. `start`: the command
 * line that is run for one; what comes of it must be the same process.
 */
export async function startBackendProcess(
  environment: Readonly<Record<string, string>> = {},
  start: (command: readonly string[]) => readonly string[] = (command) => command,
): Promise<BackendProcess> {
  const [port, demoPort] = [await freePort(), await freePort()];
  const folder = environment['DOORSTEP_BACKEND_DATA'] ?? mkdtempSync(join(tmpdir(), 'doorstep-backend-'));
  const env: Record<string, string> = {
    PATH: process.env['PATH'] ?? '',
    HOME: process.env['HOME'] ?? '',
    DOORSTEP_BACKEND_DATA: folder,
    DOORSTEP_LISTEN: `127.0.0.1:${port}`,
    DOORSTEP_DEMO: '1',
    DOORSTEP_DEMO_LISTEN: `127.0.0.1:${demoPort}`,
    DOORSTEP_LOG_LEVEL: 'info',
    ...environment,
  };
  const [program = '', ...words] = start([process.execPath, ...AS_ADVISED, join(PROJECT, 'src/backend/start.ts')]);
  const child = spawn(program, words, { env, stdio: ['ignore', 'pipe', 'pipe'] });
  let log = '';
  child.stderr.on('data', (chunk: Buffer) => {
    log += chunk.toString('utf8');
  });
  const killAtExit = (): void => void child.kill('SIGKILL');
  process.once('exit', killAtExit);
  const line = await firstLine(child, () => log);
  return {
    ...(JSON.parse(line) as ReadyLine),
    base: `http://127.0.0.1:${env['DOORSTEP_LISTEN']?.split(':')[1] ?? port}`,
    process: child,
    folder,
    environment: env,
    log: () => log,
    async stop({ keep = false } = {}) {
      process.off('exit', killAtExit);
      const code = await ended(child);
      if (!keep) rmSync(folder, { recursive: true, force: true });
      return code;
    },
  };
}

function firstLine(child: ChildProcess, log: () => string): Promise<string> {
  return new Promise((resolve, reject) => {
    if (child.stdout === null) return reject(new Error('no stdout'));
    createInterface({ input: child.stdout }).once('line', resolve);
    child.once('exit', (code) => reject(new Error(`the backend ended with ${code}:\n${log()}`)));
  });
}

async function ended(child: ChildProcess): Promise<number | null> {
  if (child.exitCode !== null || child.signalCode !== null) return child.exitCode;
  const exit = new Promise<number | null>((resolve) => child.once('exit', (code) => resolve(code)));
  child.kill('SIGTERM');
  const timer = setTimeout(() => child.kill('SIGKILL'), 10_000);
  const code = await exit;
  clearTimeout(timer);
  return code;
}

/** An answer of the API. `body` is whatever came as JSON; null where nothing came. */
export interface ApiAnswer<T = unknown> {
  readonly status: number;
  readonly headers: Headers;
  readonly body: T;
}

export function problemOf(answer: ApiAnswer): Problem {
  return answer.body as Problem;
}

export function pathOf(name: RouteName, params: Readonly<Record<string, string>> = {}): string {
  return ROUTES[name].path.replace(/:(\w+)/g, (_, key: string) => params[key] ?? `:${key}`);
}

async function send<T>(base: string, method: string, path: string, headers: Record<string, string>, body?: unknown): Promise<ApiAnswer<T>> {
  const response = await fetch(`${base}${path}`, {
    method,
    headers: { ...headers, ...(body === undefined ? {} : { 'content-type': 'application/json' }) },
    ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    redirect: 'manual',
  });
  const text = await response.text();
  return { status: response.status, headers: response.headers, body: (text === '' ? null : JSON.parse(text)) as T };
}

export interface Ceremony<O = never> {
  readonly ceremonyId: string;
  readonly expiresAt: string;
  readonly options: O;
}

interface CallOptions {
  readonly params?: Readonly<Record<string, string>>;
  readonly query?: string;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

/** A browser: keeps its cookies, and says where its page comes from. */
export class Browser {
  readonly base: string;
  readonly origin: string;
  cookies = new Map<string, string>();

  constructor(backend: { base: string; origin: string }) {
    this.base = backend.base;
    this.origin = backend.origin;
  }

  async call<T = unknown>(name: RouteName, { params = {}, query = '', body, headers = {} }: CallOptions = {}): Promise<ApiAnswer<T>> {
    const cookie = [...this.cookies].map(([key, value]) => `${key}=${value}`).join('; ');
    const { method } = ROUTES[name];
    const answer = await send<T>(
      this.base,
      method,
      pathOf(name, params) + query,
      { ...(cookie === '' ? {} : { cookie }), ...(method === 'GET' ? {} : { origin: this.origin }), ...headers },
      body,
    );
    for (const line of answer.headers.getSetCookie()) this.#keep(line);
    return answer;
  }

  #keep(line: string): void {
    const [pair = '', ...attributes] = line.split(';');
    const [key = '', value = ''] = pair.split('=');
    if (value === '' || attributes.some((one) => /max-age=0|1970/i.test(one))) this.cookies.delete(key);
    else this.cookies.set(key, value);
  }

  password(username: string, password: string, challengeId?: string): Promise<ApiAnswer<Session>> {
    return this.call<Session>('passwordStep', { body: { username, password, ...(challengeId === undefined ? {} : { challengeId }) } });
  }

  async enroll(key: SoftwareKey, name = 'My key', twist: Twist = {}): Promise<ApiAnswer> {
    const asked = await this.call<Ceremony>('registrationOptions');
    if (asked.status !== 200) return asked;
    const { ceremonyId, options } = asked.body;
    return this.call('registration', { body: { ceremonyId, name, credential: key.register(options, this.origin, twist) } });
  }

  begin(challengeId?: string): Promise<ApiAnswer<ApprovalRequest>> {
    return this.call<ApprovalRequest>('beginApproval', challengeId === undefined ? {} : { body: { challengeId } });
  }

  finish(id: string): Promise<ApiAnswer<Session>> {
    return this.call<Session>('finishApproval', { params: { id } });
  }

  async secondStep(key: SoftwareKey, twist: Twist = {}, challengeId?: string): Promise<ApiAnswer<Session>> {
    const asked = await this.call<Ceremony>('assertionOptions', challengeId === undefined ? {} : { body: { challengeId } });
    if (asked.status !== 200) return asked as unknown as ApiAnswer<Session>;
    const { ceremonyId, options } = asked.body;
    return this.call<Session>('assertionStep', { body: { ceremonyId, credential: key.assert(options, this.origin, twist) } });
  }
}

/** Answers that a signature is made over, and ways to get it wrong. */
export interface SignatureTwist {
  readonly claims?: Readonly<Record<string, unknown>>;
  readonly header?: Readonly<Record<string, unknown>>;
  readonly token?: (token: string) => string;
}

export interface EventStream {
  next(): Promise<DeviceSnapshot | null>;
  stop(): void;
}

/** A desktop app: signs every request with its own key. */
export class Desktop {
  readonly base: string;
  readonly origin: string;
  readonly #privateKey: KeyObject;
  readonly publicJwk: { kty: 'EC'; crv: 'P-256'; x: string; y: string };
  deviceId = '';
  personId = '';
  /** What it shows of its key; null before the first greeting. */
  generation: string | null = null;
  /** The backend's time, in milliseconds. */
  now: () => number = Date.now;

  constructor(backend: { base: string; origin: string }, privateKey = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey) {
    this.base = backend.base;
    this.origin = backend.origin;
    this.#privateKey = privateKey;
    const { x = '', y = '' } = createPublicKey(privateKey).export({ format: 'jwk' });
    this.publicJwk = { kty: 'EC', crv: 'P-256', x, y };
  }

  /** The same desktop, talking to another process of the same backend. */
  at(backend: { base: string; origin: string }): Desktop {
    const same = new Desktop(backend, this.#privateKey);
    same.deviceId = this.deviceId;
    same.personId = this.personId;
    same.generation = this.generation;
    same.now = this.now;
    return same;
  }

  /** A copy of everything that it keeps, as a restored home folder is. */
  copy(): Desktop {
    return this.at(this);
  }

  sign(method: string, path: string, body: string | undefined, twist: SignatureTwist = {}): string {
    const header = { alg: 'ES256', typ: DEVICE_SIGNATURE_TYPE, ...twist.header };
    const claims = {
      sub: this.deviceId,
      htm: method,
      htu: `${this.origin}${path}`,
      iat: Math.floor(this.now() / 1_000),
      jti: randomBytes(16).toString('base64url'),
      ...(this.generation === null ? {} : { gen: this.generation }),
      bsh: createHash('sha256')
        .update(body ?? '')
        .digest('base64url'),
      ...twist.claims,
    };
    return this.#jws(header, claims, twist);
  }

  #jws(header: object, payload: object, twist: SignatureTwist): string {
    const encode = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');
    const signed = `${encode(header)}.${encode(payload)}`;
    const signature = sign('sha256', Buffer.from(signed), { key: this.#privateKey, dsaEncoding: 'ieee-p1363' });
    const token = `${signed}.${signature.toString('base64url')}`;
    return twist.token?.(token) ?? token;
  }

  /** Greets, and shows the new generation from then on. */
  async hello(): Promise<ApiAnswer<DeviceWelcome>> {
    const answer = await this.call<DeviceWelcome>('deviceHello', { body: { appVersion: '0.0.0', platform: 'linux' } });
    if (answer.status === 200) this.generation = answer.body.generation;
    return answer;
  }

  /** What is signed about a request that its window shows. */
  statement(
    challenge: Pick<WaitingChallenge, 'id' | 'serviceName'>,
    decision: Decision,
    number: string | null,
    twist: SignatureTwist = {},
  ): string {
    const payload: ApprovalStatement = {
      decision,
      number,
      challengeId: challenge.id,
      service: challenge.serviceName,
      person: this.personId,
      device: this.deviceId,
      iat: Math.floor(this.now() / 1_000),
    };
    return this.#jws({ alg: 'ES256', typ: APPROVAL_STATEMENT_TYPE, ...twist.header }, { ...payload, ...twist.claims }, twist);
  }

  decide(
    challenge: Pick<WaitingChallenge, 'id' | 'serviceName'>,
    decision: Decision,
    number: string | null = null,
    twist: SignatureTwist = {},
  ) {
    const statement = this.statement(challenge, decision, number, twist);
    return this.call('deviceDecision', { params: { id: challenge.id }, body: { statement } });
  }

  approve(request: Pick<ApprovalRequest, 'id' | 'serviceName'>, number: string) {
    return this.decide(request, 'approve', number);
  }

  call<T = unknown>(name: RouteName, { params = {}, query = '', body, headers = {} }: CallOptions = {}, twist: SignatureTwist = {}) {
    const { method } = ROUTES[name];
    const path = pathOf(name, params) + query;
    const text = body === undefined ? undefined : JSON.stringify(body);
    return send<T>(this.base, method, path, { [DEVICE_SIGNATURE_HEADER]: this.sign(method, path, text, twist), ...headers }, text);
  }

  async pair(code: string, name = 'Office computer', twist: SignatureTwist = {}): Promise<ApiAnswer<PairedDevice>> {
    const answer = await this.call<PairedDevice>(
      'pairDevice',
      { body: { code, name, platform: 'linux', publicKey: this.publicJwk } },
      { header: { jwk: this.publicJwk }, claims: { sub: '' }, ...twist },
    );
    if (answer.status === 201) {
      this.deviceId = answer.body.deviceId;
      this.personId = answer.body.person.id;
    }
    return answer;
  }

  async enroll(key: SoftwareKey, name = 'My key'): Promise<ApiAnswer> {
    const { ceremonyId, options } = (await this.call<Ceremony>('deviceRegistrationOptions')).body;
    return this.call('deviceRegistration', { body: { ceremonyId, name, credential: key.register(options, this.origin) } });
  }

  async answer(challengeId: string, key: SoftwareKey, twist: Twist = {}): Promise<ApiAnswer> {
    const params = { id: challengeId };
    const asked = await this.call<Ceremony>('deviceChallengeOptions', { params });
    if (asked.status !== 200) return asked;
    const { ceremonyId, options } = asked.body;
    return this.call('deviceChallengeAnswer', { params, body: { ceremonyId, credential: key.assert(options, this.origin, twist) } });
  }

  /** Reads the event stream until `stop` is called; `next` waits for one more event, and answers null at the end. */
  async events(claims: Readonly<Record<string, unknown>> = {}, since: number | null = null): Promise<EventStream> {
    const { method } = ROUTES.deviceEvents;
    const path = `${ROUTES.deviceEvents.path}${since === null ? '' : `?since=${since}`}`;
    const gone = new AbortController();
    const response = await fetch(`${this.base}${path}`, {
      headers: { [DEVICE_SIGNATURE_HEADER]: this.sign(method, path, undefined, { claims }) },
      signal: gone.signal,
    });
    if (response.status !== 200 || response.body === null) throw new Error(`no events: ${response.status}`);
    const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
    let text = '';
    return {
      async next() {
        for (;;) {
          const end = text.indexOf('\n\n');
          if (end >= 0) {
            const event = text.slice(0, end);
            text = text.slice(end + 2);
            if (event.startsWith('data: ')) return JSON.parse(event.slice(6)) as DeviceSnapshot;
            continue;
          }
          const { done, value } = await reader.read();
          if (done) return null;
          text += value;
        }
      },
      stop: () => gone.abort(),
    };
  }
}

/** A service: a bearer key and nothing else. */
export class Service {
  readonly base: string;
  readonly #key: string;

  constructor(backend: { base: string }, key: string) {
    this.base = backend.base;
    this.#key = key;
  }

  call<T = unknown>(name: RouteName, { params = {}, query = '', body, headers = {} }: CallOptions = {}): Promise<ApiAnswer<T>> {
    return send<T>(
      this.base,
      ROUTES[name].method,
      pathOf(name, params) + query,
      { authorization: `Bearer ${this.#key}`, ...headers },
      body,
    );
  }
}
