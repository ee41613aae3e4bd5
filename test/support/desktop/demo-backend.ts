/** The real backend with its demonstration organization, as `npm start` runs it, on free ports and a folder of its own. */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { freePort } from '../free-port.ts';
import { PROJECT } from './doorstep.ts';

/** The line that the backend prints when it is ready. */
interface Ready {
  readonly origin: string;
  readonly demo: {
    readonly service: string;
    readonly people: readonly { readonly username: string; readonly displayName: string; readonly password: string }[];
    readonly pairingCode: string;
  };
}

export interface DemoBackend extends Ready {
  /** The port that it listens on. */
  readonly listen: number;
  /** A fresh pairing code is made at each start: stops the backend and starts it again with the same data and ports. */
  restart(): Promise<DemoBackend>;
  /** Stops it without forgetting its data. */
  pause(): Promise<void>;
  stop(): Promise<void>;
}

interface Place {
  readonly folder: string;
  /** Of its origin. */
  readonly port: number;
  /** That it listens on. */
  readonly listen: number;
  readonly demoPort: number;
}

/** `origin`: the port under which it is known, where something of the test's own stands before it. */
export async function startDemoBackend({ origin }: { readonly origin?: number } = {}): Promise<DemoBackend> {
  const listen = await freePort();
  const folder = mkdtempSync(join(tmpdir(), 'doorstep-backend-'));
  return start({ folder, port: origin ?? listen, listen, demoPort: await freePort() });
}

/** `people`: with the passwords that are told at the first start alone. */
async function start(place: Place, people?: Ready['demo']['people']): Promise<DemoBackend> {
  const origin = `http://localhost:${place.port}`;
  const child = spawn(process.execPath, [join(PROJECT, 'src/backend/start.ts')], {
    env: {
      PATH: process.env['PATH'] ?? '',
      DOORSTEP_BACKEND_DATA: place.folder,
      DOORSTEP_LISTEN: `127.0.0.1:${place.listen}`,
      DOORSTEP_ORIGIN: origin,
      DOORSTEP_FIRST_ENROLLMENT: 'password',
      DOORSTEP_DEMO: '1',
      DOORSTEP_DEMO_LISTEN: `127.0.0.1:${place.demoPort}`,
      DOORSTEP_LOG_LEVEL: 'warn',
    },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const ready = await readiness(child);
  const known = people ?? ready.demo.people;
  return {
    ...ready,
    listen: place.listen,
    demo: { ...ready.demo, people: known },
    pause: () => end(child),
    async restart() {
      await end(child);
      return start(place, known);
    },
    async stop() {
      await end(child);
      rmSync(place.folder, { recursive: true, force: true });
    },
  };
}

function readiness(child: ChildProcess): Promise<Ready> {
  return new Promise((resolve, reject) => {
    child.once('exit', (code) => reject(new Error(`the backend ended with ${code} before it was ready`)));
    if (child.stdout === null) throw new TypeError('the backend has a standard output');
    createInterface({ input: child.stdout }).once('line', (line) => resolve(JSON.parse(line) as Ready));
  });
}

function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return Promise.resolve();
  const gone = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  child.kill('SIGTERM');
  return gone;
}

/** What the demonstration's VPN does: asks the backend whether it is the person, and gives the address that shows the outcome. */
export async function connectVpn(backend: DemoBackend): Promise<{ outcome(): Promise<string> }> {
  const asked = await fetch(`${backend.demo.service}/vpn`, { method: 'POST', redirect: 'manual' });
  const location = asked.headers.get('location');
  if (asked.status !== 303 || location === null) throw new Error(`the VPN answered ${asked.status}: ${await asked.text()}`);
  return {
    async outcome() {
      const answer = (await (await fetch(new URL(`${location}/state`, backend.demo.service))).json()) as { state: string };
      return answer.state;
    },
  };
}
