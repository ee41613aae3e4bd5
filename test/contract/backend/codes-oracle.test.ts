/**
 * A wrong code says that it is wrong and nothing else, however nearly it was right: the same answer, and the same work.
 * The work is counted, not timed: each statement that reaches the database, each HMAC, each seed that is opened.
 */
import Database from 'better-sqlite3';
import pg from 'pg';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { issueServiceKey } from '../../../src/backend/demo/organization.ts';
import { answerWithCode } from '../../../src/backend/domain/codes/challenge-code.ts';
import { codeStep } from '../../../src/backend/domain/codes/code-step.ts';
import { finishCodeEnrollment } from '../../../src/backend/domain/codes/enroll.ts';
import type { Domain } from '../../../src/backend/domain/domain.ts';
import { hashSecret } from '../../../src/backend/domain/identifiers.ts';
import type { ServiceRecord } from '../../../src/backend/domain/model.ts';
import { defaultPolicy } from '../../../src/backend/domain/policy.ts';
import { spareCodeStep } from '../../../src/backend/domain/recovery-codes/spare-code-step.ts';
import { type CurrentSession, currentSession } from '../../../src/backend/domain/sessions/current-session.ts';
import { DoorstepError } from '../../../src/contract/errors.ts';
import type { CodeEnrollment, SpareCodes } from '../../../src/contract/http/codes.ts';
import type { Challenge } from '../../../src/contract/http/shapes.ts';
import { type ApiAnswer, Browser, problemOf, Service } from '../../support/backend.ts';
import { type BackendHere, startBackendHere } from '../../support/backend-here.ts';
import { enrollCodes, type Giver, giverOf, LONG, patientPolicy, step, wrongCode } from '../../support/codes.ts';
import { onEachStore } from '../../support/each-store.ts';

const STEP = 30_000;
const HOUR = 3_600_000;
const policy = patientPolicy({ freshFor: LONG });
const caller = { source: '127.0.0.1' };

const counts = vi.hoisted(() => ({ hmacs: 0, keys: 0, spareHashes: 0, seals: 0, statements: [] as string[] }));
vi.mock(import('../../../src/oath/hmac.ts'), async (original) => {
  const { hmac, hmacKey } = await original();
  return {
    hmac(key, counter) {
      counts.hmacs += 1;
      return hmac(key, counter);
    },
    hmacKey(key, algorithm) {
      counts.keys += 1;
      return hmacKey(key, algorithm);
    },
  };
});
vi.mock(import('../../../src/backend/domain/recovery-codes/spare-code.ts'), async (original) => {
  const real = await original();
  return {
    ...real,
    async spareCodeHasher(domain, id) {
      const hash = await real.spareCodeHasher(domain, id);
      return (code) => {
        counts.spareHashes += 1;
        return hash(code);
      };
    },
  };
});

/** What a database is told, at the drivers: below everything of ours. */
function listen(): void {
  const statement = Object.getPrototypeOf(new Database(':memory:').prepare('select 1')) as Database.Statement;
  for (const method of ['all', 'run', 'get'] as const) {
    const real = statement[method];
    vi.spyOn(statement, method).mockImplementation(function (this: Database.Statement, ...parameters: unknown[]) {
      counts.statements.push(this.source);
      return real.apply(this, parameters) as never;
    });
  }
  const client = pg.Client.prototype;
  const query = client.query as (this: pg.Client, ...words: unknown[]) => unknown;
  vi.spyOn(client, 'query').mockImplementation(function (this: pg.Client, ...words: unknown[]) {
    const [first] = words;
    counts.statements.push(typeof first === 'string' ? first : (first as { text: string }).text);
    return query.apply(this, words) as never;
  });
}

interface Work {
  readonly answer: string;
  readonly hmacs: number;
  readonly keys: number;
  readonly spareHashes: number;
  readonly seals: number;
  readonly statements: readonly string[];
}

onEachStore('what is not right', (_dialect, environment) => {
  let backend: BackendHere;
  let service: Service;
  let serviceRecord: ServiceRecord;
  let people = 0;
  const now = (): number => backend.clock.now();

  beforeAll(async () => {
    listen();
    // The chores of the house would be counted too: their clock stands still.
    vi.useFakeTimers({ toFake: ['setInterval'] });
    backend = await startBackendHere({ environment: await environment(), policy });
    vi.useRealTimers();
    const key = await issueServiceKey(backend.domain, 'VPN', []);
    service = new Service(backend, key);
    const found = await backend.domain.store.read.services.byKeyHash(hashSecret(key));
    if (found === null) throw new Error('there is no service');
    serviceRecord = found;
  });
  afterAll(async () => {
    await backend.stop();
    vi.restoreAllMocks();
  });

  const somebody = async () => {
    people += 1;
    const username = `person${people}`;
    const { id } = await backend.addPerson(username, 'secret');
    const browser = new Browser(backend);
    await browser.password(username, 'secret');
    return { id, username, browser };
  };
  const sessionOf = async (browser: Browser): Promise<CurrentSession> => {
    const current = await currentSession(backend.domain, browser.cookies.get('doorstep') ?? '');
    if (current === null) throw new Error('there is no session');
    return current;
  };
  /** What a refusal costs. */
  const workOf = async (refused: (domain: Domain) => Promise<unknown>): Promise<Work> => {
    const { seeds } = backend.domain;
    const domain: Domain = {
      ...backend.domain,
      seeds: {
        open(sealed, id) {
          counts.seals += 1;
          return seeds.open(sealed, id);
        },
        seal(seed, id) {
          counts.seals += 1;
          return seeds.seal(seed, id);
        },
      },
    };
    // Reads of one turn of the loop share a transaction: none of the turn before is still open when the work begins.
    await new Promise((resolve) => setImmediate(resolve));
    Object.assign(counts, { hmacs: 0, keys: 0, spareHashes: 0, seals: 0, statements: [] });
    const error: unknown = await refused(domain).then(
      () => null,
      (reason: unknown) => reason,
    );
    if (!(error instanceof DoorstepError)) throw new Error('it was not refused');
    return { ...counts, statements: [...counts.statements], answer: `${error.code} ${JSON.stringify(error.detail)}` };
  };
  /** Types a code on the sign-in page, in the session of this browser. */
  const pageOf = async (browser: Browser): Promise<(code: string) => Promise<Work>> => {
    const current = await sessionOf(browser);
    return (code) => workOf((domain) => codeStep(domain, caller, current, { code, challengeId: null }));
  };
  /** Each of the codes costs what the first one does. */
  const expectOneWork = async (kinds: Readonly<Record<string, () => Promise<Work>>>): Promise<Work> => {
    const [first, ...others] = Object.entries(kinds);
    if (first === undefined) throw new Error('nothing to compare');
    const usual = await first[1]();
    expect(usual.statements.length).toBeGreaterThan(3);
    for (const [name, work] of others) expect(await work(), name).toEqual(usual);
    return usual;
  };

  const clockKinds = (giver: Giver): Record<string, () => string> => {
    const at = (ahead: number): string => giver.at(step(giver, now()) + ahead);
    return {
      'wrong anyway': () => wrongCode(giver, step(giver, now()), 300),
      'of another length': () => `00${wrongCode(giver, step(giver, now()), 300)}`,
      'within reach of a resynchronization': () => at(15),
      'at the edge of that reach': () => at(-20),
      'beyond that reach': () => at(-21),
      'one step too late': () => at(-2),
      'used already': () => at(-30),
      'older than what was used': () => at(-31),
    };
  };
  /** Uses a code, then lets so much time pass that the whole reach lies behind nothing that is burned. */
  const rest = async (giver: Giver): Promise<void> => {
    backend.clock.advance(HOUR);
    await backend.domain.store.transaction((tx) => tx.codes.accept(giver.id, { position: step(giver, now()), drift: 0 }));
    backend.clock.advance(30 * STEP);
  };

  it('of a clock costs the same on the page and is answered the same', async () => {
    const { browser } = await somebody();
    const giver = await enrollCodes(browser, now());
    const onPage = await pageOf(browser);
    const kinds = Object.entries(clockKinds(giver)).map(([name, typed]) => [
      name,
      async () => {
        await rest(giver);
        return onPage(typed());
      },
    ]);
    const work = await expectOneWork({
      ...Object.fromEntries(kinds),
      'the next of a pair, long after its turn': async () => {
        await rest(giver);
        const written = step(giver, now()) + 15;
        await onPage(giver.at(written));
        backend.clock.advance(10 * STEP);
        return onPage(giver.at(written + 1));
      },
    });
    // The window, the reach, and what would follow a position that is remembered.
    expect(work).toMatchObject({ answer: 'code.wrong {}', hmacs: 3 + 41 + 1, seals: 1 });
    const seen: unknown[] = [];
    for (const typed of Object.values(clockKinds(giver))) {
      await rest(giver);
      seen.push(answerOf(await browser.call('codeStep', { body: { code: typed() } })));
    }
    for (const one of seen) expect(one).toEqual(seen[0]);
  });

  it('of a clock that is as far off as any may be costs the same', async () => {
    const { browser } = await somebody();
    const giver = await enrollCodes(browser, now());
    const onPage = await pageOf(browser);
    const { longestDrift } = defaultPolicy.codes.windows;
    const at = (ahead: number) => async (): Promise<Work> => {
      backend.clock.advance(HOUR);
      const position = step(giver, now()) + longestDrift;
      await backend.domain.store.transaction((tx) => tx.codes.accept(giver.id, { position, drift: longestDrift }));
      backend.clock.advance(30 * STEP);
      return onPage(ahead === 0 ? wrongCode(giver, step(giver, now()), 300) : giver.at(step(giver, now()) + ahead));
    };
    await expectOneWork({ 'wrong anyway': at(0), 'one step beyond': at(longestDrift + 1), 'many beyond': at(longestDrift + 15) });
  });

  it('of a counter costs the same', async () => {
    const { browser } = await somebody();
    const giver = await enrollCodes(browser, now(), { kind: 'hotp' });
    const onPage = await pageOf(browser);
    const at = (counter: number) => () => onPage(giver.at(counter));
    const work = await expectOneWork({
      'wrong anyway': () => onPage(wrongCode(giver, 0, 1_300)),
      'used already': at(0),
      'just beyond the window': at(12),
      'beyond reach': at(1_002),
      'far ahead': at(1_001),
    });
    expect(work).toMatchObject({ hmacs: 11 + 1_001 + 1, seals: 1 });
  });

  it('costs a service the same and is answered the same, also about somebody who has no codes at all', async () => {
    const holder = await somebody();
    const giver = await enrollCodes(holder.browser, now());
    const nobody = await somebody();
    const ask = async (username: string): Promise<string> =>
      (await service.call<Challenge>('createChallenge', { body: { username } })).body.id;
    const about = (username: string, typed: () => string) => async (): Promise<Work> => {
      await rest(giver);
      const challengeId = await ask(username);
      const code = typed();
      const work = await workOf((domain) => answerWithCode(domain, caller, serviceRecord, { challengeId, code }));
      await service.call('cancelChallenge', { params: { id: challengeId } });
      return work;
    };
    const kinds = Object.entries(clockKinds(giver)).map(([name, typed]) => [name, about(holder.username, typed)]);
    const usual = await expectOneWork(Object.fromEntries(kinds));
    const { statements, ...work } = await about(nobody.username, () => '482915')();
    // One of the statements looks for a source that was stopped, instead of writing to one that is there.
    expect({ ...work, statements: statements.length }).toEqual({ ...usual, statements: usual.statements.length });
    const seen: unknown[] = [];
    for (const [username, typed] of [
      ...Object.values(clockKinds(giver)).map((one) => [holder.username, one] as const),
      [nobody.username, () => '482915'] as const,
    ]) {
      await rest(giver);
      const params = { id: await ask(username) };
      seen.push(answerOf(await service.call('challengeCode', { params, body: { code: typed() } })));
      await service.call('cancelChallenge', { params });
    }
    for (const one of seen) expect(one).toEqual(seen[0]);
  });

  it('costs the same where it is to prove a new source', async () => {
    const { browser } = await somebody();
    const giver = giverOf((await browser.call<CodeEnrollment>('codeEnrollment')).body);
    const { session, person } = await sessionOf(browser);
    const prove = (code: string) => () =>
      workOf((domain) =>
        finishCodeEnrollment(domain, caller, { kind: 'session', session, person }, { enrollmentId: giver.id, code, name: 'New' }),
      );
    const at = step(giver, now());
    const work = await expectOneWork({
      'wrong anyway': prove(wrongCode(giver, at, 300)),
      'just beyond the window': prove(giver.at(at + 21)),
      'just before it': prove(giver.at(at - 21)),
      'of another length': prove(`${giver.at(at)}00`),
    });
    expect(work).toMatchObject({ answer: 'code.wrong {}', hmacs: 41, seals: 1 });
  });

  it('of a spare code costs the same, whatever part of it was right', async () => {
    const { browser } = await somebody();
    await enrollCodes(browser, now());
    const [used = '', first = ''] = (await browser.call<SpareCodes>('spareCodes')).body.codes;
    const other = await somebody();
    await enrollCodes(other.browser, now());
    const [strange = ''] = (await other.browser.call<SpareCodes>('spareCodes')).body.codes;
    expect((await browser.call('spareCodeStep', { body: { code: used } })).status).toBe(200);
    const current = await sessionOf(browser);
    const spend = (code: string) => () => workOf((domain) => spareCodeStep(domain, caller, current, { code, challengeId: null }));
    const last = first.endsWith('A') ? 'B' : 'A';
    const work = await expectOneWork({
      'wrong anyway': spend('ABCDEFG-HJKLMNP'),
      'right in its first half': spend(`${first.slice(0, 8)}ABCDEFG`),
      'right in its second half': spend(`ABCDEFG${first.slice(7)}`),
      'right but for its last sign': spend(`${first.slice(0, -1)}${last}`),
      'used already': spend(used),
      "another person's": spend(strange),
      'no code at all': spend('1'),
    });
    expect(work).toMatchObject({ answer: 'spare-code.wrong {}', spareHashes: 1, hmacs: 0 });
    expect((await browser.call('spareCodeStep', { body: { code: first } })).status).toBe(200);
  });
});

/** All that is told: the status, the words, the headers; but for the moment and the request. */
function answerOf(answer: ApiAnswer): unknown {
  const headers = [...answer.headers].filter(([name]) => !['date', 'x-request-id'].includes(name));
  return { status: answer.status, problem: { ...problemOf(answer), instance: '' }, headers };
}
