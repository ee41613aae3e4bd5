/**
 * Assertions verified a second: the whole way through the HTTP API with 16 connections (question, signature, answer, all
 * durable and in the trail), beside what bare @simplewebauthn/server verifies in one loop on one core; and our own check
 * beside the library and beside a raw P-256 verification with the key kept. Interleaved rounds in one run.
 */
import { createPublicKey, generateKeyPairSync, randomBytes, sign, verify } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { Agent, request } from 'node:http';
import { verifyAuthenticationResponse } from '@simplewebauthn/server';
import { newAuthenticator } from '../src/backend/domain/authenticators/new-authenticator.ts';
import { newSecret } from '../src/backend/domain/identifiers.ts';
import { newPerson } from '../src/backend/domain/people/add-person.ts';
import { openSqlite } from '../src/backend/store/sqlite/open-sqlite.ts';
import { NO_TRUST } from '../src/backend/webauthn/attestation.ts';
import { createRelyingParty } from '../src/backend/webauthn/relying-party.ts';
import { type BackendProcess, startBackendProcess } from '../test/support/backend.ts';
import { sessionRecord } from '../test/support/records.ts';
import { type RequestOptions, SoftwareKey } from '../test/support/webauthn/software-key.ts';
import { load, print, ratio, spread } from './table.ts';

const rounds = Number(process.env['ROUNDS'] ?? 7);
const SECONDS = Number(process.env['SECONDS'] ?? 2);
const CONNECTIONS = 16;

const CLOCK_TICKS = 100;
/** CPU seconds that a process has used so far (proc(5): utime and stime). */
function cpuSecondsOf(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? [];
  return (Number(fields[11]) + Number(fields[12])) / CLOCK_TICKS;
}

const cpuSeconds = (): number => {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
};

/** Runs `work` for some seconds; answers times a CPU second. */
async function loop(work: () => Promise<unknown> | unknown): Promise<number> {
  for (let warm = 0; warm < 100; warm += 1) await work();
  const [begin, cpu] = [performance.now(), cpuSeconds()];
  let times = 0;
  while (performance.now() - begin < SECONDS * 1_000) {
    for (let few = 0; few < 20; few += 1) await work();
    times += 20;
  }
  return times / (cpuSeconds() - cpu);
}

const ORIGIN = 'http://localhost';
const loopKey = new SoftwareKey();
const QUESTION = randomBytes(32).toString('base64url');
const answer = loopKey.assert({ challenge: QUESTION, rpId: 'localhost' }, ORIGIN);
const cose = new Uint8Array(loopKey.coseKey());
const relyingParty = createRelyingParty({ origin: ORIGIN, rpId: 'localhost', trust: NO_TRUST });

async function library(): Promise<void> {
  const { verified } = await verifyAuthenticationResponse({
    response: answer as never,
    expectedChallenge: QUESTION,
    expectedOrigin: ORIGIN,
    expectedRPID: 'localhost',
    requireUserVerification: false,
    credential: { id: answer.id, publicKey: cose, counter: 0 },
  });
  if (!verified) throw new Error('the library did not verify');
}

const publicKey = Buffer.from(cose).toString('base64url');
async function ours(): Promise<void> {
  const verdict = await relyingParty.checkAssertion(answer, {
    question: QUESTION,
    userVerification: 'preferred',
    credentialId: answer.id,
    publicKey,
    userHandle: 'x',
    backupEligible: false,
  });
  if (!verdict.ok) throw new Error('our own check did not verify');
}

const pair = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const kept = createPublicKey(pair.privateKey);
const message = randomBytes(69);
const signature = sign('sha256', message, pair.privateKey);
function raw(): void {
  if (!verify('sha256', message, kept, signature)) throw new Error('the raw check did not verify');
}

/** One person at one connection, with a session that may show its key again and again. */
class Visitor {
  readonly #backend: BackendProcess;
  readonly #agent = new Agent({ keepAlive: true, maxSockets: 1 });
  readonly key = new SoftwareKey();
  token = '';

  constructor(backend: BackendProcess) {
    this.#backend = backend;
  }

  async post(path: string, body: unknown): Promise<unknown> {
    const text = JSON.stringify(body);
    return new Promise((resolve, reject) => {
      const { port } = new URL(this.#backend.base);
      const headers = {
        'content-type': 'application/json',
        'content-length': Buffer.byteLength(text),
        origin: this.#backend.origin,
        cookie: `doorstep=${this.token}`,
      };
      const call = request({ host: '127.0.0.1', port, path, method: 'POST', agent: this.#agent, headers }, (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('end', () => {
          const renewed = /^doorstep=([^;]+)/.exec(response.headers['set-cookie']?.[0] ?? '')?.[1];
          if (renewed !== undefined) this.token = renewed;
          const received = Buffer.concat(chunks).toString();
          if (response.statusCode === 200) resolve(JSON.parse(received));
          else reject(new Error(`${response.statusCode} ${received}`));
        });
      });
      call.once('error', reject);
      call.end(text);
    });
  }

  async showKey(): Promise<void> {
    const { ceremonyId, options } = (await this.post('/v1/session/assertion/options', {})) as {
      ceremonyId: string;
      options: RequestOptions;
    };
    const done = (await this.post('/v1/session/assertion', {
      ceremonyId,
      credential: this.key.assert(options, this.#backend.origin),
    })) as { state: string };
    if (done.state !== 'full') throw new Error(`the session is ${done.state}`);
  }

  leave(): void {
    this.#agent.destroy();
  }
}

/** People, keys and sessions are put into the store directly: the first step is not what is measured. */
async function populate(backend: BackendProcess, visitors: readonly Visitor[]): Promise<void> {
  const store = await openSqlite(backend.folder);
  const now = Date.now();
  await store.transaction(async (tx) => {
    for (const [index, visitor] of visitors.entries()) {
      const person = newPerson({ username: `visitor${index}`, displayName: 'Visitor', role: 'person', passwordHash: null, now });
      await tx.people.insert(person);
      await tx.authenticators.insert(
        newAuthenticator(
          { personId: person.id, kind: 'security-key', name: 'Key', addedAt: now, addedFrom: 'bench' },
          {
            preferred: true,
            credentialId: visitor.key.id,
            publicKey: visitor.key.coseKey().toString('base64url'),
            transports: ['usb'],
            attestation: 'none',
          },
        ),
      );
      visitor.token = newSecret();
      await tx.sessions.insert(sessionRecord({ personId: person.id, token: visitor.token, at: now }));
    }
  });
  await store.close();
}

interface Served {
  readonly perSecond: number;
  readonly perCpuSecond: number;
  readonly p50: number;
  readonly p99: number;
}

async function serve(backend: BackendProcess, visitors: readonly Visitor[]): Promise<Served> {
  const pid = backend.process.pid ?? 0;
  const milliseconds: number[] = [];
  const [begin, cpu] = [performance.now(), cpuSecondsOf(pid)];
  const end = begin + SECONDS * 1_000;
  await Promise.all(
    visitors.map(async (visitor) => {
      while (performance.now() < end) {
        const started = performance.now();
        await visitor.showKey();
        milliseconds.push(performance.now() - started);
      }
    }),
  );
  const sorted = milliseconds.sort((a, b) => a - b);
  return {
    perSecond: sorted.length / ((performance.now() - begin) / 1_000),
    perCpuSecond: sorted.length / (cpuSecondsOf(pid) - cpu),
    p50: sorted[Math.floor(sorted.length * 0.5)] ?? Number.NaN,
    p99: sorted[Math.floor(sorted.length * 0.99)] ?? Number.NaN,
  };
}

/** Wrong passwords from everywhere, 32 at a time: each from an address and for a name of its own, so that no limit stops it. */
class Flood {
  readonly #backend: BackendProcess;
  readonly #agent = new Agent({ keepAlive: true, maxSockets: 32 });
  #on = false;
  #senders: Promise<void>[] = [];

  constructor(backend: BackendProcess) {
    this.#backend = backend;
  }

  begin(): void {
    this.#on = true;
    this.#senders = Array.from({ length: 32 }, async () => {
      while (this.#on) await this.#try();
    });
  }

  async end(): Promise<void> {
    this.#on = false;
    await Promise.all(this.#senders);
    this.#agent.destroy();
  }

  #try(): Promise<void> {
    const body = JSON.stringify({ username: randomBytes(6).toString('hex'), password: 'wrong' });
    const headers = {
      'content-type': 'application/json',
      'content-length': Buffer.byteLength(body),
      origin: this.#backend.origin,
      'x-forwarded-for': [10, ...randomBytes(3)].join('.'),
    };
    return new Promise((resolve) => {
      const { port } = new URL(this.#backend.base);
      const call = request(
        { host: '127.0.0.1', port, path: '/v1/session/password', method: 'POST', agent: this.#agent, headers },
        (response) => {
          response.resume();
          response.once('end', resolve);
        },
      );
      call.once('error', () => resolve());
      call.end(body);
    });
  }
}

const before = load();
const backend = await startBackendProcess({ DOORSTEP_DEMO: '0', DOORSTEP_LOG_LEVEL: 'warn', DOORSTEP_TRUSTED_PROXIES: '127.0.0.1' });
const visitors = Array.from({ length: CONNECTIONS }, () => new Visitor(backend));
const figures = { raw: [] as number[], library: [] as number[], ours: [] as number[], served: [] as Served[], flooded: [] as Served[] };
try {
  await populate(backend, visitors);
  await serve(backend, visitors);
  for (let round = 0; round < rounds; round += 1) {
    figures.library.push(await loop(library));
    figures.served.push(await serve(backend, visitors));
    const flood = new Flood(backend);
    flood.begin();
    figures.flooded.push(await serve(backend, visitors));
    await flood.end();
    figures.ours.push(await loop(ours));
    figures.raw.push(await loop(raw));
  }
} finally {
  for (const visitor of visitors) visitor.leave();
  await backend.stop();
}

const served = (member: keyof Served): number[] => figures.served.map((one) => one[member]);
print({
  title: 'Assertions: the HTTP API, and the check alone',
  note: `${rounds} interleaved rounds of ${SECONDS} s, median and quartiles; ${CONNECTIONS} connections, SQLite with every commit on the disk, the signing client on the same cores; before: ${before}; after: ${load()}`,
  rows: [
    {
      what: 'verified a second through the API; peer: bare @simplewebauthn/server in a loop, one core',
      ours: spread(served('perSecond')),
      peer: spread(figures.library),
      ratio: ratio(served('perSecond'), figures.library),
    },
    {
      what: 'verified a CPU second of the backend through the API; peer: the same loop',
      ours: spread(served('perCpuSecond')),
      peer: spread(figures.library),
      ratio: ratio(served('perCpuSecond'), figures.library),
    },
    {
      what: 'milliseconds for question and answer through the API, p50; beside it p99',
      ours: spread(served('p50'), 1),
      peer: spread(served('p99'), 1),
      ratio: ratio(served('p50'), served('p99')),
    },
    {
      what: 'milliseconds p99 while 32 clients try wrong passwords without end; beside it p99 alone',
      ours: spread(
        figures.flooded.map(({ p99 }) => p99),
        1,
      ),
      peer: spread(served('p99'), 1),
      ratio: ratio(
        figures.flooded.map(({ p99 }) => p99),
        served('p99'),
      ),
    },
    {
      what: 'our check a CPU second, key kept; peer: @simplewebauthn/server',
      ours: spread(figures.ours),
      peer: spread(figures.library),
      ratio: ratio(figures.ours, figures.library),
    },
    {
      what: 'our check a CPU second, key kept; peer: raw P-256 verification',
      ours: spread(figures.ours),
      peer: spread(figures.raw),
      ratio: ratio(figures.ours, figures.raw),
    },
  ],
});
