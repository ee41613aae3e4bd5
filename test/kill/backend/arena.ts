/** A backend that is killed (SIGKILL) and started again on the same data, and the people who use it. */
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type AuditRow, auditHash, CHAIN_START } from '../../../src/backend/domain/audit.ts';
import { newAuthenticator } from '../../../src/backend/domain/authenticators/new-authenticator.ts';
import { newId, newSecret } from '../../../src/backend/domain/identifiers.ts';
import { newPerson } from '../../../src/backend/domain/people/add-person.ts';
import type { Store } from '../../../src/backend/domain/stores.ts';
import { openSeeds } from '../../../src/backend/seeds/open-seeds.ts';
import { openPostgres } from '../../../src/backend/store/postgres/open-postgres.ts';
import { openSqlite } from '../../../src/backend/store/sqlite/open-sqlite.ts';
import { type BackendProcess, Browser, Desktop, pathOf, startBackendProcess } from '../../support/backend.ts';
import type { Dialect } from '../../support/each-store.ts';
import { freePort } from '../../support/free-port.ts';
import { startPostgres, type TestPostgres } from '../../support/postgres.ts';
import { codeRecord, sessionRecord } from '../../support/records.ts';

/** Somebody with everything that a scenario may need: a key, a desktop, an HOTP token, a browser. */
export interface Visitor {
  readonly personId: string;
  readonly browser: Browser;
  readonly desktop: Desktop;
  readonly keyId: string;
  readonly hotp: { readonly id: string; readonly seed: Uint8Array };
}

/** As if through a proxy from an address of one's own: nobody waits for the wrong codes of another. */
export function fromSomewhere(): { readonly 'x-forwarded-for': string } {
  return { 'x-forwarded-for': ['10', ...randomBytes(3)].join('.') };
}

export class Arena {
  readonly #folder = mkdtempSync(join(tmpdir(), 'doorstep-kill-'));
  readonly #port: number;
  readonly #postgres: OpenPostgres | null;
  #backend: BackendProcess | null = null;
  #checkedRows = 0;
  #head = CHAIN_START;
  /**
   * What each start took up to its first answer: milliseconds, and CPU seconds (proc(5)), which other work on the machine
   * does not stretch.
   */
  readonly starts: { readonly wall: number; readonly cpu: number }[] = [];

  private constructor(port: number, postgres: OpenPostgres | null) {
    this.#port = port;
    this.#postgres = postgres;
  }

  static async open(dialect: Dialect): Promise<Arena> {
    const arena = new Arena(await freePort(), dialect === 'postgres' ? await openOnPostgres() : null);
    await arena.start();
    // Node writes its compile cache when it ends by itself: the starts after the kills are then as quick as they can be.
    await arena.backend.stop({ keep: true });
    await arena.start();
    return arena;
  }

  get backend(): BackendProcess {
    if (this.#backend === null) throw new Error('the backend does not run');
    return this.#backend;
  }

  async start(): Promise<void> {
    const begin = performance.now();
    this.#backend = await startBackendProcess({
      DOORSTEP_BACKEND_DATA: this.#folder,
      DOORSTEP_LISTEN: `127.0.0.1:${this.#port}`,
      DOORSTEP_DEMO: '0',
      NODE_COMPILE_CACHE: join(this.#folder, 'compiled'),
      DOORSTEP_LOG_LEVEL: 'error',
      DOORSTEP_TRUSTED_PROXIES: '127.0.0.1',
      ...(this.#postgres === null
        ? {}
        : { DOORSTEP_DATABASE_URL: this.#postgres.address, DOORSTEP_SEED_KEYS: join(this.#folder, 'seed-keys') }),
    });
    const { ok } = await fetch(`${this.backend.base}${pathOf('health')}`);
    if (!ok) throw new Error('the backend is not well after its start');
    const fields = readFileSync(`/proc/${this.#backend.process.pid}/stat`, 'utf8').split(') ').at(-1)?.split(' ') ?? [];
    this.starts.push({ wall: performance.now() - begin, cpu: (Number(fields[11]) + Number(fields[12])) / 100 });
  }

  /** Kills it at once, as a power cut does, and waits until it is gone. */
  async kill(): Promise<void> {
    const { process: child, stop } = this.backend;
    const gone = once(child, 'exit');
    child.kill('SIGKILL');
    await gone;
    await stop({ keep: true });
    this.#backend = null;
  }

  /** Looks into the store past the backend; nobody but the backend has SQLite's open while that is killed. */
  async withStore<T>(work: (store: Store) => Promise<T>): Promise<T> {
    if (this.#postgres !== null) return work(this.#postgres.store);
    const store = await openSqlite(this.#folder);
    try {
      return await work(store);
    } finally {
      await store.close();
    }
  }

  /** Puts new people into the store. `state` is that of their browser's session. */
  visitors(count: number, state: 'password' | 'full'): Promise<Visitor[]> {
    return this.withStore(async (store) => {
      const seeds = await openSeeds(join(this.#folder, 'seed-keys'), store, Date.now());
      return store.transaction(async (tx) => {
        const visitors: Visitor[] = [];
        for (let index = 0; index < count; index += 1) {
          const now = Date.now();
          const person = newPerson({ username: newId(), displayName: 'Visitor', role: 'person', passwordHash: null, now });
          await tx.people.insert(person);
          const given = { personId: person.id, addedAt: now, addedFrom: 'test' };
          const key = newAuthenticator(
            { ...given, kind: 'security-key', name: 'Key' },
            { credentialId: newId(), publicKey: 'x', attestation: 'none' },
          );
          const desktop = new Desktop(this.backend);
          const { x, y } = desktop.publicJwk;
          const paired = newAuthenticator({ ...given, kind: 'desktop', name: 'Computer' }, { deviceKey: { x, y }, platform: 'linux' });
          const form = { algorithm: 'SHA1', digits: 6, period: null } as const;
          const token = newAuthenticator({ ...given, kind: 'hotp', name: 'Token' }, { codeForm: form });
          for (const one of [key, paired, token]) await tx.authenticators.insert(one);
          const seed = randomBytes(20);
          await tx.codes.insert(codeRecord(token, seeds.seal(seed, token.id)));
          Object.assign(desktop, { deviceId: paired.id, personId: person.id });
          const browser = new Browser(this.backend);
          const secret = newSecret();
          const shown = state === 'full' ? { state, secondStepAt: now, authenticatorId: key.id } : {};
          await tx.sessions.insert(sessionRecord({ personId: person.id, token: secret, at: now }, shown));
          browser.cookies.set('doorstep', secret);
          visitors.push({ personId: person.id, browser, desktop, keyId: key.id, hotp: { id: token.id, seed } });
        }
        return visitors;
      });
    });
  }

  /** A browser that has shown the password of this person just now. */
  signIn({ personId }: Visitor): Promise<Browser> {
    return this.withStore(async (store) => {
      const browser = new Browser(this.backend);
      const secret = newSecret();
      await store.transaction((tx) => tx.sessions.insert(sessionRecord({ personId, token: secret, at: Date.now() })));
      browser.cookies.set('doorstep', secret);
      return browser;
    });
  }

  /** The new rows of the trail, each bound to the one before. Throws where one is not. */
  newRows(): Promise<AuditRow[]> {
    return this.withStore(async (store) => {
      const rows: AuditRow[] = [];
      for (;;) {
        const more = await store.read.audit.list(this.#checkedRows + 1, 1_000);
        for (const row of more) {
          if (row.sequence !== this.#checkedRows + 1 || row.previousHash !== this.#head || row.hash !== auditHash(row)) {
            throw new Error(`row ${this.#checkedRows + 1} of the trail does not hold`);
          }
          this.#checkedRows += 1;
          this.#head = row.hash;
        }
        rows.push(...more);
        if (more.length < 1_000) return rows;
      }
    });
  }

  async close(): Promise<void> {
    await this.#backend?.stop({ keep: true });
    await this.#postgres?.close();
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

interface OpenPostgres {
  readonly address: string;
  readonly store: Store;
  close(): Promise<void>;
}

/** PostgreSQL lives on while the backend is killed. */
async function openOnPostgres(): Promise<OpenPostgres> {
  const server: TestPostgres = await startPostgres();
  const address = await server.createDatabase();
  const store = await openPostgres(address, () => undefined);
  return {
    address,
    store,
    async close() {
      await store.close();
      await server.stop();
    },
  };
}
