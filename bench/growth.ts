/**
 * What a login costs when the organization has grown: CPU of the backend for the page's question and the second step, with
 * 600 people and with 100,000 people and a million sessions. The hash of the password costs the same for both, and is left
 * out.
 */
import { randomBytes } from 'node:crypto';
import { Agent } from 'node:http';
import { join } from 'node:path';
import { openSeeds } from '../src/backend/seeds/open-seeds.ts';
import { openSqlite } from '../src/backend/store/sqlite/open-sqlite.ts';
import { totp } from '../src/oath/totp.ts';
import { type BackendProcess, startBackendProcess } from '../test/support/backend.ts';
import { bulkFill } from './measure/bulk.ts';
import { cpuSecondsOf } from './measure/cpu.ts';
import { exchange } from './measure/exchange.ts';
import { type Filled, fillPeople } from './measure/fill.ts';
import { load, print, ratio, spread } from './table.ts';

const rounds = Number(process.env['ROUNDS'] ?? 5);
const LOGINS = Number(process.env['LOGINS'] ?? 500);
/** So that V8 has compiled what it will. */
const WARM = Number(process.env['WARM'] ?? 1_800);
const CLIENTS = 16;
const SMALL = { people: 600, sessions: 0 };
const LARGE = { people: Number(process.env['PEOPLE'] ?? 100_000), sessions: Number(process.env['SESSIONS'] ?? 1_000_000) };
/** With 600 people the same ones come again: each time with the code of a later step, which the window still allows. */
const form = { algorithm: 'SHA1', digits: 6, period: 30 } as const;
const seed = randomBytes(20);

class Organization {
  readonly #backend: BackendProcess;
  readonly #people: readonly Filled[];
  readonly #used = new Map<Filled, number>();
  #next = 0;

  private constructor(backend: BackendProcess, people: readonly Filled[]) {
    this.#backend = backend;
    this.#people = people;
  }

  static async found({ people, sessions }: typeof SMALL): Promise<Organization> {
    const environment = { DOORSTEP_DEMO: '0', DOORSTEP_LOG_LEVEL: 'warn' };
    const first = await startBackendProcess(environment);
    const store = await openSqlite(first.folder);
    const seeds = await openSeeds(join(first.folder, 'seed-keys'), store, Date.now());
    const [like] = await fillPeople(store, seeds, { first: 0, count: 1, seed, passwordHash: null });
    await store.close();
    await first.stop({ keep: true });
    if (like === undefined) throw new Error('nobody was put into the store');
    const filled = bulkFill(first.folder, seeds, { like, people: people - 1, sessions, seed });
    return new Organization(await startBackendProcess({ ...environment, DOORSTEP_BACKEND_DATA: first.folder }), filled);
  }

  /** CPU milliseconds a login. */
  async serve(logins: number): Promise<number> {
    const pid = this.#backend.process.pid ?? 0;
    const before = cpuSecondsOf(pid);
    let left = logins;
    let done = 0;
    const client = async (): Promise<void> => {
      const agent = new Agent({ keepAlive: true, maxSockets: 1 });
      while (left > 0) {
        left -= 1;
        await this.#login(agent);
        done += 1;
      }
      agent.destroy();
    };
    await Promise.all(Array.from({ length: CLIENTS }, client));
    return ((cpuSecondsOf(pid) - before) * 1_000) / done;
  }

  async #login(agent: Agent): Promise<void> {
    const person = this.#people[this.#next++ % this.#people.length];
    if (person === undefined) throw new Error('there are no people');
    const place = { host: '127.0.0.1', port: Number(new URL(this.#backend.base).port), agent };
    const headers = { cookie: `doorstep=${person.token}`, origin: this.#backend.origin };
    const page = await exchange({ ...place, method: 'GET', path: '/v1/session', headers });
    const step = await this.#stepFor(person);
    const body = { code: totp(seed, step * 30_000, form) };
    const answer = await exchange({ ...place, method: 'POST', path: '/v1/session/code', headers, body });
    if (page.status !== 200 || answer.status !== 200) throw new Error(`${page.status} ${answer.status} ${answer.text}`);
    person.token = /^doorstep=([^;]+)/.exec(answer.cookies[0] ?? '')?.[1] ?? person.token;
  }

  /** A step that this person has not used: now, or the next; else it is waited for. The one before could be over on the way. */
  async #stepFor(person: Filled): Promise<number> {
    for (;;) {
      const now = Math.floor(Date.now() / 30_000);
      const step = Math.max(now, (this.#used.get(person) ?? 0) + 1);
      if (step <= now + 1) {
        this.#used.set(person, step);
        return step;
      }
      await new Promise((resolve) => setTimeout(resolve, 250));
    }
  }

  close(): Promise<unknown> {
    return this.#backend.stop();
  }
}

const before = load();
const small = await Organization.found(SMALL);
const large = await Organization.found(LARGE);
const figures = { small: [] as number[], large: [] as number[] };
try {
  await small.serve(WARM);
  await large.serve(WARM);
  for (let round = 0; round < rounds; round += 1) {
    figures.large.push(await large.serve(LOGINS));
    figures.small.push(await small.serve(LOGINS));
  }
} finally {
  await small.close();
  await large.close();
}
const [many, more] = [LARGE.people.toLocaleString('en'), LARGE.sessions.toLocaleString('en')];
print({
  title: 'A login in an organization that has grown',
  note: `${rounds} alternated rounds of ${LOGINS.toLocaleString('en')} logins, median and quartiles; ${CLIENTS} clients, SQLite with every commit on the disk; the page's question and a TOTP code, without the hash of the password; before: ${before}; after: ${load()}`,
  rows: [
    {
      what: `CPU milliseconds a login with ${many} people and ${more} sessions; peer: ours with ${SMALL.people} people`,
      ours: spread(figures.large, 2),
      peer: spread(figures.small, 2),
      ratio: ratio(figures.large, figures.small),
    },
  ],
});
