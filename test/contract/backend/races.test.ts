/**
 * One answer, sent 200 times at once (C14): exactly one success. On PostgreSQL through two backend processes, on SQLite
 * through one. Then the trail of both is checked, row by row.
 */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { verifyChain } from '../../../src/backend/domain/audit.ts';
import { newSecret } from '../../../src/backend/domain/identifiers.ts';
import type { Store } from '../../../src/backend/domain/stores.ts';
import { openPostgres } from '../../../src/backend/store/postgres/open-postgres.ts';
import { openSqlite } from '../../../src/backend/store/sqlite/open-sqlite.ts';
import type { Challenge, DeviceSnapshot, PairingCode } from '../../../src/contract/http/shapes.ts';
import {
  type ApiAnswer,
  type BackendProcess,
  Browser,
  type Ceremony,
  Desktop,
  Service,
  startBackendProcess,
} from '../../support/backend.ts';
import { onEachStore } from '../../support/each-store.ts';
import { freePort } from '../../support/free-port.ts';
import { codeOf } from '../../support/household.ts';
import { serviceRecord } from '../../support/records.ts';
import { SoftwareKey } from '../../support/webauthn/software-key.ts';

const COPIES = 200;

onEachStore('200 copies of one answer', (dialect, environment) => {
  const backends: BackendProcess[] = [];
  let store: Store;
  let service: Service;
  let password = '';
  const key = new SoftwareKey();
  const serviceKey = newSecret();

  beforeAll(async () => {
    const common: Record<string, string> = { ...(await environment()), DOORSTEP_LOG_LEVEL: 'warn' };
    // Both processes stand behind one name, as behind a load balancer.
    const origin = `http://localhost:${await freePort()}`;
    const first = await startBackendProcess({ ...common, DOORSTEP_ORIGIN: origin });
    backends.push(first);
    if (dialect === 'postgres')
      backends.push(
        await startBackendProcess({ ...common, DOORSTEP_ORIGIN: origin, DOORSTEP_DEMO: '0', DOORSTEP_FIRST_ENROLLMENT: 'password' }),
      );
    store =
      dialect === 'postgres' ? await openPostgres(common['DOORSTEP_DATABASE_URL'] ?? '', () => undefined) : await openSqlite(first.folder);
    await store.transaction((tx) => tx.services.insert(serviceRecord({ name: 'Race', key: serviceKey, at: Date.now() })));
    service = new Service(first, serviceKey);
    password = first.demo?.people[0]?.password ?? '';
  });
  afterAll(async () => {
    await store.close();
    for (const backend of backends) expect(await backend.stop()).toBe(0);
  });

  const backend = (index: number): BackendProcess => backends[index % backends.length] as BackendProcess;
  const everywhere = (send: (to: BackendProcess) => Promise<ApiAnswer>): Promise<ApiAnswer[]> =>
    Promise.all(Array.from({ length: COPIES }, (_, index) => send(backend(index))));
  const tally = (answers: readonly ApiAnswer[]): Record<string, number> => {
    const counts: Record<string, number> = {};
    for (const answer of answers) counts[codeOf(answer)] = (counts[codeOf(answer)] ?? 0) + 1;
    return counts;
  };
  const signedIn = async (): Promise<Browser> => {
    const browser = new Browser(backend(0));
    expect(codeOf(await browser.password('amina.yusuf', password))).toBe(200);
    return browser;
  };

  it('enroll one key', async () => {
    const browser = await signedIn();
    const { ceremonyId, options } = (await browser.call<Ceremony>('registrationOptions')).body;
    const body = { ceremonyId, name: 'Key', credential: key.register(options, browser.origin) };
    const answers = await everywhere((to) => {
      const copy = new Browser(to);
      copy.cookies = new Map(browser.cookies);
      return copy.call('registration', { body });
    });
    const counts = tally(answers);
    expect(counts['201']).toBe(1);
    expect(
      Object.keys(counts).every((one) => ['201', 'ceremony.ended', 'session.missing', 'session.second-step-missing'].includes(one)),
    ).toBe(true);
  }, 60_000);

  it('sign in once', async () => {
    for (let round = 0; round < 3; round += 1) {
      const browser = await signedIn();
      const { ceremonyId, options } = (await browser.call<Ceremony>('assertionOptions')).body;
      const body = { ceremonyId, credential: key.assert(options, browser.origin) };
      const copies: Browser[] = [];
      const answers = await everywhere((to) => {
        const copy = new Browser(to);
        copy.cookies = new Map(browser.cookies);
        copies.push(copy);
        return copy.call('assertionStep', { body });
      });
      const counts = tally(answers);
      expect(counts['200']).toBe(1);
      expect((counts['ceremony.ended'] ?? 0) + (counts['session.missing'] ?? 0)).toBe(COPIES - 1);
    }
  }, 60_000);

  it('answer a request once, and whoever waits on the other process hears of it', async () => {
    const browser = await signedIn();
    await browser.secondStep(key);
    const desktop = new Desktop(backend(0));
    expect(codeOf(await desktop.pair((await browser.call<PairingCode>('pairingCode')).body.code))).toBe(201);
    const { id } = (await service.call<Challenge>('createChallenge', { body: { username: 'amina.yusuf' } })).body;
    const waiting = new Service(backend(1), serviceKey).call<Challenge>('challenge', { params: { id }, query: '?wait=30' });
    const params = { id };
    const { ceremonyId, options } = (await desktop.call<Ceremony>('deviceChallengeOptions', { params })).body;
    const body = { ceremonyId, credential: key.assert(options, desktop.origin) };
    const answers = await everywhere((to) => desktop.at(to).call('deviceChallengeAnswer', { params, body }));
    const counts = tally(answers);
    expect(counts['204']).toBe(1);
    expect((counts['ceremony.ended'] ?? 0) + (counts['challenge.ended'] ?? 0)).toBe(COPIES - 1);
    expect((await waiting).body).toMatchObject({ state: 'approved', result: { person: { username: 'amina.yusuf' } } });
  }, 60_000);

  it('of approval and denial at once, one ends the request', async () => {
    const browser = await signedIn();
    await browser.secondStep(key);
    const desktop = new Desktop(backend(0));
    await desktop.pair((await browser.call<PairingCode>('pairingCode')).body.code);
    const { id } = (await service.call<Challenge>('createChallenge', { body: { username: 'amina.yusuf' } })).body;
    const params = { id };
    const { ceremonyId, options } = (await desktop.call<Ceremony>('deviceChallengeOptions', { params })).body;
    const body = { ceremonyId, credential: key.assert(options, desktop.origin) };
    const answers = await Promise.all([
      ...Array.from({ length: 20 }, (_, index) => desktop.at(backend(index)).call('deviceChallengeAnswer', { params, body })),
      ...Array.from({ length: 20 }, (_, index) => desktop.at(backend(index)).decide({ id, serviceName: 'Race' }, 'deny')),
      ...Array.from({ length: 5 }, (_, index) => new Service(backend(index), serviceKey).call('cancelChallenge', { params })),
    ]);
    expect(answers.filter(({ status }) => status < 300)).toHaveLength(1);
  }, 60_000);

  it('reach a desktop that listens at the other process', async () => {
    const browser = await signedIn();
    await browser.secondStep(key);
    const desktop = new Desktop(backend(0));
    await desktop.pair((await browser.call<PairingCode>('pairingCode')).body.code);
    const stream = await desktop.at(backend(1)).events();
    const first = await stream.next();
    const started = performance.now();
    await browser.call('changeAuthenticator', { params: { id: desktop.deviceId }, body: { name: 'Renamed at the first process' } });
    expect((await stream.next())?.version).toBeGreaterThan(first?.version ?? 0);
    expect(performance.now() - started).toBeLessThan(2_000);
    const snapshot = (await desktop.at(backend(1)).call<DeviceSnapshot>('deviceSnapshot')).body;
    expect(snapshot.authenticators.some(({ name }) => name === 'Renamed at the first process')).toBe(true);
    await browser.call('removeAuthenticator', { params: { id: desktop.deviceId } });
    expect(await stream.next()).toBeNull();
    expect(codeOf(await desktop.at(backend(1)).call('deviceSnapshot'))).toBe('device.removed');
  }, 60_000);

  it('leave one row each in a trail that holds', async () => {
    const rows = await store.read.audit.list(1, 10_000);
    expect(verifyChain(rows)).toMatchObject({ ok: true, rows: rows.length });
    const count = (event: string): number => rows.filter((row) => row.event === event && row.outcome === 'done').length;
    expect(
      rows.filter(({ event, outcome, facts }) => event === 'authenticator.added' && outcome === 'done' && facts['kind'] === 'security-key'),
    ).toHaveLength(1);
    const endings = rows.filter(({ event }) => ['challenge.approved', 'challenge.denied', 'challenge.canceled'].includes(event));
    expect(endings).toHaveLength(2);
    expect(new Set(endings.map(({ subjectId }) => subjectId)).size).toBe(2);
    expect(count('session.second-step')).toBe(3 + 3);
    const everything = JSON.stringify(rows);
    for (const secret of [password, serviceKey]) expect(everything).not.toContain(secret);
    for (const { log } of backends) for (const secret of [password, serviceKey]) expect(log()).not.toContain(secret);
  });
});
