/** Guessing codes (C16, C18, C19, C20, C22, C23): what is counted, who waits, what stops. That nothing is learned from it: `codes-oracle.test.ts`. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { codeStep } from '../../../src/backend/domain/codes/code-step.ts';
import type { Domain } from '../../../src/backend/domain/domain.ts';
import { defaultPolicy } from '../../../src/backend/domain/policy.ts';
import { spareCodeStep } from '../../../src/backend/domain/recovery-codes/spare-code-step.ts';
import { currentSession } from '../../../src/backend/domain/sessions/current-session.ts';
import type { ApprovalRequest } from '../../../src/contract/http/approvals.ts';
import type { CodeEnrollment, SpareCodes } from '../../../src/contract/http/codes.ts';
import type { Authenticator, Challenge, PairingCode, Session } from '../../../src/contract/http/shapes.ts';
import { type ApiAnswer, Browser, type Ceremony, Desktop, problemOf, type Service } from '../../support/backend.ts';
import { type BackendHere, startBackendHere } from '../../support/backend-here.ts';
import { enrollCodes, type Giver, giverOf, step, wrongCode } from '../../support/codes.ts';
import { onEachStore } from '../../support/each-store.ts';
import { codeOf } from '../../support/household.ts';
import { SoftwareKey } from '../../support/webauthn/software-key.ts';

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const long = { sessionIdle: 10_000 * HOUR, sessionTotal: 10_000 * HOUR, secondStepWithin: 10_000 * HOUR };

const count = (all: readonly (string | number)[], one: string | number): number => all.filter((each) => each === one).length;

onEachStore('wrong codes', (_dialect, environment) => {
  let backend: BackendHere;
  let service: Service;
  let people = 0;
  const now = (): number => backend.clock.now();

  beforeAll(async () => {
    backend = await startBackendHere({
      environment: { ...(await environment()), DOORSTEP_TRUSTED_PROXIES: '127.0.0.1' },
      policy: { ...long, limits: { ...defaultPolicy.limits, codePerSource: { ...defaultPolicy.limits.codePerSource, free: 1_000_000 } } },
    });
    service = await backend.addService('VPN');
  });
  afterAll(() => backend.stop());

  interface Somebody {
    readonly id: string;
    readonly username: string;
    readonly browser: Browser;
    readonly key: SoftwareKey;
    readonly giver: Giver;
  }
  /** A person with a key and codes, and a session that is full. */
  const somebody = async (): Promise<Somebody> => {
    people += 1;
    const username = `person${people}.ñame`;
    const { id } = await backend.addPerson(username, 'secret');
    const browser = await atPassword(username);
    const key = new SoftwareKey();
    await browser.enroll(key);
    const giver = await enrollCodes(browser, now());
    backend.clock.advance(MINUTE);
    return { id, username, browser, key, giver };
  };
  const atPassword = async (username: string): Promise<Browser> => {
    const browser = new Browser(backend);
    expect(codeOf(await browser.password(username, 'secret'))).toBe(200);
    return browser;
  };
  const send = (browser: Browser, typed: string, from?: string): Promise<ApiAnswer<Session>> =>
    browser.call<Session>('codeStep', { body: { code: typed }, headers: from === undefined ? {} : { 'x-forwarded-for': from } });
  const right = (giver: Giver): string => giver.at(step(giver, now()));
  const wrong = (giver: Giver): string => wrongCode(giver, step(giver, now()), 60);

  it('make the next try wait, longer each time, and say how long, until a right one', async () => {
    const { browser, giver } = await somebody();
    for (let tries = 0; tries < 5; tries += 1) expect(codeOf(await send(browser, wrong(giver)))).toBe('code.wrong');
    for (const seconds of [10, 20, 40, 80]) {
      const refused = await send(browser, right(giver));
      expect(problemOf(refused)).toMatchObject({
        status: 429,
        code: 'request.rate-limited',
        title: 'Too many tries in a short time.',
        detail: 'Wait a little, then try again.',
        facts: { retryAfterSeconds: seconds },
      });
      expect(refused.headers.get('retry-after')).toBe(String(seconds));
      backend.clock.advance(seconds * SECOND);
      if (seconds < 80) expect(codeOf(await send(browser, wrong(giver)))).toBe('code.wrong');
    }
    expect(codeOf(await send(browser, right(giver)))).toBe(200);
    for (let tries = 0; tries < 4; tries += 1) expect(codeOf(await send(browser, wrong(giver)))).toBe('code.wrong');
    backend.clock.advance(MINUTE);
    expect(codeOf(await send(browser, right(giver)))).toBe(200);
  });

  it('share one count over every spelling of a name (C18, C19)', async () => {
    const { username, giver } = await somebody();
    const spellings = [
      username,
      ` ${username.toUpperCase()} `,
      username.normalize('NFD'),
      [...username].join('\u200b'),
      `ｐerson${username.slice(6)}`,
    ];
    for (const spelling of spellings) expect(codeOf(await send(await atPassword(spelling), wrong(giver)))).toBe('code.wrong');
    for (const spelling of spellings.slice(0, 2))
      expect(codeOf(await send(await atPassword(spelling), right(giver)))).toBe('request.rate-limited');
    backend.clock.advance(MINUTE);
    // What a service takes is counted for the same person, by whichever name it asks.
    let refused = 0;
    for (const spelling of [...spellings, ...spellings]) {
      const asked = await service.call<Challenge>('createChallenge', { body: { username: spelling } });
      expect(codeOf(asked)).toBe(201);
      const params = { id: asked.body.id };
      const answer = codeOf(await service.call('challengeCode', { params, body: { code: wrong(giver) } }));
      if (answer === 'request.rate-limited') refused += 1;
      await service.call('cancelChallenge', { params });
    }
    expect(refused).toBe(5);
  });

  it('are of the person whom every spelling means, and no spelling makes another one (C19)', async () => {
    const { username, giver } = await somebody();
    const spellings = [
      username.toUpperCase(),
      ` ${username} `,
      username.normalize('NFD'),
      [...username].join('\u200b'),
      `\u2060${username}`,
    ];
    for (const spelling of spellings) {
      await expect(backend.addPerson(spelling, 'another'), JSON.stringify(spelling)).rejects.toThrow();
      const half = await atPassword(spelling);
      // Whichever was typed, the second step is still to come.
      const { state, ways, person: who } = (await half.call<Session>('session')).body;
      expect([state, ways.sort(), who?.username]).toEqual(['password', ['security-key', 'totp'], username]);
      expect(codeOf(await half.call('authenticators'))).toBe('session.second-step-missing');
    }
    // A name that only looks the same is another person's: neither counted with this one nor opened by their codes.
    const twin = `р${username.slice(1)}`;
    const other = await backend.addPerson(twin, 'secret');
    const browser = await atPassword(twin);
    expect((await browser.call<Session>('session')).body.state).toBe('enrolling');
    const own = await enrollCodes(browser, now());
    backend.clock.advance(MINUTE);
    expect(codeOf(await send(browser, right(giver)))).toBe('code.wrong');
    for (let tries = 1; tries < 5; tries += 1) expect(codeOf(await send(browser, wrong(own)))).toBe('code.wrong');
    expect(codeOf(await send(browser, right(own)))).toBe('request.rate-limited');
    const half = await atPassword(username);
    expect(codeOf(await send(half, right(own)))).toBe('code.wrong');
    expect(codeOf(await send(half, right(giver)))).toBe(200);
    expect(await backend.domain.store.read.codes.listOf(other.id)).toMatchObject([{ failures: 5 }]);
  });

  it('are looked at no more often than the limit, however many come at once (C20)', async () => {
    const { browser, giver } = await somebody();
    const typed = wrong(giver);
    // The clock of this backend stands still.
    const answers = await Promise.all(Array.from({ length: 1_000 }, () => send(browser, typed).then(codeOf)));
    expect(count(answers, 'code.wrong')).toBe(5);
    expect(count(answers, 'request.rate-limited')).toBe(995);
    // The right one among them would have had no better chance.
    expect(codeOf(await send(browser, right(giver)))).toBe('request.rate-limited');
  }, 60_000);

  it('are looked at no more often from many addresses and services at once (C20)', async () => {
    const { username, browser, giver } = await somebody();
    const asked = (await service.call<Challenge>('createChallenge', { body: { username } })).body.id;
    const typed = wrong(giver);
    const answers = await Promise.all(
      Array.from({ length: 1_000 }, (_, index) =>
        index % 10 === 0
          ? service.call('challengeCode', { params: { id: asked }, body: { code: typed } }).then(codeOf)
          : send(browser, typed, `198.51.${index % 250}.${Math.floor(index / 250)}`).then(codeOf),
      ),
    );
    expect(count(answers, 'code.wrong')).toBeGreaterThan(0);
    expect(count(answers, 'code.wrong')).toBeLessThanOrEqual(20);
    // A database that has more to do than it can turns people away, and looks at nothing.
    expect(answers.filter((one) => !['code.wrong', 'request.rate-limited', 'store.unavailable'].includes(String(one)))).toEqual([]);
    const [row] = await backend.domain.store.read.codes.listOf((await person(browser)).id);
    expect(row?.failures).toBe(count(answers, 'code.wrong'));
    await service.call('cancelChallenge', { params: { id: asked } });
  }, 60_000);

  it('stop their source after a hundred in a row, and no other way (C22, C23)', async () => {
    const { id, username, browser, key, giver } = await somebody();
    const spare = (await browser.call<SpareCodes>('spareCodes')).body.codes;
    const later: Giver[] = [];
    for (let tries = 0; tries < 100; tries += 1) {
      if (tries === 99) later.push(await freshly(browser, key, () => enrollCodes(browser, now())));
      expect(codeOf(await send(browser, wrong(giver)))).toBe('code.wrong');
      backend.clock.advance(HOUR);
    }
    const shown = (await browser.call<{ authenticators: Authenticator[] }>('authenticators')).body.authenticators;
    expect(shown.find(({ id: one }) => one === giver.id)).toMatchObject({ state: 'suspended', suspendedBecause: 'too-many-failures' });
    // One that was enrolled since has a count of its own.
    const [other] = later;
    if (other === undefined) throw new Error('nothing was enrolled');
    expect(codeOf(await send(browser, right(giver)))).toBe('code.wrong');
    backend.clock.advance(HOUR);
    expect(codeOf(await send(browser, right(other)))).toBe(200);
    expect((await browser.secondStep(key)).status).toBe(200);
    expect((await browser.call('removeAuthenticator', { params: { id: other.id } })).status).toBe(204);
    for (const wait of [0, 24 * HOUR]) {
      backend.clock.advance(wait);
      expect(problemOf(await send(await atPassword(username), right(giver)))).toMatchObject({
        status: 403,
        code: 'code.locked',
        title: 'Too many wrong codes.',
        detail: 'Ways other than this one still work.',
      });
    }
    const fresh = await atPassword(username);
    expect((await fresh.call<Session>('session')).body.ways.sort()).toEqual(['recovery-codes', 'security-key']);
    expect(codeOf(await fresh.call('spareCodeStep', { body: { code: spare[0] } }))).toBe(200);
    expect((await (await atPassword(username)).secondStep(key)).status).toBe(200);
    // The last working way stays, and a stopped one does not count as one.
    expect((await browser.secondStep(key)).status).toBe(200);
    const keyId = shown.find(({ kind }) => kind === 'security-key')?.id ?? '';
    expect(codeOf(await browser.call('removeAuthenticator', { params: { id: keyId } }))).toBe('authenticator.last-way');
    const rows = await backend.domain.store.read.audit.list(1, 100_000);
    expect(rows.filter(({ event, personId }) => event === 'authenticator.suspended' && personId === id)).toHaveLength(1);
    expect(JSON.stringify(rows)).not.toContain(spare[0]);
  }, 120_000);

  it('count against every source, and at the same place no longer once one of them fits', async () => {
    const { id, browser, giver } = await somebody();
    const other = await enrollCodes(browser, now(), { kind: 'hotp' });
    const failures = async (): Promise<number[]> => {
      const rows = await backend.domain.store.read.codes.listOf(id);
      return [giver, other].map((one) => rows.find(({ authenticatorId }) => authenticatorId === one.id)?.failures ?? -1);
    };
    for (let tries = 0; tries < 3; tries += 1) expect(codeOf(await send(browser, wrong(giver)))).toBe('code.wrong');
    for (let tries = 0; tries < 2; tries += 1) expect(codeOf(await send(browser, wrong(giver), '203.0.113.7'))).toBe('code.wrong');
    expect(await failures()).toEqual([5, 5]);
    expect(codeOf(await send(browser, right(giver)))).toBe(200);
    expect(await failures()).toEqual([0, 2]);
    // Somebody who types a code wrong now and then, for years, does not lose the token in the drawer.
    for (let days = 0; days < 120; days += 1) {
      backend.clock.advance(24 * HOUR);
      expect(codeOf(await send(browser, wrong(giver)))).toBe('code.wrong');
      expect(codeOf(await send(browser, right(giver)))).toBe(200);
    }
    expect(await failures()).toEqual([0, 2]);
    expect(codeOf(await send(browser, other.at(1)))).toBe(200);
    expect(await failures()).toEqual([0, 0]);
  }, 60_000);

  it('of a password stop the password alone, and the other way round (C23)', async () => {
    const { username, browser, giver } = await somebody();
    for (let tries = 0; tries < 6; tries += 1) await new Browser(backend).password(username, 'wrong');
    expect(codeOf(await new Browser(backend).password(username, 'secret'))).toBe('request.rate-limited');
    expect(codeOf(await send(browser, right(giver)))).toBe(200);
    for (let tries = 0; tries < 6; tries += 1) await send(browser, wrong(giver));
    expect(codeOf(await send(browser, right(giver)))).toBe('request.rate-limited');
    backend.clock.advance(10 * SECOND);
    expect(codeOf(await new Browser(backend).password(username, 'wrong'))).toBe('password.wrong');
    backend.clock.advance(HOUR);
    expect(codeOf(await new Browser(backend).password(username, 'secret'))).toBe(200);
  });

  it('and wrong spare codes have counters of their own, at the same place too (C23)', async () => {
    const { browser, giver } = await somebody();
    const spare = (await browser.call<SpareCodes>('spareCodes')).body.codes;
    const spend = async (typed = ''): Promise<string | number> => codeOf(await browser.call('spareCodeStep', { body: { code: typed } }));
    for (let tries = 0; tries < 5; tries += 1) expect(codeOf(await send(browser, wrong(giver)))).toBe('code.wrong');
    expect(codeOf(await send(browser, right(giver)))).toBe('request.rate-limited');
    expect(await spend(spare[0])).toBe(200);
    expect(codeOf(await send(browser, right(giver)))).toBe('request.rate-limited');
    backend.clock.advance(MINUTE);
    expect(codeOf(await send(browser, right(giver)))).toBe(200);
    for (let tries = 0; tries < 5; tries += 1) expect(await spend('ABCDEFGHJKLMNP')).toBe('spare-code.wrong');
    expect(await spend(spare[1])).toBe('request.rate-limited');
    backend.clock.advance(MINUTE);
    for (let tries = 0; tries < 4; tries += 1) expect(codeOf(await send(browser, wrong(giver)))).toBe('code.wrong');
    expect(codeOf(await send(browser, right(giver)))).toBe(200);
  });

  it('that a clock of the server caused lock nobody out when it is right again (C16)', async () => {
    const { browser, giver } = await somebody();
    const truth = now();
    // A day ahead, the true codes are wrong; typed again and again, they make people wait longer and longer.
    for (const ahead of [24 * HOUR, -24 * HOUR]) {
      backend.clock.advance(ahead);
      for (let tries = 0; tries < 12; tries += 1) {
        expect(codeOf(await send(browser, giver.at(step(giver, truth + tries * MINUTE))))).toBe('code.wrong');
        backend.clock.advance(HOUR);
      }
      expect(codeOf(await send(browser, giver.at(step(giver, truth + HOUR))))).toBe('code.wrong');
      expect(codeOf(await send(browser, giver.at(step(giver, truth + HOUR))))).toBe('request.rate-limited');
      backend.clock.advance(-ahead);
      // No wait that was made then is longer than the longest from here.
      backend.clock.advance(HOUR);
      expect(codeOf(await send(browser, right(giver))), String(ahead)).toBe(200);
      backend.clock.advance(MINUTE);
    }
  });

  it('that are to prove a new source end its enrollment after twenty, however many come at once (C20)', async () => {
    const { browser } = await somebody();
    const begun = giverOf((await browser.call<CodeEnrollment>('codeEnrollment')).body);
    const prove = async (typed: string): Promise<string | number> =>
      codeOf(await browser.call('finishCodeEnrollment', { params: { id: begun.id }, body: { code: typed, name: 'New' } }));
    const typed = wrong(begun);
    const answers = await Promise.all(Array.from({ length: 200 }, () => prove(typed)));
    expect([count(answers, 'code.wrong'), count(answers, 'ceremony.ended')]).toEqual([20, 180]);
    expect(await prove(right(begun))).toBe('ceremony.ended');
    expect((await browser.call<Session>('session')).body.ways.sort()).toEqual(['security-key', 'totp']);
  });

  it('of a stopped source do not turn the password into a way to add one', async () => {
    people += 1;
    const username = `person${people}`;
    await backend.addPerson(username, 'secret');
    const giver = await enrollCodes(await atPassword(username), now());
    const thief = await atPassword(username);
    for (let tries = 0; tries < 100; tries += 1) {
      backend.clock.advance(HOUR);
      expect(codeOf(await send(thief, wrong(giver)))).toBe('code.wrong');
    }
    const again = await atPassword(username);
    expect((await again.call<Session>('session')).body).toMatchObject({ state: 'password', ways: [] });
    for (const name of ['registrationOptions', 'codeEnrollment', 'pairingCode', 'spareCodes'] as const) {
      expect(codeOf(await again.call(name))).toBe('session.second-step-missing');
    }
  }, 60_000);

  it('or right ones open nothing for an account that was closed, whichever way (C22)', async () => {
    const { id, username, browser, key, giver } = await somebody();
    const spare = (await browser.call<SpareCodes>('spareCodes')).body.codes;
    const desktop = new Desktop(backend);
    desktop.now = now;
    await desktop.pair((await browser.call<PairingCode>('pairingCode')).body.code);
    const half = await atPassword(username);
    const token = half.cookies.get('doorstep') ?? '';
    const current = await currentSession(backend.domain, token);
    if (current === null) throw new Error('there is no session');
    const ceremony = (await half.call<Ceremony>('assertionOptions')).body;
    const approval = (await half.call<ApprovalRequest>('beginApproval', { body: {} })).body;
    const waiting = await somebody();
    const asked = (await service.call<Challenge>('createChallenge', { body: { username: waiting.username } })).body;
    await backend.domain.store.transaction((tx) => tx.people.disable(id, now()));
    await backend.domain.store.transaction((tx) => tx.people.disable(waiting.id, now()));
    expect(codeOf(await half.call('codeStep', { body: { code: right(giver) } }))).toBe('session.missing');
    expect(codeOf(await half.call('spareCodeStep', { body: { code: spare[0] } }))).toBe('session.missing');
    const body = { ceremonyId: ceremony.ceremonyId, credential: key.assert(ceremony.options, half.origin) };
    expect(codeOf(await half.call('assertionStep', { body }))).toBe('session.missing');
    expect(codeOf(await half.call('finishApproval', { params: { id: approval.id } }))).toBe('session.missing');
    expect(codeOf(await desktop.call('deviceSnapshot'))).toBe('person.disabled');
    expect(codeOf(await new Browser(backend).password(username, 'secret'))).toBe('person.disabled');
    expect(codeOf(await service.call('challengeCode', { params: { id: asked.id }, body: { code: right(waiting.giver) } }))).toBe(
      'person.disabled',
    );
    // Nor where the account is closed between the look at the session and the decision.
    const caller = { source: '127.0.0.1' };
    await expect(codeStep(backend.domain, caller, current, { code: right(giver), challengeId: null })).rejects.toMatchObject({
      code: 'person.disabled',
    });
    await expect(spareCodeStep(backend.domain, caller, current, { code: spare[0] ?? '', challengeId: null })).rejects.toMatchObject({
      code: 'person.disabled',
    });
    expect(await backend.domain.store.read.sessions.byTokenHash(current.session.tokenHash)).toMatchObject({ state: 'password' });
  });

  it('or right ones of a source that is removed between the look and the decision open nothing', async () => {
    const { username, browser, giver } = await somebody();
    const half = await atPassword(username);
    const current = await currentSession(backend.domain, half.cookies.get('doorstep') ?? '');
    if (current === null) throw new Error('there is no session');
    const { store } = backend.domain;
    let removals = 0;
    const meanwhile: Domain = {
      ...backend.domain,
      store: {
        ...store,
        async transaction(work) {
          removals += 1;
          expect((await browser.call('removeAuthenticator', { params: { id: giver.id } })).status).toBe(204);
          return store.transaction(work);
        },
      },
    };
    const typed = { code: right(giver), challengeId: null };
    await expect(codeStep(meanwhile, { source: '127.0.0.1' }, current, typed)).rejects.toMatchObject({ code: 'code.wrong' });
    expect(removals).toBe(1);
    expect((await half.call<Session>('session')).body.state).toBe('password');
    expect(await store.read.codes.listOf((await person(browser)).id)).toEqual([]);
  });

  it('or right ones of a source that is removed at the same moment leave nobody inside', async () => {
    const { id, username, browser, giver } = await somebody();
    const half = await atPassword(username);
    const [typed, removed] = await Promise.all([
      send(half, right(giver)).then(codeOf),
      browser.call('removeAuthenticator', { params: { id: giver.id } }).then(codeOf),
    ]);
    expect(removed).toBe(204);
    // Let in before the removal, the session ended with the source; after it, nothing fitted.
    const { state } = (await half.call<Session>('session')).body;
    expect([typed, state]).toEqual(typed === 200 ? [200, 'none'] : ['code.wrong', 'password']);
    const rows = (await backend.domain.store.read.audit.list(1, 100_000)).filter(({ personId }) => personId === id);
    const steps = rows.filter(({ event, facts }) => event === 'session.second-step' && facts['authenticatorId'] === giver.id);
    expect(steps.filter(({ outcome }) => outcome === 'done')).toHaveLength(typed === 200 ? 1 : 0);
    backend.clock.advance(MINUTE);
    expect(codeOf(await send(await atPassword(username), right(giver)))).toBe('code.wrong');
  });

  const person = async (browser: Browser): Promise<{ id: string }> => {
    const { person: who } = (await browser.call<Session>('session')).body;
    if (who === null) throw new Error('nobody is signed in');
    return who;
  };
  const freshly = async <T>(browser: Browser, key: SoftwareKey, work: () => Promise<T>): Promise<T> => {
    expect((await browser.secondStep(key)).status).toBe(200);
    return work();
  };
});

onEachStore('wrong codes from one address', (_dialect, environment) => {
  let backend: BackendHere;
  const now = (): number => backend.clock.now();
  beforeAll(async () => {
    backend = await startBackendHere({ environment: { ...(await environment()), DOORSTEP_TRUSTED_PROXIES: '127.0.0.1' } });
  });
  afterAll(() => backend.stop());

  it('make everybody there wait, whoever they were about, and stop no spare code (C23)', async () => {
    const givers: Giver[] = [];
    const halves: Browser[] = [];
    let spare: readonly string[] = [];
    for (let people = 0; people < 12; people += 1) {
      await backend.addPerson(`person${people}`, 'secret');
      const browser = new Browser(backend);
      await browser.password(`person${people}`, 'secret');
      givers.push(await enrollCodes(browser, now()));
      halves.push(browser);
      if (people === 11) spare = (await browser.call<SpareCodes>('spareCodes')).body.codes;
    }
    backend.clock.advance(MINUTE);
    const send = async (who: number, typed: string, from: string, how: 'codeStep' | 'spareCodeStep' = 'codeStep') =>
      codeOf(await (halves[who] as Browser).call(how, { body: { code: typed }, headers: { 'x-forwarded-for': from } }));
    const right = (who: number): string => givers[who]?.at(step(givers[who], now())) ?? '';
    // Of one network, as IPv6 gives them out: each of the fifty comes from an address of its own.
    for (let tries = 0; tries < 50; tries += 1) {
      expect(await send(tries % 11, '000000', `2001:db8:0:1::${(tries + 1).toString(16)}`), String(tries)).toBe('code.wrong');
    }
    expect(await send(11, right(11), '2001:db8:0:1:ffff::1')).toBe('request.rate-limited');
    expect(await send(11, spare[0] ?? '', '2001:db8:0:1:ffff::1', 'spareCodeStep')).toBe(200);
    expect(await send(11, right(11), '2001:db8:0:2::1')).toBe(200);
    backend.clock.advance(10 * SECOND);
    expect(await send(0, right(0), '2001:db8:0:1::1')).toBe(200);
  });
});
