/**
 * One code and one spare code, sent 200 times at once through two backend processes, on PostgreSQL and on one SQLite file
 * (C14, C20): exactly one success, whichever way each copy comes.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { verifyChain } from '../../../src/backend/domain/audit.ts';
import { newSecret } from '../../../src/backend/domain/identifiers.ts';
import { newPerson } from '../../../src/backend/domain/people/add-person.ts';
import type { Store } from '../../../src/backend/domain/stores.ts';
import { createPasswordHasher } from '../../../src/backend/passwords/argon2.ts';
import { openPostgres } from '../../../src/backend/store/postgres/open-postgres.ts';
import { openSqlite } from '../../../src/backend/store/sqlite/open-sqlite.ts';
import type { CodeEnrollment, SpareCodes } from '../../../src/contract/http/codes.ts';
import type { Challenge } from '../../../src/contract/http/shapes.ts';
import { type BackendProcess, Browser, Service, startBackendProcess } from '../../support/backend.ts';
import { enrollCodes, type Giver, giverOf, step, wrongCode } from '../../support/codes.ts';
import { onEachStore } from '../../support/each-store.ts';
import { freePort } from '../../support/free-port.ts';
import { codeOf } from '../../support/household.ts';
import { serviceRecord } from '../../support/records.ts';

const COPIES = 200;
const SESSIONS = 4;

onEachStore('200 copies of one code', (dialect, environment) => {
  const folder = mkdtempSync(join(tmpdir(), 'doorstep-race-'));
  const backends: BackendProcess[] = [];
  const serviceKey = newSecret();
  let store: Store;
  let giver: Giver;
  let counted: Giver;
  let spare: SpareCodes;
  const halves: Browser[] = [];
  const backend = (index: number): BackendProcess => backends[index % backends.length] as BackendProcess;
  const tally = (answers: readonly (string | number)[]): Record<string, number> => {
    const counts: Record<string, number> = {};
    for (const one of answers) counts[one] = (counts[one] ?? 0) + 1;
    return counts;
  };
  const copyOf = (browser: Browser, index: number): Browser => {
    const copy = new Browser(backend(index));
    copy.cookies = new Map(browser.cookies);
    return copy;
  };
  const atPassword = async (index: number): Promise<Browser> => {
    const browser = new Browser(backend(index));
    expect(codeOf(await browser.password('racer', 'secret'))).toBe(200);
    return browser;
  };
  /** Every wrong copy counts as a wrong code; between two races nobody waits. */
  const forgive = async (): Promise<void> => {
    const person = await store.read.people.byUsernameKey('racer');
    await store.transaction(async (tx) => {
      for (const what of ['code', 'spare-code']) await tx.attempts.clear(`${what}:person:${person?.id}:source:127.0.0.1`);
      for (const what of ['code', 'spare-code']) await tx.attempts.clear(`${what}:source:127.0.0.1`);
      for (const { authenticatorId } of await tx.codes.listOf(person?.id ?? '')) {
        await tx.codes.forgive([authenticatorId], 100);
        await tx.codes.miss(authenticatorId, { blockedUntil: 0, candidate: null, candidateAt: null });
      }
    });
  };

  beforeAll(async () => {
    const common: Record<string, string> = {
      ...(await environment()),
      DOORSTEP_BACKEND_DATA: folder,
      DOORSTEP_ORIGIN: `http://localhost:${await freePort()}`,
      DOORSTEP_LOG_LEVEL: 'warn',
      DOORSTEP_DEMO: '0',
      DOORSTEP_FIRST_ENROLLMENT: 'password',
    };
    // Both at once: one of them makes the tables and the seed keys.
    backends.push(...(await Promise.all([startBackendProcess(common), startBackendProcess(common)])));
    store = dialect === 'postgres' ? await openPostgres(common['DOORSTEP_DATABASE_URL'] ?? '', () => undefined) : await openSqlite(folder);
    const hasher = await createPasswordHasher({ places: 1, waiting: 4 });
    const passwordHash = await hasher.hash('secret');
    await store.transaction(async (tx) => {
      await tx.people.insert(newPerson({ username: 'racer', displayName: 'Racer', role: 'person', passwordHash, now: Date.now() }));
      await tx.services.insert(serviceRecord({ name: 'Race', key: serviceKey, at: Date.now() }));
    });
    const first = await atPassword(0);
    giver = await enrollCodes(first, Date.now());
    counted = await enrollCodes(first, Date.now(), { kind: 'hotp' });
    spare = (await first.call<SpareCodes>('spareCodes')).body;
    for (let index = 0; index < SESSIONS; index += 1) halves.push(await atPassword(index));
  }, 60_000);
  afterAll(async () => {
    await store.close();
    for (const each of backends) expect(await each.stop({ keep: true })).toBe(0);
    rmSync(folder, { recursive: true, force: true });
  });

  /** Copies through the page of each session and through a service, in turn at each process. */
  const race = async (typed: string): Promise<(string | number)[]> => {
    const asked = (await new Service(backend(0), serviceKey).call<Challenge>('createChallenge', { body: { username: 'racer' } })).body;
    const answers = await Promise.all(
      Array.from({ length: COPIES }, async (_, index) => {
        if (index % (SESSIONS + 1) === SESSIONS) {
          return new Service(backend(index), serviceKey)
            .call('challengeCode', { params: { id: asked.id }, body: { code: typed } })
            .then(codeOf);
        }
        const half = halves[index % (SESSIONS + 1)] as Browser;
        const answer = copyOf(half, index).call('codeStep', { body: { code: typed } });
        return answer.then(codeOf);
      }),
    );
    await new Service(backend(0), serviceKey).call('cancelChallenge', { params: { id: asked.id } });
    return answers;
  };
  const afresh = async (): Promise<void> => {
    await forgive();
    for (let index = 0; index < SESSIONS; index += 1) halves[index] = await atPassword(index);
  };
  // A database that has more to do than it can turns people away, and looks at nothing.
  const OTHERS = ['code.wrong', 'request.rate-limited', 'session.missing', 'challenge.ended', 'store.unavailable'];

  it.each([0, 1, 2])(
    'of a counter: one success (round %d)',
    async (round) => {
      await afresh();
      const counts = tally(await race(counted.at(round + 1)));
      expect(counts).toMatchObject({ 200: 1 });
      expect(Object.keys(counts).filter((one) => one !== '200' && !OTHERS.includes(one))).toEqual([]);
    },
    60_000,
  );

  it('of a clock: one success', async () => {
    await afresh();
    const counts = tally(await race(giver.at(step(giver, Date.now()) + 1)));
    expect(counts).toMatchObject({ 200: 1 });
    expect(Object.keys(counts).filter((one) => one !== '200' && !OTHERS.includes(one))).toEqual([]);
  }, 60_000);

  it('that ends a resynchronization: one success', async () => {
    await afresh();
    expect(codeOf(await copyOf(halves[0] as Browser, 0).call('codeStep', { body: { code: counted.at(200) } }))).toBe('code.wrong');
    const counts = tally(await race(counted.at(201)));
    expect(counts).toMatchObject({ 200: 1 });
    expect(Object.keys(counts).filter((one) => one !== '200' && !OTHERS.includes(one))).toEqual([]);
  }, 60_000);

  it.each([0, 1, 2])(
    'of a spare code: one success (round %d)',
    async (round) => {
      await afresh();
      const answers = await Promise.all(
        Array.from({ length: COPIES }, (_, index) =>
          copyOf(halves[index % SESSIONS] as Browser, index)
            .call('spareCodeStep', { body: { code: spare.codes[round] } })
            .then(codeOf),
        ),
      );
      const counts = tally(answers);
      expect(counts).toMatchObject({ 200: 1 });
      expect(
        Object.keys(counts).filter((one) => !['200', 'spare-code.wrong', 'request.rate-limited', 'session.missing'].includes(one)),
      ).toEqual([]);
    },
    60_000,
  );

  it('that proves a new source of codes: one success', async () => {
    await afresh();
    const browser = await atPassword(0);
    expect(codeOf(await browser.call('spareCodeStep', { body: { code: spare.codes[9] } }))).toBe(200);
    const enrolling = giverOf((await browser.call<CodeEnrollment>('codeEnrollment')).body);
    const body = { code: enrolling.at(step(enrolling, Date.now())), name: 'New' };
    const answers = await Promise.all(
      Array.from({ length: COPIES }, (_, index) =>
        copyOf(browser, index)
          .call('finishCodeEnrollment', { params: { id: enrolling.id }, body })
          .then(codeOf),
      ),
    );
    expect(tally(answers)).toEqual({ '201': 1, 'ceremony.ended': COPIES - 1 });
  }, 60_000);

  it('that is wrong, 1,000 at once through both: no more are looked at than the limit allows (C20)', async () => {
    await afresh();
    const typed = wrongCode(giver, step(giver, Date.now()), 60);
    const began = Date.now();
    const answers = await Promise.all(
      Array.from({ length: 1_000 }, (_, index) =>
        copyOf(halves[index % SESSIONS] as Browser, index)
          .call('codeStep', { body: { code: typed } })
          .then(codeOf),
      ),
    );
    const counts = tally(answers);
    // Five are free; after 10 s, and 20 s more, and 40 s more, one more is looked at each time.
    const seconds = (Date.now() - began) / 1_000;
    expect(counts['code.wrong'] ?? 0).toBeLessThanOrEqual(5 + [10, 30, 70].filter((wait) => seconds > wait).length);
    expect(Object.keys(counts).filter((one) => !OTHERS.includes(one))).toEqual([]);
  }, 120_000);

  it('left one row each in a trail that holds', async () => {
    const rows = await store.read.audit.list(1, 100_000);
    expect(verifyChain(rows)).toMatchObject({ ok: true, rows: rows.length });
    const done = (event: string): number => rows.filter((row) => row.event === event && row.outcome === 'done').length;
    expect(done('spare-code.used')).toBe(4);
    // Five codes and four spare codes let somebody in.
    expect(done('session.second-step') + done('challenge.approved')).toBe(9);
    for (const secret of [serviceKey, giver.enrollment.secret, ...spare.codes]) {
      expect(JSON.stringify(rows)).not.toContain(secret);
      for (const { log } of backends) expect(log()).not.toContain(secret);
    }
  });
});
