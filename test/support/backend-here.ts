/** The backend inside the test's own process, with the test's clock and policy, on either store; real HTTP all the same. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Backend, createLogger, startBackend } from '../../src/backend/backend.ts';
import { readConfig } from '../../src/backend/config.ts';
import { issueServiceKey } from '../../src/backend/demo/organization.ts';
import type { Clock } from '../../src/backend/domain/clock.ts';
import type { Domain } from '../../src/backend/domain/domain.ts';
import type { PersonRecord } from '../../src/backend/domain/model.ts';
import { newPerson } from '../../src/backend/domain/people/add-person.ts';
import type { Policy } from '../../src/backend/domain/policy.ts';
import { Service } from './backend.ts';
import { freePort } from './free-port.ts';

/** A clock that stands still until it is moved. */
export class TestClock implements Clock {
  #now = Date.now();
  now(): number {
    return this.#now;
  }
  advance(milliseconds: number): void {
    this.#now += milliseconds;
  }
}

export interface BackendHere {
  readonly base: string;
  readonly origin: string;
  readonly domain: Domain;
  readonly clock: TestClock;
  addPerson(username: string, password: string): Promise<PersonRecord>;
  addService(name: string, returnAddresses?: readonly string[]): Promise<Service>;
  stop(): Promise<void>;
}

export interface HereOptions {
  readonly environment?: Readonly<Record<string, string>>;
  readonly policy?: Partial<Policy>;
}

export async function startBackendHere(options: HereOptions = {}): Promise<BackendHere> {
  const folder = mkdtempSync(join(tmpdir(), 'doorstep-backend-'));
  const port = await freePort();
  const outcome = readConfig(
    { DOORSTEP_BACKEND_DATA: folder, DOORSTEP_LISTEN: `127.0.0.1:${port}`, DOORSTEP_FIRST_ENROLLMENT: 'password', ...options.environment },
    folder,
  );
  if (!outcome.ok) throw new Error(JSON.stringify(outcome.faults));
  const clock = new TestClock();
  const backend: Backend = await startBackend({
    config: outcome.config,
    version: '0.0.0-test',
    logger: createLogger('silent'),
    clock,
    policy: { firstEnrollment: outcome.config.firstEnrollment, ...options.policy },
  });
  const { domain } = backend;
  const base = `http://127.0.0.1:${port}`;
  return {
    base,
    origin: backend.origin,
    domain,
    clock,
    addPerson: (username, password) => addPerson(domain, username, password),
    async addService(name, returnAddresses = []) {
      return new Service({ base }, await issueServiceKey(domain, name, returnAddresses));
    },
    async stop() {
      await backend.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

async function addPerson(domain: Domain, username: string, password: string): Promise<PersonRecord> {
  const person = newPerson({
    username,
    displayName: username,
    role: 'person',
    passwordHash: await domain.passwords.hash(password),
    now: domain.clock.now(),
  });
  await domain.store.transaction((tx) => tx.people.insert(person));
  return person;
}
