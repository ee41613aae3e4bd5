/**
 * The durable second step over HTTP: a TOTP code, every protection on, every commit on the disk, head to head with glewlwyd
 * on the same disk in the same run; and once more on a disk as slow as the one that the goals were set on. The first step is
 * taken beforehand on both sides: it is not what is measured. Doorstep has more people than the peer, because it would run
 * out of codes that nobody has used.
 */
import { generateKeyPairSync, randomBytes, sign, verify } from 'node:crypto';
import { Agent } from 'node:http';
import { join } from 'node:path';
import { openSeeds } from '../src/backend/seeds/open-seeds.ts';
import { openSqlite } from '../src/backend/store/sqlite/open-sqlite.ts';
import { encodeBase32 } from '../src/oath/base32.ts';
import { totp } from '../src/oath/totp.ts';
import { type BackendProcess, startBackendProcess } from '../test/support/backend.ts';
import { cpuSecondsOf, timesACpuSecond } from './measure/cpu.ts';
import { exchange } from './measure/exchange.ts';
import { type Filled, fillPeople } from './measure/fill.ts';
import { asIs, diskLoop, goalsDiskNote, onGoalsDisk, type Start } from './measure/goals-disk.ts';
import { type Glewlwyd, startGlewlwyd } from './peers/glewlwyd.ts';
import { load, print, quartiles, type Row, ratio, spread } from './table.ts';

const rounds = Number(process.env['ROUNDS'] ?? 5);
const SECONDS = Number(process.env['SECONDS'] ?? 2);
/** So that V8 has compiled what it will: a server runs longer than a bench. */
const WARM_SECONDS = 8;
const CLIENTS = 16;
const PEOPLE = Number(process.env['PEOPLE'] ?? 50_000);
const PEER_PEOPLE = 600;
const PEER_STEPS = Number(process.env['PEER_STEPS'] ?? 5);

/** The goal, CPU milliseconds a step, and the cores it was set on: so many raw P-256 verifications a CPU second. */
const GOAL = { cpu: 0.3, verifications: 17_100 } as const;

const seed = randomBytes(20);
const form = { algorithm: 'SHA1', digits: 6, period: 30 } as const;
const codeNow = (): string => totp(seed, Date.now(), form);

const pair = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const message = randomBytes(69);
const signature = sign('sha256', message, pair.privateKey);
const verifications = (): Promise<number> =>
  timesACpuSecond(0.5, () => {
    if (!verify('sha256', message, pair.publicKey, signature)) throw new Error('the raw check did not verify');
  });

interface Phase {
  readonly perSecond: number;
  /** Of the server, milliseconds a step. */
  readonly cpu: number;
  readonly p50: number;
  readonly p99: number;
}

async function measure(pid: number, work: (milliseconds: number[]) => Promise<unknown>): Promise<Phase> {
  const milliseconds: number[] = [];
  const [begin, cpu] = [performance.now(), cpuSecondsOf(pid)];
  await work(milliseconds);
  const [seconds, used] = [(performance.now() - begin) / 1_000, cpuSecondsOf(pid) - cpu];
  const sorted = milliseconds.sort((a, b) => a - b);
  return {
    perSecond: sorted.length / seconds,
    cpu: (used * 1_000) / sorted.length,
    p50: sorted[Math.floor(sorted.length * 0.5)] ?? Number.NaN,
    p99: sorted[Math.floor(sorted.length * 0.99)] ?? Number.NaN,
  };
}

/** Doorstep's people, each of whom is asked again only after all the others. */
class Ours {
  readonly #backend: BackendProcess;
  readonly #people: readonly Filled[];
  readonly #place: { host: string; port: number };
  #next = 0;

  constructor(backend: BackendProcess, people: readonly Filled[]) {
    this.#backend = backend;
    this.#people = people;
    this.#place = { host: '127.0.0.1', port: Number(new URL(backend.base).port) };
  }

  async #step(agent: Agent, person: Filled, code: string): Promise<{ status: number; text: string }> {
    const answer = await exchange({
      ...this.#place,
      agent,
      method: 'POST',
      path: '/v1/session/code',
      headers: { cookie: `doorstep=${person.token}`, origin: this.#backend.origin },
      body: { code },
    });
    person.token = /^doorstep=([^;]+)/.exec(answer.cookies[0] ?? '')?.[1] ?? person.token;
    return answer;
  }

  run(clients: number, seconds: number): Promise<Phase> {
    return measure(this.#backend.process.pid ?? 0, async (milliseconds) => {
      const end = performance.now() + seconds * 1_000;
      const one = async (): Promise<void> => {
        const agent = new Agent({ keepAlive: true, maxSockets: 1 });
        while (performance.now() < end) {
          const person = this.#take();
          const begin = performance.now();
          const { status, text } = await this.#step(agent, person, codeNow());
          milliseconds.push(performance.now() - begin);
          if (status !== 200) throw new Error(`a right code was answered with ${status} ${text}`);
        }
        agent.destroy();
      };
      await Promise.all(Array.from({ length: clients }, one));
    });
  }

  #take(): Filled {
    const person = this.#people[this.#next % this.#people.length];
    this.#next += 1;
    if (person === undefined) throw new Error('there are no people');
    return person;
  }

  /** A wrong code is refused, a right one is good, the same again is not, and the session says so. */
  async prove(): Promise<void> {
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    const [person, code] = [this.#take(), codeNow()];
    const wrong = await this.#step(agent, person, code === '000000' ? '000001' : '000000');
    const right = await this.#step(agent, person, code);
    const again = await this.#step(agent, person, code);
    agent.destroy();
    const { state } = JSON.parse(right.text) as { state: string };
    if (wrong.status === 200 || right.status !== 200 || again.status === 200 || state !== 'full') {
      throw new Error(`Doorstep proved nothing: ${wrong.status} ${right.status} ${again.status} ${state}`);
    }
  }
}

class Theirs {
  readonly #peer: Glewlwyd;
  #next = 0;

  constructor(peer: Glewlwyd) {
    this.#peer = peer;
  }

  /** So many steps for each client, on sessions that have shown the password. */
  async run(clients: number, each: number): Promise<Phase> {
    const agents = Array.from({ length: clients }, () => new Agent({ keepAlive: true, maxSockets: 1 }));
    const queues = await Promise.all(
      agents.map(async (agent) => {
        const queue: { index: number; cookie: string }[] = [];
        for (let step = 0; step < each; step += 1) {
          const index = this.#take();
          queue.push({ index, cookie: await this.#peer.password(agent, index) });
        }
        return queue;
      }),
    );
    await untilSecondsLeft(18);
    const phase = await measure(this.#peer.pid, (milliseconds) =>
      Promise.all(
        agents.map(async (agent, client) => {
          for (const { index, cookie } of queues[client] ?? []) {
            const begin = performance.now();
            const status = await this.#peer.code(agent, index, cookie, codeNow());
            milliseconds.push(performance.now() - begin);
            if (status !== 200) throw new Error(`glewlwyd answered a right code with ${status}`);
          }
        }),
      ),
    );
    for (const agent of agents) agent.destroy();
    return phase;
  }

  #take(): number {
    this.#next += 1;
    return this.#next % this.#peer.people;
  }

  async prove(): Promise<void> {
    await untilSecondsLeft(3);
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    const [index, code] = [this.#take(), codeNow()];
    const cookie = await this.#peer.password(agent, index);
    const wrong = await this.#peer.code(agent, index, cookie, code === '000000' ? '000001' : '000000');
    const right = await this.#peer.code(agent, index, cookie, code);
    const again = await this.#peer.code(agent, index, cookie, code);
    const shown = await this.#peer.shown(agent, cookie);
    agent.destroy();
    if (wrong !== 401 || right !== 200 || again !== 401 || !shown.password || !shown.otp) {
      throw new Error(`glewlwyd proved nothing: ${wrong} ${right} ${again} ${JSON.stringify(shown)}`);
    }
  }
}

/** The peer takes a code in its own step alone. */
async function untilSecondsLeft(seconds: number): Promise<void> {
  const left = 30 - ((Date.now() / 1_000) % 30);
  if (left < seconds) await new Promise((resolve) => setTimeout(resolve, left * 1_000 + 100));
}

interface Figures {
  readonly ours: Phase[];
  /** With one client. */
  readonly alone: Phase[];
  readonly theirs: Phase[];
  /** Raw P-256 verifications a CPU second, after each phase with all clients. */
  readonly verified: number[];
  /** Milliseconds of a write with its fdatasync. */
  readonly disk: number[];
}

/** Both sides, on one kind of disk. */
class Contest {
  readonly figures: Figures = { ours: [], alone: [], theirs: [], verified: [], disk: [] };
  readonly #start: Start;
  readonly #backend: BackendProcess;
  readonly #peer: Glewlwyd;
  readonly #ours: Ours;
  readonly #theirs: Theirs;

  private constructor(start: Start, { backend, people, peer }: { backend: BackendProcess; people: readonly Filled[]; peer: Glewlwyd }) {
    this.#start = start;
    this.#backend = backend;
    this.#peer = peer;
    this.#ours = new Ours(backend, people);
    this.#theirs = new Theirs(peer);
  }

  static async begin(start: Start, count: number): Promise<Contest> {
    const backend = await startBackendProcess({ DOORSTEP_DEMO: '0', DOORSTEP_LOG_LEVEL: 'warn' }, start);
    try {
      const peer = await startGlewlwyd({ people: PEER_PEOPLE, secret: encodeBase32(seed), iterations: 1, start });
      const store = await openSqlite(backend.folder);
      const seeds = await openSeeds(join(backend.folder, 'seed-keys'), store, Date.now());
      const people = await fillPeople(store, seeds, { first: 0, count, seed, passwordHash: null });
      await store.close();
      return new Contest(start, { backend, people, peer });
    } catch (error) {
      await backend.stop();
      throw error;
    }
  }

  async warmUp(): Promise<void> {
    await this.#ours.run(CLIENTS, WARM_SECONDS);
    await this.#theirs.run(CLIENTS, 1);
  }

  async round(): Promise<void> {
    const { ours, alone, theirs, verified, disk } = this.figures;
    ours.push(await this.#ours.run(CLIENTS, SECONDS));
    verified.push(await verifications());
    await this.#ours.prove();
    theirs.push(await this.#theirs.run(CLIENTS, PEER_STEPS));
    await this.#theirs.prove();
    const first = diskLoop(this.#start, this.#backend.folder, 0.5);
    alone.push(await this.#ours.run(1, 1));
    disk.push(quartiles([...first, ...diskLoop(this.#start, this.#backend.folder, 0.5)]).median);
  }

  async end(): Promise<void> {
    await this.#peer.stop();
    await this.#backend.stop();
  }
}

const before = load();
const contests: Contest[] = [];
try {
  const here = await Contest.begin(asIs, PEOPLE);
  contests.push(here);
  const goals = await Contest.begin(onGoalsDisk, PEOPLE);
  contests.push(goals);
  for (const contest of contests) await contest.warmUp();
  for (let round = 0; round < rounds; round += 1) for (const contest of contests) await contest.round();
  report(before, here.figures, goals.figures);
} finally {
  for (const contest of contests) await contest.end();
}

function report(before: string, here: Figures, goals: Figures): void {
  const of = (phases: readonly Phase[], member: keyof Phase): number[] => phases.map((phase) => phase[member]);
  const compare = ({ ours, theirs }: Figures, what: string, member: keyof Phase, digits: number): Row => ({
    what,
    ours: spread(of(ours, member), digits),
    peer: spread(of(theirs, member), digits),
    ratio: ratio(of(ours, member), of(theirs, member)),
  });
  const withDisk = ({ alone, disk }: Figures, what: string): Row => {
    const goal = disk.map((one) => 1.3 * one + 1);
    return { what, ours: spread(of(alone, 'p50'), 2), peer: spread(goal, 2), ratio: ratio(of(alone, 'p50'), goal) };
  };
  const inVerifications = ({ ours, verified }: Figures, what: string): Row => {
    const steps = ours.map(({ cpu }, round) => (cpu / 1_000) * (verified[round] ?? Number.NaN));
    const goal = ours.map(() => (GOAL.cpu / 1_000) * GOAL.verifications);
    return { what, ours: spread(steps, 2), peer: spread(goal, 2), ratio: ratio(steps, goal) };
  };
  const perSecond = ({ disk }: Figures): string => spread(disk.map((one) => 1_000 / one));
  print({
    title: 'The durable second step: a TOTP code over HTTP',
    note: `${rounds} interleaved rounds, median and quartiles; ${CLIENTS} clients on the same cores, ${PEOPLE.toLocaleString('en')} people at Doorstep, who have all come before, and ${PEER_PEOPLE} at glewlwyd 2.7.5 (Debian's, SQLite, its hash set to one iteration), one secret, the password shown beforehand; both with every commit on the disk, which does ${perSecond(here)} writes with fdatasync a second; ${goalsDiskNote(perSecond(goals))}; before: ${before}; after: ${load()}`,
    rows: [
      compare(here, 'second steps a second, 16 clients; peer: glewlwyd', 'perSecond', 0),
      compare(here, 'CPU milliseconds of the server a step; peer: glewlwyd', 'cpu', 2),
      inVerifications(
        here,
        `CPU of the server a step, in raw P-256 verifications on the same cores; peer: the goal, ${GOAL.cpu.toFixed(2)} ms on cores that verify ${GOAL.verifications.toLocaleString('en')} a CPU second`,
      ),
      compare(here, 'milliseconds a step, p50, 16 clients; peer: glewlwyd', 'p50', 1),
      compare(here, 'milliseconds a step, p99, 16 clients; peer: glewlwyd', 'p99', 1),
      withDisk(here, 'milliseconds a step, p50, one client alone; peer: 1.3 times write and fdatasync, and 1 ms'),
      compare(goals, 'goals’ disk: second steps a second, 16 clients; peer: glewlwyd', 'perSecond', 0),
      compare(goals, 'goals’ disk: CPU milliseconds of the server a step; peer: glewlwyd', 'cpu', 2),
      compare(goals, 'goals’ disk: milliseconds a step, p50, 16 clients; peer: glewlwyd', 'p50', 1),
      compare(goals, 'goals’ disk: milliseconds a step, p99, 16 clients; peer: glewlwyd', 'p99', 1),
      withDisk(goals, 'goals’ disk: milliseconds a step, p50, one client alone; peer: 1.3 times write and fdatasync, and 1 ms'),
    ],
  });
}
