/**
 * Approvals by simulated desktops that answer at once: from the page's request to the page's knowledge that it was approved,
 * over real HTTP, event stream and long poll, both decisions durable. And what desktops cost that only wait.
 */
import { readFileSync } from 'node:fs';
import { Agent } from 'node:http';
import { newAuthenticator } from '../src/backend/domain/authenticators/new-authenticator.ts';
import { newSecret } from '../src/backend/domain/identifiers.ts';
import { newPerson } from '../src/backend/domain/people/add-person.ts';
import { openSqlite } from '../src/backend/store/sqlite/open-sqlite.ts';
import type { ApprovalRequest } from '../src/contract/http/approvals.ts';
import type { DeviceSnapshot } from '../src/contract/http/shapes.ts';
import { type BackendProcess, startBackendProcess } from '../test/support/backend.ts';
import { sessionRecord } from '../test/support/records.ts';
import { cpuSeconds, cpuSecondsOf } from './measure/cpu.ts';
import { fdatasyncs } from './measure/disk.ts';
import { exchange } from './measure/exchange.ts';
import { newDeviceKey, type Place, SigningDesktop } from './measure/signing-desktop.ts';
import { load, print, quartiles, ratio, spread } from './table.ts';

const rounds = Number(process.env['ROUNDS'] ?? 5);
const SECONDS = Number(process.env['SECONDS'] ?? 2);
const IDLE = Number(process.env['IDLE'] ?? 10_000);
const WATCH = Number(process.env['WATCH'] ?? 45);
/** They take turns: nobody approves hundreds of times in five minutes, of which their desktop then shows what has ended. */
const OWNERS = 200;
/** So that V8 has compiled what it will. */
const WARM = Number(process.env['WARM'] ?? 1_000);

const key = newDeviceKey();

interface Owner {
  readonly personId: string;
  readonly deviceId: string;
  token: string;
}

async function populate(backend: BackendProcess, count: number): Promise<Owner[]> {
  const store = await openSqlite(backend.folder);
  const owners: Owner[] = [];
  for (let from = 0; from < count; from += 500) {
    await store.transaction(async (tx) => {
      for (let index = from; index < Math.min(from + 500, count); index += 1) {
        const now = Date.now();
        const person = newPerson({ username: `owner${index}`, displayName: 'Owner', role: 'person', passwordHash: null, now });
        const given = { personId: person.id, kind: 'desktop', name: 'Computer', addedAt: now, addedFrom: 'bench' } as const;
        const device = newAuthenticator(given, { deviceKey: key.point, platform: 'linux', preferred: true });
        const token = newSecret();
        await tx.people.insert(person);
        await tx.authenticators.insert(device);
        await tx.sessions.insert(sessionRecord({ personId: person.id, token, at: now }));
        owners.push({ personId: person.id, deviceId: device.id, token });
      }
    });
  }
  await store.close();
  return owners;
}

/** The page of one person, and their desktop. */
class Pair {
  readonly #place: Place;
  readonly #owner: Owner;
  readonly #desktop: SigningDesktop;
  readonly #agent = new Agent({ keepAlive: true, maxSockets: 2 });
  #onWaiting: (id: string) => void = () => undefined;

  constructor(place: Place, owner: Owner) {
    this.#place = place;
    this.#owner = owner;
    this.#desktop = new SigningDesktop(place, key, owner);
  }

  async open(): Promise<void> {
    await this.#desktop.listen((snapshot: DeviceSnapshot) => {
      for (const { id } of snapshot.challenges) this.#onWaiting(id);
    });
  }

  async #page(method: string, path: string, body?: unknown) {
    const headers = { cookie: `doorstep=${this.#owner.token}`, origin: this.#place.origin };
    const answer = await exchange({ ...this.#place, agent: this.#agent, method, path, headers, ...(body === undefined ? {} : { body }) });
    if (answer.status >= 300) throw new Error(`${method} ${path}: ${answer.status} ${answer.text}`);
    this.#owner.token = /^doorstep=([^;]+)/.exec(answer.cookies[0] ?? '')?.[1] ?? this.#owner.token;
    return answer;
  }

  /** Milliseconds from the page's request until the page knows; what follows is not measured. */
  async approveOnce(): Promise<number> {
    const seen = new Promise<string>((resolve) => {
      this.#onWaiting = resolve;
    });
    const begin = performance.now();
    const asked = JSON.parse((await this.#page('POST', '/v1/session/approval', {})).text) as ApprovalRequest;
    const waiting = this.#page('GET', `/v1/session/approval/${asked.id}?wait=30`).then(({ text }) => ({ text, at: performance.now() }));
    // The person has read the number off the page; the desktop has it from the stream which request it is.
    const id = await seen;
    if (id !== asked.id) throw new Error('the desktop was told of another request');
    await this.#desktop.approve(asked, asked.number);
    const { text, at } = await waiting;
    const { state } = JSON.parse(text) as { state: string };
    if (state !== 'approved') throw new Error(`the request is ${state}`);
    this.#onWaiting = () => undefined;
    await this.#page('POST', `/v1/session/approval/${asked.id}`);
    return at - begin;
  }

  leave(): void {
    this.#desktop.leave();
    this.#agent.destroy();
  }
}

/** Resident memory of a process, KiB. */
function residentOf(pid: number): number {
  return Number(/^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]);
}

const sleep = (seconds: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, seconds * 1_000));
const before = load();
const backend = await startBackendProcess({ DOORSTEP_DEMO: '0', DOORSTEP_LOG_LEVEL: 'warn' });
const pid = backend.process.pid ?? 0;
const place: Place = { host: '127.0.0.1', port: Number(new URL(backend.base).port), origin: backend.origin };
const figures = { p50: [] as number[], p99: [] as number[], goal: [] as number[], backend: [] as number[], others: [] as number[] };
let idleKib = Number.NaN;
let idleCpu = Number.NaN;
try {
  const owners = await populate(backend, OWNERS + IDLE);
  const pairs = owners.splice(0, OWNERS).map((owner) => new Pair(place, owner));
  for (const pair of pairs) await pair.open();
  let turn = 0;
  const approveOnce = (): Promise<number> => {
    const pair = pairs[turn++ % pairs.length];
    if (pair === undefined) throw new Error('there are no people');
    return pair.approveOnce();
  };
  for (let warm = 0; warm < WARM; warm += 1) await approveOnce();
  for (let round = 0; round < rounds; round += 1) {
    const syncs = fdatasyncs(backend.folder, 0.3);
    const times: number[] = [];
    const [backendCpu, othersCpu] = [cpuSecondsOf(pid), cpuSeconds()];
    const end = performance.now() + SECONDS * 1_000;
    while (performance.now() < end) times.push(await approveOnce());
    figures.backend.push(((cpuSecondsOf(pid) - backendCpu) * 1_000) / times.length);
    figures.others.push(((cpuSeconds() - othersCpu) * 1_000) / times.length);
    syncs.push(...fdatasyncs(backend.folder, 0.3));
    times.sort((a, b) => a - b);
    figures.p50.push(times[Math.floor(times.length * 0.5)] ?? Number.NaN);
    figures.p99.push(times[Math.floor(times.length * 0.99)] ?? Number.NaN);
    figures.goal.push(2 * quartiles(syncs).median + 3);
  }

  const alone = residentOf(pid);
  const desktops = owners.map((one) => new SigningDesktop(place, key, one));
  for (let from = 0; from < desktops.length; from += 50) {
    await Promise.all(desktops.slice(from, from + 50).map((desktop) => desktop.listen(() => undefined)));
  }
  await sleep(25);
  idleKib = (residentOf(pid) - alone) / IDLE;
  const cpu = cpuSecondsOf(pid);
  await sleep(WATCH);
  idleCpu = ((cpuSecondsOf(pid) - cpu) / WATCH) * 100;
  for (const one of [...desktops, ...pairs]) one.leave();
} finally {
  await backend.stop();
}
print({
  title: 'Approvals from paired desktops',
  note: `${rounds} rounds of ${SECONDS} s, median and quartiles, each between two looks at the disk; simulated desktops, which answer at once and sign with real keys; the backend started as README.md says; SQLite with every commit on the disk; before: ${before}; after: ${load()}`,
  rows: [
    {
      what: "milliseconds from the page's request to the approval on the page, p50; peer: two write and fdatasync, and 3 ms",
      ours: spread(figures.p50, 1),
      peer: spread(figures.goal, 1),
      ratio: ratio(figures.p50, figures.goal),
    },
    {
      what: 'the same, p99; peer: four times that',
      ours: spread(figures.p99, 1),
      peer: spread(
        figures.goal.map((one) => 4 * one),
        1,
      ),
      ratio: ratio(
        figures.p99,
        figures.goal.map((one) => 4 * one),
      ),
    },
    {
      what: 'CPU milliseconds of the backend an approval, with its redemption; beside it those of the simulated page and desktop, on the same cores',
      ours: spread(figures.backend, 2),
      peer: spread(figures.others, 2),
      ratio: ratio(figures.backend, figures.others),
    },
    {
      what: `memory of the backend for each of ${IDLE.toLocaleString('en')} desktops that only wait, KiB; peer: the goal`,
      ours: idleKib.toFixed(1),
      peer: '15',
      ratio: (idleKib / 15).toFixed(2),
    },
    {
      what: `CPU of the backend while ${IDLE.toLocaleString('en')} desktops wait, percent of one core; peer: none`,
      ours: idleCpu.toFixed(1),
      peer: '0',
      ratio: '',
    },
  ],
});
process.exit(0);
