/** When the database goes away, the backend says so and lets nobody in; when a process is killed, nothing acknowledged is lost. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { verifyChain } from '../../../src/backend/domain/audit.ts';
import { openSqlite } from '../../../src/backend/store/sqlite/open-sqlite.ts';
import { type BackendProcess, Browser, problemOf, startBackendProcess } from '../../support/backend.ts';
import { type BackendHere, startBackendHere } from '../../support/backend-here.ts';
import { seedKeysEnvironment } from '../../support/each-store.ts';
import { startPostgres, type TestPostgres } from '../../support/postgres.ts';
import { SoftwareKey } from '../../support/webauthn/software-key.ts';

describe('a database that goes away', () => {
  let postgres: TestPostgres;
  let backend: BackendHere;
  beforeAll(async () => {
    postgres = await startPostgres();
    backend = await startBackendHere({ environment: { DOORSTEP_DATABASE_URL: await postgres.createDatabase(), ...seedKeysEnvironment() } });
    await backend.addPerson('amina', 'secret');
  });
  afterAll(() => backend.stop());

  it('is told by name at every door, and opens none', async () => {
    const browser = new Browser(backend);
    await browser.password('amina', 'secret');
    expect((await browser.enroll(new SoftwareKey())).status).toBe(201);
    await postgres.stop();
    for (const answer of [
      await browser.call('health'),
      await browser.call('session'),
      await browser.call('authenticators'),
      await browser.call('pairingCode'),
      await browser.password('amina', 'secret'),
    ]) {
      expect(answer.status).toBe(503);
      expect(problemOf(answer).code).toBe('store.unavailable');
    }
  });
});

describe('a process that is killed', () => {
  it('has kept all that it said yes to, and the trail holds', async () => {
    let backend: BackendProcess = await startBackendProcess();
    const { folder } = backend;
    const passwords = new Map(backend.demo?.people.map(({ username, password }) => [username, password ?? '']));
    const key = new SoftwareKey();
    const first = new Browser(backend);
    await first.password('amina.yusuf', passwords.get('amina.yusuf') ?? '');
    expect((await first.enroll(key)).status).toBe(201);
    let accepted = 0;
    for (let round = 0; round < 4; round += 1) {
      const browser = new Browser(backend);
      await browser.password('amina.yusuf', passwords.get('amina.yusuf') ?? '');
      const kill = setTimeout(() => backend.process.kill('SIGKILL'), 150 + round * 130);
      for (let going = true; going; ) {
        const answer = await browser.secondStep(key).catch(() => null);
        if (answer?.status === 200) accepted += 1;
        else going = answer !== null;
      }
      clearTimeout(kill);
      await backend.stop({ keep: true });
      backend = await startBackendProcess({ DOORSTEP_BACKEND_DATA: folder });
      const store = await openSqlite(folder);
      const rows = await store.read.audit.list(1, 100_000);
      expect(verifyChain(rows)).toMatchObject({ ok: true });
      const steps = rows.filter(({ event, outcome }) => event === 'session.second-step' && outcome === 'done').length;
      // One may have been kept whose answer never arrived, each time.
      expect(steps).toBeGreaterThanOrEqual(accepted);
      expect(steps).toBeLessThanOrEqual(accepted + round + 1);
      await store.close();
    }
    expect(accepted).toBeGreaterThan(0);
    await backend.stop();
  }, 120_000);
});
