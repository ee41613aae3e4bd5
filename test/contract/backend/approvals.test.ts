/** Approvals: the page shows a number, the person types it into a paired desktop, the page goes on. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { beginApproval } from '../../../src/backend/domain/approvals/begin-approval.ts';
import { decideChallenge } from '../../../src/backend/domain/approvals/decide.ts';
import { newId } from '../../../src/backend/domain/identifiers.ts';
import { currentSession } from '../../../src/backend/domain/sessions/current-session.ts';
import type { ApprovalRequest, ApprovalStatus } from '../../../src/contract/http/approvals.ts';
import type { Challenge, DeviceSnapshot } from '../../../src/contract/http/shapes.ts';
import { type Browser, Desktop, problemOf, type Service, type SignatureTwist } from '../../support/backend.ts';
import { type BackendHere, startBackendHere } from '../../support/backend-here.ts';
import { onEachStore } from '../../support/each-store.ts';
import { codeOf, Household } from '../../support/household.ts';

const RETURN = 'https://library.example/returned';
/** As of a browser and a desktop at different places. */
const ELSEWHERE = { 'x-forwarded-for': '203.0.113.7' };

onEachStore('approvals', (_dialect, environment) => {
  let backend: BackendHere;
  let house: Household;
  let desktop: Desktop;
  let library: Service;
  let vpn: Service;

  beforeAll(async () => {
    backend = await startBackendHere({ environment: { ...(await environment()), DOORSTEP_TRUSTED_PROXIES: '127.0.0.1' } });
    house = await Household.open(backend, 'amina');
    desktop = await house.desktop();
    library = await backend.addService('Library', [RETURN]);
    vpn = await backend.addService('VPN');
  });
  afterAll(() => backend.stop());
  // What was denied or asked too often before is forgotten by then.
  beforeEach(() => backend.clock.advance(25 * 3_600_000));

  const begun = async (browser: Browser, challengeId?: string): Promise<ApprovalRequest> => {
    const answer = await browser.begin(challengeId);
    expect(codeOf(answer)).toBe(201);
    return answer.body;
  };
  const statusOf = async (browser: Browser, id: string) => (await browser.call<ApprovalStatus>('approval', { params: { id } })).body.state;
  const waiting = async (at = desktop) => (await at.call<DeviceSnapshot>('deviceSnapshot')).body.challenges;
  const other = (number: string): string => number.replace(/^./, (digit) => String((Number(digit) + 1) % 10));
  const ask = async (service: Service, body: object): Promise<Challenge> => {
    const answer = await service.call<Challenge>('createChallenge', { body });
    expect(codeOf(answer)).toBe(201);
    return answer.body;
  };
  const read = async (service: Service, id: string, query = ''): Promise<Challenge> =>
    (await service.call<Challenge>('challenge', { params: { id }, query })).body;
  const trail = () => backend.domain.store.read.audit.list(1, 100_000);
  const about = async (id: string) => (await trail()).filter(({ subjectId }) => subjectId === id);

  it('let a person in: from the number on the page to the full session', async () => {
    const stream = await desktop.events();
    expect((await stream.next())?.challenges).toEqual([]);
    const browser = await house.withPassword();
    const headers = { 'user-agent': 'Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:140.0) Gecko/20100101 Firefox/140.0' };
    const { body: request } = await browser.call<ApprovalRequest>('beginApproval', { headers });
    expect(request.number).toMatch(/^\d{6}$/);
    expect(Date.parse(request.expiresAt) - Date.parse(request.createdAt)).toBe(300_000);
    const shown = (await stream.next())?.challenges ?? [];
    expect(shown).toMatchObject([
      {
        id: request.id,
        serviceName: 'Doorstep',
        asked: { address: '127.0.0.1', browser: 'Firefox on Windows' },
        number: { digits: 6, triesLeft: 3 },
        byKey: false,
      },
    ]);
    const held = browser.call<ApprovalStatus>('approval', { params: { id: request.id }, query: '?wait=30' });
    expect(codeOf(await desktop.approve(request, request.number))).toBe(204);
    expect((await held).body.state).toBe('approved');
    expect((await stream.next())?.challenges).toEqual([]);
    stream.stop();
    const entered = await browser.finish(request.id);
    expect(entered.body).toMatchObject({ state: 'full', returnTo: null, person: { username: 'amina' } });
    expect(codeOf(await browser.call('authenticators'))).toBe(200);
    const rows = await about(request.id);
    expect(rows.map(({ event }) => event)).toEqual(['challenge.created', 'challenge.approved']);
    expect((await trail()).at(-1)).toMatchObject({
      event: 'session.second-step',
      facts: { authenticatorId: desktop.deviceId, amr: 'swk mca', assurance: 'same-device' },
    });
    expect(JSON.stringify([shown, await trail()])).not.toContain(request.number);
  });

  it('refresh the second step of a session that is full', async () => {
    const browser = await house.signedIn();
    const before = new Map(browser.cookies);
    backend.clock.advance(11 * 60_000);
    expect(codeOf(await browser.call('pairingCode'))).toBe('session.stale');
    const request = await begun(browser);
    await desktop.approve(request, request.number);
    expect(codeOf(await browser.finish(request.id))).toBe(200);
    expect(browser.cookies).not.toEqual(before);
    expect(codeOf(await browser.call('pairingCode'))).toBe(201);
  });

  describe('the number', () => {
    it('may be typed wrong twice; the third time ends the request, and counts as a denial', async () => {
      const browser = await house.withPassword();
      const request = await begun(browser);
      for (const triesLeft of [2, 1]) {
        const answer = await desktop.approve(request, other(request.number));
        expect(problemOf(answer)).toMatchObject({ code: 'approval.number-wrong', facts: { triesLeft } });
        expect(await waiting()).toMatchObject([{ number: { triesLeft } }]);
      }
      const last = await desktop.approve(request, other(request.number));
      expect(problemOf(last)).toMatchObject({ code: 'approval.number-wrong', facts: { triesLeft: 0 } });
      expect(codeOf(await desktop.approve(request, request.number))).toBe('challenge.ended');
      expect(await statusOf(browser, request.id)).toBe('canceled');
      expect(codeOf(await browser.finish(request.id))).toBe('challenge.ended');
      expect(problemOf(await browser.begin())).toMatchObject({ code: 'request.rate-limited', facts: { retryAfterSeconds: 30 } });
      const rows = await about(request.id);
      expect(rows.map(({ event, reason }) => [event, reason])).toEqual([
        ['challenge.created', null],
        ...Array.from({ length: 3 }, () => ['challenge.refused', 'approval.number-wrong']),
        ['challenge.canceled', 'approval.number-wrong'],
      ]);
    });

    it('is counted before it is looked at (C20): of a hundred wrong ones at once three are', async () => {
      const browser = await house.withPassword();
      const request = await begun(browser);
      const answers = await Promise.all(Array.from({ length: 100 }, () => desktop.approve(request, other(request.number))));
      const codes = answers.map(codeOf);
      expect(codes.filter((one) => one === 'approval.number-wrong')).toHaveLength(3);
      expect(codes.filter((one) => one === 'challenge.ended')).toHaveLength(97);
    });

    it('of one request is none of another', async () => {
      const browser = await house.withPassword();
      const first = await begun(browser);
      const second = await begun(browser);
      expect(await statusOf(browser, first.id)).toBe('canceled');
      expect(codeOf(await desktop.approve(first, first.number))).toBe('challenge.ended');
      if (first.number !== second.number) {
        expect(codeOf(await desktop.approve(second, first.number))).toBe('approval.number-wrong');
      }
      expect(codeOf(await desktop.approve(second, second.number))).toBe(204);
    });

    it('is kept nowhere in plain', async () => {
      const browser = await house.withPassword();
      const request = await begun(browser);
      const stored = await backend.domain.store.read.challenges.byId(request.id);
      expect(JSON.stringify(stored)).not.toContain(request.number);
      expect(stored?.numberHash).toMatch(/^[\w-]{43}$/);
      // Nor can it be guessed from the database alone: what hashes it is sealed with a key that is elsewhere.
      const sealed = (await backend.domain.store.read.facts.get('approval-number-secret')) ?? '';
      const [keyId = '', secret = ''] = sealed.split('.');
      expect(keyId).toBe(await backend.domain.store.read.facts.get('seed-key'));
      expect(secret).toMatch(/^[\w-]{80}$/);
    });
  });

  describe('a statement', () => {
    it.each<[string, SignatureTwist]>([
      ['about another request', { claims: { challengeId: 'AAAAAAAAAAAAAAAAAAAAAA' } }],
      ['about another service', { claims: { service: 'VPN' } }],
      ['about another person', { claims: { person: 'AAAAAAAAAAAAAAAAAAAAAA' } }],
      ['of another desktop', { claims: { device: 'AAAAAAAAAAAAAAAAAAAAAA' } }],
      ['of a minute ago', { claims: { iat: 1_700_000_000 } }],
      ['of the future', { claims: { iat: 4_000_000_000 } }],
      ['without a time', { claims: { iat: undefined } }],
      ['without a number', { claims: { number: null } }],
      ['with a number that is none', { claims: { number: '12345x' } }],
      ['with more in it', { claims: { more: 1 } }],
      ['of another decision', { claims: { decision: 'maybe' } }],
      ['of another type', { header: { typ: 'doorstep-device+jwt' } }],
      ['without a signature', { header: { alg: 'none' }, token: (token) => `${token.split('.').slice(0, 2).join('.')}.` }],
      ['with a changed signature', { token: (token) => `${token.slice(0, -2)}${token.endsWith('AA') ? 'BA' : 'AA'}` }],
      ['that is rubbish', { token: () => 'x.y.z' }],
    ])('%s approves nothing and costs no try', async (_name, twist) => {
      const browser = await house.withPassword();
      const request = await begun(browser);
      expect(codeOf(await desktop.decide(request, 'approve', request.number, twist))).toBe('approval.statement-wrong');
      expect(await waiting()).toMatchObject([{ id: request.id, number: { triesLeft: 3 } }]);
      expect((await about(request.id)).at(-1)).toMatchObject({ event: 'challenge.refused', reason: 'approval.statement-wrong' });
      await desktop.decide(request, 'deny');
    });

    it('by another key approves nothing (C48)', async () => {
      const browser = await house.withPassword();
      const request = await begun(browser);
      const thief = new Desktop(backend);
      Object.assign(thief, { deviceId: desktop.deviceId, personId: desktop.personId, now: desktop.now });
      const statement = thief.statement(request, 'approve', request.number);
      const params = { id: request.id };
      expect(codeOf(await desktop.call('deviceDecision', { params, body: { statement } }))).toBe('approval.statement-wrong');
      expect(codeOf(await thief.approve(request, request.number))).toBe('device.signature-wrong');
      await desktop.decide(request, 'deny');
    });

    it('works once, and for its own request alone (C48)', async () => {
      const browser = await house.withPassword();
      const first = await begun(browser);
      const statement = desktop.statement(first, 'approve', first.number);
      const send = (id: string) => desktop.call('deviceDecision', { params: { id }, body: { statement } });
      expect(codeOf(await send(first.id))).toBe(204);
      expect(codeOf(await send(first.id))).toBe('challenge.ended');
      const second = await begun(await house.withPassword());
      expect(codeOf(await send(second.id))).toBe('approval.statement-wrong');
      await desktop.decide(second, 'deny');
    });

    it('that is sent twice by the same signed request is refused the second time', async () => {
      const browser = await house.withPassword();
      const request = await begun(browser);
      const body = { statement: desktop.statement(request, 'approve', other(request.number)) };
      const twist = { claims: { jti: Buffer.alloc(16, 9).toString('base64url') } };
      const answers = await Promise.all(
        Array.from({ length: 20 }, () => desktop.call('deviceDecision', { params: { id: request.id }, body }, twist)),
      );
      expect(answers.map(codeOf).sort()).toEqual(['approval.number-wrong', ...Array.from({ length: 19 }, () => 'device.request-replayed')]);
      await desktop.decide(request, 'deny');
    });
  });

  describe('a denial', () => {
    it('ends the request, and makes the next one wait, longer each time, whatever happens between', async () => {
      const browser = await house.withPassword();
      for (const seconds of [30, 60, 120]) {
        const request = await begun(browser);
        expect(codeOf(await desktop.decide(request, 'deny'))).toBe(204);
        expect(await statusOf(browser, request.id)).toBe('denied');
        expect(codeOf(await browser.finish(request.id))).toBe('challenge.ended');
        for (const refused of [await browser.begin(), await vpn.call('createChallenge', { body: { username: 'amina' } })]) {
          expect(problemOf(refused)).toMatchObject({ code: 'request.rate-limited', facts: { retryAfterSeconds: seconds } });
        }
        backend.clock.advance(seconds * 1_000);
        // A request that is taken back does not make the next denial the first one again.
        if (seconds === 60) {
          const { id } = await begun(browser);
          expect(codeOf(await browser.call('cancelApproval', { params: { id } }))).toBe(204);
        }
      }
      const request = await begun(browser);
      await desktop.approve(request, request.number);
      const again = await begun(browser);
      await desktop.decide(again, 'deny');
      expect(problemOf(await browser.begin()).facts).toMatchObject({ retryAfterSeconds: 30 });
    });
  });

  describe('"this wasn’t me"', () => {
    it('denies, stops requests, ends half-open sessions, and tells the desk; only a key opens them again', async () => {
      const half = await house.withPassword();
      const full = await house.signedIn();
      const request = await begun(half);
      const reports = async () =>
        (await backend.domain.store.read.reports.listOpen(1_000)).filter(({ subjectId }) => subjectId === request.id);
      expect(codeOf(await desktop.decide(request, 'not-me'))).toBe(204);
      expect((await half.call<{ state: string }>('session')).body.state).toBe('none');
      expect((await full.call<{ state: string }>('session')).body.state).toBe('full');
      expect(await reports()).toMatchObject([{ kind: 'not-me', personId: house.person.id, facts: { denied: true } }]);
      expect((await about(request.id)).map(({ event }) => event)).toEqual(['challenge.created', 'challenge.denied', 'approval.stopped']);
      const { policy } = (await desktop.call<DeviceSnapshot>('deviceSnapshot')).body;
      expect(policy).toMatchObject({ approvals: true, approvalsStopped: true });
      const next = await house.withPassword();
      expect((await next.call<{ ways: string[] }>('session')).body.ways).toEqual(['security-key']);
      expect(codeOf(await next.begin())).toBe('approval.stopped');
      backend.clock.advance(3_600_000);
      const asked = await ask(vpn, { username: 'amina' });
      expect(asked.number).toBeNull();
      expect(codeOf(await desktop.decide({ id: asked.id, serviceName: 'VPN' }, 'approve', '123456'))).toBe('approval.stopped');
      await vpn.call('cancelChallenge', { params: { id: asked.id } });
      expect(codeOf(await (await house.withPassword()).call('resumeApprovals'))).toBe('session.second-step-missing');
      expect(codeOf(await (await house.signedIn()).call('resumeApprovals'))).toBe(204);
      expect(codeOf(await (await house.withPassword()).begin())).toBe(201);
      await desktop.decide((await waiting())[0] ?? { id: '', serviceName: '' }, 'deny');
    });

    it('also counts for a request that has ended meanwhile', async () => {
      const browser = await house.withPassword();
      const request = await begun(browser);
      await browser.call('cancelApproval', { params: { id: request.id } });
      expect(codeOf(await desktop.decide(request, 'deny'))).toBe('challenge.ended');
      expect(codeOf(await desktop.decide(request, 'not-me'))).toBe(204);
      expect(await statusOf(await house.signedIn(), request.id)).toBeUndefined();
      expect((await backend.domain.store.read.challenges.byId(request.id))?.state).toBe('canceled');
      expect(codeOf(await (await house.withPassword()).begin())).toBe('approval.stopped');
      expect(codeOf(await (await house.signedIn()).call('resumeApprovals'))).toBe(204);
    });

    it('is not taken back with another approval', async () => {
      const browser = await house.withPassword();
      const request = await begun(browser);
      await desktop.approve(request, request.number);
      expect(codeOf(await browser.finish(request.id))).toBe(200);
      expect(codeOf(await browser.call('resumeApprovals'))).toBe('approvals.want-key');
    });
  });

  describe('the redemption', () => {
    const approved = async (): Promise<{ browser: Browser; id: string }> => {
      const browser = await house.withPassword();
      const request = await begun(browser);
      expect(codeOf(await desktop.approve(request, request.number))).toBe(204);
      return { browser, id: request.id };
    };
    const expectRefused = async (browser: Browser, id: string, reason: string): Promise<void> => {
      expect(codeOf(await browser.finish(id))).toBe(reason);
      expect((await about(id)).at(-1)).toMatchObject({ event: 'session.second-step', outcome: 'refused', reason });
      // Used up all the same.
      expect((await backend.domain.store.read.challenges.byId(id))?.redeemedAt).not.toBeNull();
    };

    it('works once', async () => {
      const { browser, id } = await approved();
      expect(codeOf(await browser.finish(id))).toBe(200);
      expect(codeOf(await browser.finish(id))).toBe('challenge.ended');
    });

    it('wants an approval', async () => {
      const browser = await house.withPassword();
      const request = await begun(browser);
      expect(codeOf(await browser.finish(request.id))).toBe('challenge.ended');
      expect((await browser.call<{ state: string }>('session')).body.state).toBe('password');
      await desktop.decide(request, 'deny');
    });

    it('comes within a minute', async () => {
      const { browser, id } = await approved();
      backend.clock.advance(60_000);
      expect(codeOf(await browser.finish(id))).toBe('challenge.ended');
    });

    it('comes within the life of the request', async () => {
      const browser = await house.withPassword();
      const request = await begun(browser);
      backend.clock.advance(290_000);
      expect(codeOf(await desktop.approve(request, request.number))).toBe(204);
      backend.clock.advance(10_000);
      expect(codeOf(await browser.finish(request.id))).toBe('challenge.ended');
    });

    it('is the session’s that began it', async () => {
      const { browser, id } = await approved();
      for (const foreign of [await house.withPassword(), await house.signedIn()]) {
        expect(codeOf(await foreign.finish(id))).toBe('challenge.not-found');
        expect(codeOf(await foreign.call('approval', { params: { id } }))).toBe('challenge.not-found');
        expect(codeOf(await foreign.call('cancelApproval', { params: { id } }))).toBe('challenge.not-found');
      }
      expect(codeOf(await browser.finish(id))).toBe(200);
    });

    it('is blocked by a stop that came after the approval (C21)', async () => {
      const { browser, id } = await approved();
      await backend.domain.store.transaction((tx) => tx.people.stopApprovals(house.person.id, backend.clock.now()));
      await expectRefused(browser, id, 'approval.stopped');
      await backend.domain.store.transaction((tx) => tx.people.stopApprovals(house.person.id, null));
      expect(codeOf(await browser.finish(id))).toBe('challenge.ended');
    });

    it('is blocked by the removal of the desktop that approved (C21)', async () => {
      const { browser, id } = await approved();
      const owner = await house.signedIn();
      expect(codeOf(await owner.call('removeAuthenticator', { params: { id: desktop.deviceId } }))).toBe(204);
      await expectRefused(browser, id, 'authenticator.suspended');
      desktop = await house.desktop();
    });

    it('is blocked where the key of the desktop turned out to be copied (C21)', async () => {
      const { browser, id } = await approved();
      await backend.domain.store.transaction((tx) => tx.authenticators.suspend(desktop.deviceId, 'copied'));
      await expectRefused(browser, id, 'authenticator.suspended');
      desktop = await house.desktop();
    });

    it('is blocked by a lock of the password that began after the request (C21)', async () => {
      const { browser, id } = await approved();
      const limit = backend.domain.policy.limits.passwordPerAccount.free;
      for (let tries = 0; tries < limit; tries += 1) {
        await browser.call('passwordStep', {
          body: { username: 'amina', password: 'wrong' },
          headers: { 'x-forwarded-for': `198.51.100.${tries}`, cookie: '' },
        });
      }
      expect(codeOf(await browser.finish(id))).toBe('request.rate-limited');
      expect((await trail()).at(-1)).toMatchObject({ event: 'session.second-step', outcome: 'refused', reason: 'request.rate-limited' });
      expect(codeOf(await browser.finish(id))).toBe('challenge.ended');
    });

    it('is blocked where the account is closed (C21, C22)', async () => {
      const closed = await Household.open(backend, `closed${Math.random()}`);
      const theirs = await closed.desktop();
      const browser = await closed.withPassword();
      const request = await begun(browser);
      await theirs.approve(request, request.number);
      await backend.domain.store.transaction((tx) => tx.people.disable(closed.person.id, backend.clock.now()));
      expect(codeOf(await browser.finish(request.id))).toBe('session.missing');
      expect(codeOf(await theirs.hello())).toBe('person.disabled');
      expect((await backend.domain.store.read.challenges.byId(request.id))?.redeemedAt).toBeNull();
    });
  });

  it('end after five minutes, and a late number counts for nothing', async () => {
    const browser = await house.withPassword();
    const request = await begun(browser);
    backend.clock.advance(300_000);
    expect(codeOf(await desktop.approve(request, request.number))).toBe('challenge.ended');
    expect(await statusOf(browser, request.id)).toBe('expired');
    expect(await waiting()).toEqual([]);
    expect(codeOf(await browser.begin())).toBe(201);
    await desktop.decide((await waiting())[0] ?? { id: '', serviceName: '' }, 'deny');
  });

  describe('one at a time', () => {
    it('of whichever session or service', async () => {
      const browser = await house.withPassword();
      const request = await begun(browser);
      expect(codeOf(await (await house.withPassword()).begin())).toBe('challenge.pending-exists');
      expect(codeOf(await vpn.call('createChallenge', { body: { username: 'amina' } }))).toBe('challenge.pending-exists');
      await browser.call('cancelApproval', { params: { id: request.id } });
      expect(await waiting()).toEqual([]);
      const asked = await ask(vpn, { username: 'amina' });
      expect(codeOf(await browser.begin())).toBe('challenge.pending-exists');
      await vpn.call('cancelChallenge', { params: { id: asked.id } });
    });

    it('and none of a session that has ended', async () => {
      const browser = await house.withPassword();
      const first = await begun(browser);
      await browser.call('signOut');
      expect((await about(first.id)).at(-1)?.event).toBe('challenge.canceled');
      const again = await house.withPassword();
      const second = await begun(again);
      await again.password('amina', 'secret');
      expect((await about(second.id)).at(-1)?.event).toBe('challenge.canceled');
      expect(await waiting()).toEqual([]);
    });

    const waitsForAmina = () => backend.domain.store.read.challenges.pendingOf(house.person.id, backend.clock.now());

    it.each(['signOut', 'passwordStep'] as const)('and none of a session that ended after it was known, by %s', async (end) => {
      const browser = await house.withPassword();
      const current = await currentSession(backend.domain, [...browser.cookies.values()][0] ?? null);
      if (current === null) throw new Error('no session');
      await browser.call(end, end === 'passwordStep' ? { body: { username: 'amina', password: 'secret' } } : {});
      const begin = beginApproval(backend.domain, { source: '198.51.100.4' }, current, { challengeId: null, browser: null });
      await expect(begin).rejects.toMatchObject({ code: 'session.missing' });
      expect(await waitsForAmina()).toEqual([]);
    });

    it('and none of a session that ends at that moment', async () => {
      for (let round = 0; round < 40; round += 1) {
        backend.clock.advance(25 * 3_600_000);
        const browser = await house.withPassword();
        const ended = new Promise((resolve) => setTimeout(resolve, (round % 20) / 2)).then(() => browser.call('signOut'));
        const [begin] = await Promise.all([browser.begin(), ended]);
        expect([201, 'session.missing']).toContain(codeOf(begin));
        // Whichever came first, nothing waits that nobody can take back.
        expect(await waitsForAmina()).toEqual([]);
      }
    });

    it('and of twenty begun at once', async () => {
      const browsers: Browser[] = [];
      for (let count = 0; count < 20; count += 1) browsers.push(await house.withPassword());
      const answers = await Promise.all(browsers.map((browser) => browser.begin()));
      expect(answers.map(codeOf).sort()).toEqual([201, ...Array.from({ length: 19 }, () => 'challenge.pending-exists')]);
      await desktop.decide((await waiting())[0] ?? { id: '', serviceName: '' }, 'deny');
    });
  });

  describe('requests of a service', () => {
    it('that name the person are approved with the number that the service shows', async () => {
      const asked = await ask(vpn, { username: 'amina', place: 'Reading room' });
      expect(asked.number).toMatch(/^\d{6}$/);
      expect(await waiting()).toMatchObject([
        { id: asked.id, serviceName: 'VPN', place: 'Reading room', asked: null, number: { digits: 6 }, byKey: true },
      ]);
      expect((await read(vpn, asked.id)).number).toBeNull();
      const held = vpn.call<Challenge>('challenge', { params: { id: asked.id }, query: '?wait=30' });
      const request = { id: asked.id, serviceName: 'VPN' };
      expect(codeOf(await desktop.approve(request, asked.number ?? ''))).toBe(204);
      expect((await held).body).toMatchObject({
        state: 'approved',
        // Nobody knows at which computer the service shows it.
        result: { amr: ['swk', 'mca'], assurance: 'same-device', userVerified: false, authenticatorId: desktop.deviceId },
      });
    });

    it('become the page’s own, with a number of its own', async () => {
      const asked = await ask(library, { username: 'amina', returnTo: RETURN, place: 'Reading room' });
      const browser = await house.withPassword(asked.id);
      const request = await begun(browser);
      expect(request).toMatchObject({ id: asked.id, serviceName: 'Library', place: 'Reading room' });
      expect(await waiting()).toMatchObject([{ id: asked.id, asked: { address: '127.0.0.1' }, byKey: false }]);
      if (asked.number !== request.number) {
        expect(codeOf(await desktop.approve(request, asked.number ?? ''))).toBe('approval.number-wrong');
      }
      // A key at the desktop would let in a page that nobody compared.
      expect(codeOf(await desktop.answer(asked.id, house.key))).toBe('challenge.not-found');
      expect(codeOf(await (await house.withPassword(asked.id)).begin())).toBe('challenge.pending-exists');
      expect(codeOf(await desktop.approve(request, request.number))).toBe(204);
      expect(await read(library, asked.id)).toMatchObject({
        state: 'approved',
        result: { amr: ['pwd', 'swk', 'mca', 'mfa'], assurance: 'same-device' },
      });
      const entered = (await browser.finish(asked.id)).body;
      expect(entered).toMatchObject({ state: 'full', returnTo: `${RETURN}?challenge=${asked.id}` });
    });

    it('are given back when the page is left, and a key in the browser answers them', async () => {
      const asked = await ask(library, { username: 'amina', returnTo: RETURN });
      const browser = await house.withPassword(asked.id);
      const request = await begun(browser);
      expect(codeOf(await browser.call('cancelApproval', { params: { id: asked.id } }))).toBe(204);
      expect(await waiting()).toMatchObject([{ id: asked.id, number: null, asked: null, byKey: true }]);
      expect(codeOf(await desktop.approve(request, request.number))).toBe('approval.number-wrong');
      expect((await browser.secondStep(house.key)).body).toMatchObject({ state: 'full' });
      expect(await read(library, asked.id)).toMatchObject({ state: 'approved', result: { assurance: 'phishing-resistant' } });
    });

    it('that a key in the browser has answered are not redeemed again', async () => {
      const asked = await ask(library, { username: 'amina', returnTo: RETURN });
      const browser = await house.withPassword(asked.id);
      await begun(browser);
      expect((await browser.secondStep(house.key)).body).toMatchObject({ state: 'full' });
      expect(codeOf(await browser.finish(asked.id))).toBe('challenge.ended');
    });

    it('that name nobody are answered with the page’s approval', async () => {
      const asked = await ask(library, { returnTo: RETURN, place: 'Reading room' });
      expect(asked.number).toBeNull();
      const browser = await house.withPassword(asked.id);
      const request = await begun(browser);
      expect(request.id).not.toBe(asked.id);
      // The page and the desktop say the same, so that a person can compare.
      expect(request).toMatchObject({ serviceName: 'Library', place: 'Reading room' });
      expect(await waiting()).toMatchObject([{ id: request.id, serviceName: 'Library', place: 'Reading room' }]);
      // The page's request is nobody else's.
      expect(codeOf(await library.call('challenge', { params: { id: request.id } }))).toBe('challenge.not-found');
      expect(codeOf(await library.call('cancelChallenge', { params: { id: request.id } }))).toBe('challenge.not-found');
      expect(codeOf(await browser.secondStep(house.key, {}, request.id))).toBe('challenge.not-found');
      expect(codeOf(await desktop.answer(request.id, house.key))).toBe('challenge.not-found');
      await desktop.approve(request, request.number);
      expect((await read(library, asked.id)).state).toBe('pending');
      const { returnTo } = (await browser.finish(request.id)).body;
      const back = new URL(returnTo ?? '').searchParams;
      expect(await read(library, asked.id, `?code=${back.get('code')}`)).toMatchObject({
        state: 'approved',
        result: { amr: ['pwd', 'swk', 'mca', 'mfa'], person: { username: 'amina' } },
      });
    });

    it('that ended before the page came for its approval let nobody in', async () => {
      const asked = await ask(library, { returnTo: RETURN });
      const browser = await house.withPassword(asked.id);
      const request = await begun(browser);
      await desktop.approve(request, request.number);
      await library.call('cancelChallenge', { params: { id: asked.id } });
      expect(codeOf(await browser.finish(request.id))).toBe('challenge.ended');
      expect((await browser.call<{ state: string }>('session')).body.state).toBe('password');
    });

    it('that want the person verified are not approved with a number', async () => {
      const asked = await ask(library, { username: 'amina', returnTo: RETURN, userVerification: 'required' });
      expect(asked.number).toBeNull();
      expect(codeOf(await (await house.withPassword(asked.id)).begin())).toBe('challenge.wants-verification');
      await library.call('cancelChallenge', { params: { id: asked.id } });
    });
  });

  it('tell a browser and a desktop at one address from those at two', async () => {
    const browser = await house.withPassword();
    const request = await begun(browser);
    const body = { statement: desktop.statement(request, 'approve', request.number) };
    expect(codeOf(await desktop.call('deviceDecision', { params: { id: request.id }, body, headers: ELSEWHERE }))).toBe(204);
    expect((await backend.domain.store.read.challenges.byId(request.id))?.result?.assurance).toBe('other-device');
    expect(codeOf(await browser.finish(request.id))).toBe(200);
    expect((await trail()).at(-1)?.facts).toMatchObject({ assurance: 'other-device' });
  });

  it('are one machine’s where the page is opened at one address and finished at the desktop’s', async () => {
    const browser = await house.withPassword();
    const { body: request } = await browser.call<ApprovalRequest>('beginApproval', { headers: ELSEWHERE });
    await desktop.approve(request, request.number);
    await browser.finish(request.id);
    expect((await trail()).at(-1)?.facts).toMatchObject({ assurance: 'same-device' });
  });

  it('want a desktop', async () => {
    const without = await Household.open(backend, `without${Math.random()}`);
    expect(codeOf(await (await without.withPassword()).begin())).toBe('approval.no-desktop');
    const stranger = await (await Household.open(backend, `stranger${Math.random()}`)).desktop();
    const request = await begun(await house.withPassword());
    expect(codeOf(await stranger.approve(request, request.number))).toBe('challenge.not-found');
    expect(codeOf(await stranger.decide(request, 'not-me'))).toBe('challenge.not-found');
    await desktop.decide(request, 'deny');
  });

  it('are made no more often than a person approves (C48)', async () => {
    const bombed = await Household.open(backend, `bombed${Math.random()}`);
    const theirs = await bombed.desktop();
    const browser = await bombed.withPassword();
    const { free } = backend.domain.policy.limits.pushesPerPerson;
    for (let pushes = 0; pushes < free; pushes += 1) {
      const { id } = await begun(browser);
      await browser.call('cancelApproval', { params: { id } });
    }
    for (const refused of [await browser.begin(), await vpn.call('createChallenge', { body: { username: bombed.person.username } })]) {
      expect(problemOf(refused)).toMatchObject({ code: 'request.rate-limited', facts: { retryAfterSeconds: 900 } });
    }
    expect((await waiting(theirs)).length).toBe(0);
    const alerts = (await backend.domain.store.read.reports.listOpen(1_000)).filter(({ personId }) => personId === bombed.person.id);
    expect(alerts).toMatchObject([{ kind: 'bombing', facts: { pushes: free } }]);
    const rows = (await trail()).filter(({ personId, event }) => personId === bombed.person.id && event === 'approval.bombing');
    expect(rows).toHaveLength(1);
    backend.clock.advance(900_000);
    const late = await bombed.withPassword();
    const request = await begun(late);
    expect(codeOf(await late.begin())).toBe('request.rate-limited');
    expect(codeOf(await theirs.approve(request, request.number))).toBe(204);
    for (let pushes = 0; pushes < 3; pushes += 1) {
      const { id } = await begun(late);
      await late.call('cancelApproval', { params: { id } });
    }
  });

  it('carry nothing but text that is fit to be shown (C49)', async () => {
    const evil = `<b>A&amp;\u202eB</b>\u0007\n\u2066${'x'.repeat(10_000)}`;
    const place = `<img src=x>&\u202e\u200b${'y'.repeat(100)}`;
    const service = await backend.addService(evil);
    const asked = await ask(service, { username: 'amina', place });
    const [shown] = await waiting();
    expect([...(shown?.serviceName ?? '')]).toHaveLength(64);
    expect(shown?.serviceName).toMatch(/^<b>A&amp;B<\/b> x+…$/);
    expect(shown?.place).toBe(`<img src=x>&${'y'.repeat(100)}`);
    expect(codeOf(await service.call('createChallenge', { body: { username: 'amina', place: 'z'.repeat(129) } }))).toBe(
      'request.malformed',
    );
    const request = { id: asked.id, serviceName: shown?.serviceName ?? '' };
    expect(codeOf(await desktop.approve(request, asked.number ?? ''))).toBe(204);
    const owner = await house.signedIn();
    const named = await owner.call('changeAuthenticator', {
      params: { id: desktop.deviceId },
      body: { name: ' \u202eO<&ffice\u0007 \u2069' },
    });
    expect(codeOf(named)).toBe(200);
    const { authenticators } = (await desktop.call<DeviceSnapshot>('deviceSnapshot')).body;
    expect(authenticators.find(({ id }) => id === desktop.deviceId)?.name).toBe('O<&ffice');
    const browser = await house.withPassword();
    const { body } = await browser.call<ApprovalRequest>('beginApproval', {
      headers: { 'user-agent': `Firefox/\u00ff<b>${'x'.repeat(9_000)}` },
    });
    expect((await waiting())[0]?.asked?.browser).toBe('Firefox');
    await desktop.decide(body, 'deny');
  });
});

describe('approvals by another policy', () => {
  const open = async (policy: object, environment: Record<string, string> = {}) => {
    const backend = await startBackendHere({ policy, environment });
    const house = await Household.open(backend, 'amina');
    return { backend, house, desktop: await house.desktop() };
  };

  it('are refused from the machine of the browser', async () => {
    const { backend, house, desktop } = await open({ sameDevice: false });
    const browser = await house.withPassword();
    const { body: request } = await browser.begin();
    for (let times = 0; times < 5; times += 1) {
      expect(codeOf(await desktop.approve(request, request.number))).toBe('approval.same-device');
    }
    // That cost no try, and denying works from anywhere.
    const [shown] = (await desktop.call<DeviceSnapshot>('deviceSnapshot')).body.challenges;
    expect(shown?.number?.triesLeft).toBe(3);
    expect(codeOf(await desktop.decide(request, 'deny'))).toBe(204);
    await backend.stop();
  });

  it('are not shown by a service that nobody knows the place of: a page that is at another one takes the request over', async () => {
    const { backend, house, desktop } = await open({ sameDevice: false }, { DOORSTEP_TRUSTED_PROXIES: '127.0.0.1' });
    const vpn = await backend.addService('VPN');
    const { id, number } = (await vpn.call<Challenge>('createChallenge', { body: { username: 'amina' } })).body;
    expect(number).toBeNull();
    const waits = async () => (await desktop.call<DeviceSnapshot>('deviceSnapshot')).body.challenges;
    expect(await waits()).toMatchObject([{ id, number: null, byKey: true }]);
    expect(codeOf(await desktop.approve({ id, serviceName: 'VPN' }, '123456'))).toBe('approval.place-unknown');
    const browser = await house.withPassword(id);
    const { body: request } = await browser.call<ApprovalRequest>('beginApproval', { headers: ELSEWHERE });
    expect(request.id).toBe(id);
    expect(codeOf(await desktop.approve(request, request.number))).toBe(204);
    const seen = (await vpn.call<Challenge>('challenge', { params: { id } })).body;
    expect(seen).toMatchObject({ state: 'approved', result: { assurance: 'other-device' } });
    await backend.stop();
  });

  it('that a service showed before the policy changed are refused, and cost no try', async () => {
    const { backend, house, desktop } = await open({});
    const vpn = await backend.addService('VPN');
    const { id, number } = (await vpn.call<Challenge>('createChallenge', { body: { username: 'amina' } })).body;
    const strict = { ...backend.domain, policy: { ...backend.domain.policy, sameDevice: false } };
    const device = await backend.domain.store.read.authenticators.byId(desktop.deviceId);
    if (device === null) throw new Error('no desktop');
    const signed = { nonce: newId(), generation: desktop.generation, signedAt: backend.clock.now() };
    const iat = Math.floor(backend.clock.now() / 1_000);
    const statement = {
      decision: 'approve',
      number,
      challengeId: id,
      service: 'VPN',
      person: desktop.personId,
      device: desktop.deviceId,
      iat,
    } as const;
    const decision = decideChallenge(
      strict,
      { source: '203.0.113.7' },
      { device, person: house.person, signed },
      { challengeId: id, statement },
    );
    await expect(decision).rejects.toMatchObject({ code: 'approval.place-unknown' });
    expect(await backend.domain.store.read.challenges.byId(id)).toMatchObject({ state: 'pending', numberTries: 0 });
    await backend.stop();
  });

  it('with fewer digits are named weak', async () => {
    const { backend, house, desktop } = await open({ approvalDigits: 2 });
    const browser = await house.withPassword();
    const { body: request } = await browser.begin();
    expect(request.number).toMatch(/^\d{2}$/);
    expect(codeOf(await desktop.approve(request, request.number))).toBe(204);
    const rows = (await backend.domain.store.read.audit.list(1, 1_000)).filter(({ subjectId }) => subjectId === request.id);
    expect(rows.map(({ facts }) => [facts['digits'], facts['weak']])).toEqual([
      [2, true],
      [2, true],
    ]);
    await backend.stop();
  });

  it('are not there at all', async () => {
    const { backend, house, desktop } = await open({ approvals: false });
    const browser = await house.withPassword();
    expect((await browser.call<{ ways: string[] }>('session')).body.ways).toEqual(['security-key']);
    expect(codeOf(await browser.begin())).toBe('approval.no-desktop');
    const vpn = await backend.addService('VPN');
    const asked = (await vpn.call<Challenge>('createChallenge', { body: { username: 'amina' } })).body;
    expect(asked.number).toBeNull();
    const { policy, challenges } = (await desktop.call<DeviceSnapshot>('deviceSnapshot')).body;
    expect(policy.approvals).toBe(false);
    expect(challenges).toMatchObject([{ id: asked.id, number: null, byKey: true }]);
    const owner = await house.signedIn();
    const prefer = { params: { id: desktop.deviceId }, body: { preferred: true } };
    expect(codeOf(await owner.call('changeAuthenticator', prefer))).toBe('approval.no-desktop');
    await backend.stop();
  });
});
