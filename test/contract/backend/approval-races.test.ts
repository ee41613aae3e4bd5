/**
 * One approval, sent 200 times at once through two backend processes (C14, I1): one success, whatever it races with. On
 * PostgreSQL and on one SQLite file.
 */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { verifyChain } from '../../../src/backend/domain/audit.ts';
import { newId, newSecret } from '../../../src/backend/domain/identifiers.ts';
import type { Store } from '../../../src/backend/domain/stores.ts';
import { openPostgres } from '../../../src/backend/store/postgres/open-postgres.ts';
import { openSqlite } from '../../../src/backend/store/sqlite/open-sqlite.ts';
import type { ApprovalRequest } from '../../../src/contract/http/approvals.ts';
import type { Challenge, PairingCode } from '../../../src/contract/http/shapes.ts';
import type { ChangeResults } from '../../../src/contract/http/sync.ts';
import { other } from '../../support/approvals.ts';
import { type ApiAnswer, type BackendProcess, Browser, Desktop, Service, startBackendProcess } from '../../support/backend.ts';
import { onEachStore } from '../../support/each-store.ts';
import { freePort } from '../../support/free-port.ts';
import { codeOf } from '../../support/household.ts';
import { serviceRecord } from '../../support/records.ts';
import { SoftwareKey } from '../../support/webauthn/software-key.ts';

const COPIES = 200;

interface Member {
  readonly username: string;
  readonly password: string;
  readonly desktop: Desktop;
}

onEachStore('200 copies of one approval, two processes', (_dialect, environment) => {
  const backends: BackendProcess[] = [];
  const numbers: string[] = [];
  let store: Store;
  const people: Member[] = [];
  const serviceKey = newSecret();

  const at = (index: number): BackendProcess => backends[index % backends.length] as BackendProcess;
  const everywhere = <T>(send: (to: BackendProcess, index: number) => Promise<ApiAnswer<T>>): Promise<ApiAnswer<T>[]> =>
    Promise.all(Array.from({ length: COPIES }, (_, index) => send(at(index), index)));
  const tally = (answers: readonly ApiAnswer[]): Record<string, number> => {
    const counts: Record<string, number> = {};
    for (const answer of answers) counts[codeOf(answer)] = (counts[codeOf(answer)] ?? 0) + 1;
    return counts;
  };
  const withPassword = async ({ username, password }: Omit<Member, 'desktop'>): Promise<Browser> => {
    const browser = new Browser(at(0));
    expect(codeOf(await browser.password(username, password))).toBe(200);
    return browser;
  };
  const member = (index: number): Member => people[index] as Member;
  const copyAt = (browser: Browser, to: BackendProcess): Browser => {
    const copy = new Browser(to);
    copy.cookies = new Map(browser.cookies);
    return copy;
  };
  const begun = async (browser: Browser): Promise<ApprovalRequest> => {
    const answer = await browser.begin();
    expect(codeOf(answer)).toBe(201);
    numbers.push(answer.body.number);
    return answer.body;
  };

  beforeAll(async () => {
    const origin = `http://localhost:${await freePort()}`;
    const common: Record<string, string> = {
      ...(await environment()),
      DOORSTEP_LOG_LEVEL: 'debug',
      DOORSTEP_ORIGIN: origin,
      DOORSTEP_ORGANIZATION: 'Northmoor',
    };
    const first = await startBackendProcess(common);
    backends.push(first);
    const beside = { DOORSTEP_BACKEND_DATA: first.folder, DOORSTEP_DEMO: '0', DOORSTEP_FIRST_ENROLLMENT: 'password' };
    backends.push(await startBackendProcess({ ...common, ...beside }));
    const address = common['DOORSTEP_DATABASE_URL'];
    store = address === undefined ? await openSqlite(first.folder) : await openPostgres(address, () => undefined);
    await store.transaction((tx) => tx.services.insert(serviceRecord({ name: 'Race', key: serviceKey, at: Date.now() })));
    for (const { username, password = '' } of first.demo?.people.slice(0, 3) ?? []) {
      const browser = await withPassword({ username, password });
      await browser.enroll(new SoftwareKey());
      const desktop = new Desktop(first);
      await desktop.pair((await browser.call<PairingCode>('pairingCode')).body.code);
      expect(codeOf(await desktop.hello())).toBe(200);
      people.push({ username, password, desktop });
    }
  });
  afterAll(async () => {
    await store.close();
    const [first, second] = backends;
    expect(await second?.stop({ keep: true })).toBe(0);
    expect(await first?.stop()).toBe(0);
  });

  it('approve once, and let in once', async () => {
    const { desktop, ...person } = member(0);
    for (let round = 0; round < 3; round += 1) {
      const browser = await withPassword(person);
      const request = await begun(browser);
      const decided = tally(await everywhere((to) => desktop.at(to).approve(request, request.number)));
      expect(decided).toEqual({ 204: 1, 'challenge.ended': COPIES - 1 });
      const entered = tally(await everywhere((to) => copyAt(browser, to).finish(request.id)));
      expect(entered['200']).toBe(1);
      // The bearer token is a new one from then on; copies with the old one are nobody.
      expect((entered['challenge.ended'] ?? 0) + (entered['session.missing'] ?? 0)).toBe(COPIES - 1);
    }
  }, 120_000);

  it('let in once while they are still being approved', async () => {
    const { desktop, ...person } = member(1);
    const browser = await withPassword(person);
    const request = await begun(browser);
    const answers = await everywhere<unknown>((to, index) =>
      index % 4 < 2 ? desktop.at(to).approve(request, request.number) : copyAt(browser, to).finish(request.id),
    );
    const counts = tally(answers);
    expect(counts['204']).toBe(1);
    expect(counts['200'] ?? 0).toBeLessThanOrEqual(1);
    if (counts['200'] === undefined) expect(codeOf(await browser.finish(request.id))).toBe(200);
  }, 120_000);

  it('of a request that a service made end it once', async () => {
    const service = new Service(at(0), serviceKey);
    const { desktop, username } = member(0);
    const { id, number } = (await service.call<Challenge>('createChallenge', { body: { username } })).body;
    numbers.push(number ?? '');
    const counts = tally(await everywhere((to) => desktop.at(to).approve({ id, serviceName: 'Race' }, number ?? '')));
    expect(counts).toEqual({ 204: 1, 'challenge.ended': COPIES - 1 });
    expect((await service.call<Challenge>('challenge', { params: { id } })).body.state).toBe('approved');
  }, 120_000);

  it('have one ending, against denials, wrong numbers, and a page that is left', async () => {
    // A person each: after a denial there is a wait.
    for (const { desktop, ...person } of people) {
      const browser = await withPassword(person);
      const request = await begun(browser);
      const wrong = other(request.number);
      const answers = await everywhere<unknown>((to, index) => {
        if (index % 4 === 0) return desktop.at(to).approve(request, request.number);
        if (index % 4 === 1) return desktop.at(to).decide(request, 'deny');
        if (index % 4 === 2) return desktop.at(to).approve(request, wrong);
        return copyAt(browser, to).call('cancelApproval', { params: { id: request.id } });
      });
      const counts = tally(answers);
      const rows = (await store.read.audit.list(1, 100_000)).filter(({ subjectId }) => subjectId === request.id);
      const endings = rows.filter(({ event }) => /^challenge\.(approved|denied|canceled)$/.test(event));
      expect(endings).toHaveLength(1);
      expect(counts['approval.number-wrong'] ?? 0).toBeLessThanOrEqual(3);
      expect(counts['204'] ?? 0).toBe(endings[0]?.reason === 'approval.number-wrong' ? 0 : 1);
    }
  }, 180_000);

  it('a change that was made offline is done once', async () => {
    const { desktop } = member(2);
    const change = {
      key: newId(),
      madeAt: new Date().toISOString(),
      authenticatorId: desktop.deviceId,
      change: { kind: 'rename', name: 'Once' },
    };
    const answers = await everywhere((to) => desktop.at(to).call<ChangeResults>('deviceChanges', { body: { changes: [change] } }));
    for (const { body } of answers) expect(body.results).toEqual([{ key: change.key, outcome: 'done', code: null }]);
    const rows = (await store.read.audit.list(1, 100_000)).filter(({ event }) => event === 'authenticator.changed');
    expect(rows).toHaveLength(1);
  }, 120_000);

  it('leave a trail that holds, and the number nowhere', async () => {
    const rows = await store.read.audit.list(1, 100_000);
    expect(verifyChain(rows)).toMatchObject({ ok: true, rows: rows.length });
    const everything = [JSON.stringify(rows.map(({ facts, reason }) => ({ facts, reason }))), ...backends.map(({ log }) => log())];
    expect(numbers.length).toBeGreaterThan(5);
    // Ids and times may hold the same digits by chance: a number stands alone.
    for (const number of numbers) for (const text of everything) expect(text).not.toMatch(new RegExp(`(?<![\\w-])${number}(?![\\w-])`));
  });
});
