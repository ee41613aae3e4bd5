/** What every history happens in: the real domain over the real SQLite store, a clock that is moved by hand, and one service. */
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Clock } from '../../src/backend/domain/clock.ts';
import type { Domain } from '../../src/backend/domain/domain.ts';
import { newSecret } from '../../src/backend/domain/identifiers.ts';
import type { ServiceRecord } from '../../src/backend/domain/model.ts';
import type { PasswordHasher } from '../../src/backend/domain/people/password-hasher.ts';
import { defaultPolicy } from '../../src/backend/domain/policy.ts';
import { openSeeds } from '../../src/backend/seeds/open-seeds.ts';
import { openSqlite } from '../../src/backend/store/sqlite/open-sqlite.ts';
import { NO_TRUST } from '../../src/backend/webauthn/attestation.ts';
import { createRelyingParty } from '../../src/backend/webauthn/relying-party.ts';
import { serviceRecord } from '../support/records.ts';
import { type Fault, withFault } from './faults.ts';

export class ModelClock implements Clock {
  #now = Date.UTC(2026, 0, 1);
  now(): number {
    return this.#now;
  }
  advance(milliseconds: number): void {
    this.#now += milliseconds;
  }
}

export interface World {
  readonly domain: Domain;
  readonly clock: ModelClock;
  readonly service: ServiceRecord;
  close(): Promise<void>;
}

/** No password is ever typed here: whoever asks for one has gone astray. */
const NO_PASSWORDS: PasswordHasher = {
  hash: () => Promise.reject(new Error('no password is hashed here')),
  verify: () => Promise.reject(new Error('no password is verified here')),
  isOutdated: () => false,
  digest: () => Promise.reject(new Error('nothing is digested here')),
};

/** Wrong codes in a row that stop a source of codes, and how far a resynchronization reaches: small, for short histories. */
export const MOST_WRONG_CODES = 5;
export const FARTHEST_COUNTER = 60;
const ENROLLMENT_LIFE = 45_000;

const ORIGIN = 'http://localhost:7410';
/** In memory where the system has such a folder: nothing here depends on the disk. */
const MEMORY = '/dev/shm';

/** `fault`: what was broken on purpose, to see that a history finds it. */
export async function openWorld(fault: Fault | null = null): Promise<World> {
  const folder = mkdtempSync(join(existsSync(MEMORY) ? MEMORY : tmpdir(), 'doorstep-model-'));
  const store = await openSqlite(folder);
  const clock = new ModelClock();
  const seeds = await openSeeds(join(folder, 'seed-keys'), store, clock.now());
  const unlimited = { free: 1e9, firstWait: 0, longestWait: 0, lockAfter: null, forgetEvery: null };
  const service = serviceRecord({ name: 'Library', key: newSecret(), at: clock.now() });
  await store.transaction((tx) => tx.services.insert(service));
  const domain: Domain = {
    store: fault === null ? store : withFault(store, fault),
    clock,
    policy: {
      ...defaultPolicy,
      // So short that a history gets there, and no other limit hides it.
      limits: {
        ...defaultPolicy.limits,
        secondStepPerPersonAndSource: unlimited,
        codePerPersonAndPlace: unlimited,
        codePerSource: unlimited,
        codePerAuthenticator: { ...unlimited, lockAfter: MOST_WRONG_CODES },
      },
      codes: {
        ...defaultPolicy.codes,
        enrollmentLife: ENROLLMENT_LIFE,
        windows: { ...defaultPolicy.codes.windows, resyncCounters: FARTHEST_COUNTER },
      },
    },
    organization: { name: 'Model', origin: ORIGIN, rpId: 'localhost' },
    seeds,
    passwords: NO_PASSWORDS,
    webauthn: createRelyingParty({ origin: ORIGIN, rpId: 'localhost', trust: NO_TRUST }),
  };
  return {
    domain,
    clock,
    service,
    async close() {
      await store.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
