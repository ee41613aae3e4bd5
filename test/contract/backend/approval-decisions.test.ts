/** What a desktop says to a request: the number, the statement that it signs, no, and "this wasn’t me". */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { DeviceSnapshot } from '../../../src/contract/http/shapes.ts';
import { ApprovalWorld, other } from '../../support/approvals.ts';
import { Desktop, problemOf, type SignatureTwist } from '../../support/backend.ts';
import { onEachStore } from '../../support/each-store.ts';
import { codeOf } from '../../support/household.ts';

onEachStore('decisions on approvals', (_dialect, environment) => {
  let world: ApprovalWorld;

  beforeAll(async () => {
    world = await ApprovalWorld.open(await environment());
  });
  afterAll(() => world.stop());
  beforeEach(() => world.nextDay());

  describe('the number', () => {
    it('may be typed wrong twice; the third time ends the request, and counts as a denial', async () => {
      const browser = await world.house.withPassword();
      const request = await world.begun(browser);
      for (const triesLeft of [2, 1]) {
        const answer = await world.desktop.approve(request, other(request.number));
        expect(problemOf(answer)).toMatchObject({ code: 'approval.number-wrong', facts: { triesLeft } });
        expect(await world.waiting()).toMatchObject([{ number: { triesLeft } }]);
      }
      const last = await world.desktop.approve(request, other(request.number));
      expect(problemOf(last)).toMatchObject({ code: 'approval.number-wrong', facts: { triesLeft: 0 } });
      expect(codeOf(await world.desktop.approve(request, request.number))).toBe('challenge.ended');
      expect(await world.statusOf(browser, request.id)).toBe('canceled');
      expect(codeOf(await browser.finish(request.id))).toBe('challenge.ended');
      expect(problemOf(await browser.begin())).toMatchObject({ code: 'request.rate-limited', facts: { retryAfterSeconds: 30 } });
      const rows = await world.about(request.id);
      expect(rows.map(({ event, reason }) => [event, reason])).toEqual([
        ['challenge.created', null],
        ...Array.from({ length: 3 }, () => ['challenge.refused', 'approval.number-wrong']),
        ['challenge.canceled', 'approval.number-wrong'],
      ]);
    });

    it('is counted before it is looked at (C20): of a hundred wrong ones at once three are', async () => {
      const browser = await world.house.withPassword();
      const request = await world.begun(browser);
      const answers = await Promise.all(Array.from({ length: 100 }, () => world.desktop.approve(request, other(request.number))));
      const codes = answers.map(codeOf);
      expect(codes.filter((one) => one === 'approval.number-wrong')).toHaveLength(3);
      expect(codes.filter((one) => one === 'challenge.ended')).toHaveLength(97);
    });

    it('of one request is none of another', async () => {
      const browser = await world.house.withPassword();
      const first = await world.begun(browser);
      const second = await world.begun(browser);
      expect(await world.statusOf(browser, first.id)).toBe('canceled');
      expect(codeOf(await world.desktop.approve(first, first.number))).toBe('challenge.ended');
      if (first.number !== second.number) {
        expect(codeOf(await world.desktop.approve(second, first.number))).toBe('approval.number-wrong');
      }
      expect(codeOf(await world.desktop.approve(second, second.number))).toBe(204);
    });

    it('is kept nowhere in plain', async () => {
      const browser = await world.house.withPassword();
      const request = await world.begun(browser);
      const stored = await world.backend.domain.store.read.challenges.byId(request.id);
      expect(JSON.stringify(stored)).not.toContain(request.number);
      expect(stored?.numberHash).toMatch(/^[\w-]{43}$/);
      // Nor can it be guessed from the database alone: what hashes it is sealed with a key that is elsewhere.
      const sealed = (await world.backend.domain.store.read.facts.get('approval-number-secret')) ?? '';
      const [keyId = '', secret = ''] = sealed.split('.');
      expect(keyId).toBe(await world.backend.domain.store.read.facts.get('seed-key'));
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
      const browser = await world.house.withPassword();
      const request = await world.begun(browser);
      expect(codeOf(await world.desktop.decide(request, 'approve', request.number, twist))).toBe('approval.statement-wrong');
      expect(await world.waiting()).toMatchObject([{ id: request.id, number: { triesLeft: 3 } }]);
      expect((await world.about(request.id)).at(-1)).toMatchObject({ event: 'challenge.refused', reason: 'approval.statement-wrong' });
      await world.desktop.decide(request, 'deny');
    });

    it('by another key approves nothing (C48)', async () => {
      const browser = await world.house.withPassword();
      const request = await world.begun(browser);
      const thief = new Desktop(world.backend);
      Object.assign(thief, { deviceId: world.desktop.deviceId, personId: world.desktop.personId, now: world.desktop.now });
      const statement = thief.statement(request, 'approve', request.number);
      const params = { id: request.id };
      expect(codeOf(await world.desktop.call('deviceDecision', { params, body: { statement } }))).toBe('approval.statement-wrong');
      expect(codeOf(await thief.approve(request, request.number))).toBe('device.signature-wrong');
      await world.desktop.decide(request, 'deny');
    });

    it('works once, and for its own request alone (C48)', async () => {
      const browser = await world.house.withPassword();
      const first = await world.begun(browser);
      const statement = world.desktop.statement(first, 'approve', first.number);
      const send = (id: string) => world.desktop.call('deviceDecision', { params: { id }, body: { statement } });
      expect(codeOf(await send(first.id))).toBe(204);
      expect(codeOf(await send(first.id))).toBe('challenge.ended');
      const second = await world.begun(await world.house.withPassword());
      expect(codeOf(await send(second.id))).toBe('approval.statement-wrong');
      await world.desktop.decide(second, 'deny');
    });

    it('that is sent twice by the same signed request is refused the second time', async () => {
      const browser = await world.house.withPassword();
      const request = await world.begun(browser);
      const body = { statement: world.desktop.statement(request, 'approve', other(request.number)) };
      const twist = { claims: { jti: Buffer.alloc(16, 9).toString('base64url') } };
      const answers = await Promise.all(
        Array.from({ length: 20 }, () => world.desktop.call('deviceDecision', { params: { id: request.id }, body }, twist)),
      );
      expect(answers.map(codeOf).sort()).toEqual(['approval.number-wrong', ...Array.from({ length: 19 }, () => 'device.request-replayed')]);
      await world.desktop.decide(request, 'deny');
    });
  });

  describe('a denial', () => {
    it('ends the request, and makes the next one wait, longer each time, whatever happens between', async () => {
      const browser = await world.house.withPassword();
      for (const seconds of [30, 60, 120]) {
        const request = await world.begun(browser);
        expect(codeOf(await world.desktop.decide(request, 'deny'))).toBe(204);
        expect(await world.statusOf(browser, request.id)).toBe('denied');
        expect(codeOf(await browser.finish(request.id))).toBe('challenge.ended');
        for (const refused of [await browser.begin(), await world.vpn.call('createChallenge', { body: { username: 'amina' } })]) {
          expect(problemOf(refused)).toMatchObject({ code: 'request.rate-limited', facts: { retryAfterSeconds: seconds } });
        }
        world.backend.clock.advance(seconds * 1_000);
        // A request that is taken back does not make the next denial the first one again.
        if (seconds === 60) {
          const { id } = await world.begun(browser);
          expect(codeOf(await browser.call('cancelApproval', { params: { id } }))).toBe(204);
        }
      }
      const request = await world.begun(browser);
      await world.desktop.approve(request, request.number);
      const again = await world.begun(browser);
      await world.desktop.decide(again, 'deny');
      expect(problemOf(await browser.begin()).facts).toMatchObject({ retryAfterSeconds: 30 });
    });
  });

  describe('"this wasn’t me"', () => {
    it('denies, stops requests, ends half-open sessions, and tells the desk; only a key opens them again', async () => {
      const half = await world.house.withPassword();
      const full = await world.house.signedIn();
      const request = await world.begun(half);
      const reports = async () =>
        (await world.backend.domain.store.read.reports.listOpen(1_000)).filter(({ subjectId }) => subjectId === request.id);
      expect(codeOf(await world.desktop.decide(request, 'not-me'))).toBe(204);
      expect((await half.call<{ state: string }>('session')).body.state).toBe('none');
      expect((await full.call<{ state: string }>('session')).body.state).toBe('full');
      expect(await reports()).toMatchObject([{ kind: 'not-me', personId: world.house.person.id, facts: { denied: true } }]);
      expect((await world.about(request.id)).map(({ event }) => event)).toEqual([
        'challenge.created',
        'challenge.denied',
        'approval.stopped',
      ]);
      const { policy } = (await world.desktop.call<DeviceSnapshot>('deviceSnapshot')).body;
      expect(policy).toMatchObject({ approvals: true, approvalsStopped: true });
      const next = await world.house.withPassword();
      expect((await next.call<{ ways: string[] }>('session')).body.ways).toEqual(['security-key']);
      expect(codeOf(await next.begin())).toBe('approval.stopped');
      world.backend.clock.advance(3_600_000);
      const asked = await world.ask(world.vpn, { username: 'amina' });
      expect(asked.number).toBeNull();
      expect(codeOf(await world.desktop.decide({ id: asked.id, serviceName: 'VPN' }, 'approve', '123456'))).toBe('approval.stopped');
      await world.vpn.call('cancelChallenge', { params: { id: asked.id } });
      expect(codeOf(await (await world.house.withPassword()).call('resumeApprovals'))).toBe('session.second-step-missing');
      expect(codeOf(await (await world.house.signedIn()).call('resumeApprovals'))).toBe(204);
      expect(codeOf(await (await world.house.withPassword()).begin())).toBe(201);
      await world.desktop.decide((await world.waiting())[0] ?? { id: '', serviceName: '' }, 'deny');
    });

    it('also counts for a request that has ended meanwhile', async () => {
      const browser = await world.house.withPassword();
      const request = await world.begun(browser);
      await browser.call('cancelApproval', { params: { id: request.id } });
      expect(codeOf(await world.desktop.decide(request, 'deny'))).toBe('challenge.ended');
      expect(codeOf(await world.desktop.decide(request, 'not-me'))).toBe(204);
      expect(await world.statusOf(await world.house.signedIn(), request.id)).toBeUndefined();
      expect((await world.backend.domain.store.read.challenges.byId(request.id))?.state).toBe('canceled');
      expect(codeOf(await (await world.house.withPassword()).begin())).toBe('approval.stopped');
      expect(codeOf(await (await world.house.signedIn()).call('resumeApprovals'))).toBe(204);
    });

    it('is not taken back with another approval', async () => {
      const browser = await world.house.withPassword();
      const request = await world.begun(browser);
      await world.desktop.approve(request, request.number);
      expect(codeOf(await browser.finish(request.id))).toBe(200);
      expect(codeOf(await browser.call('resumeApprovals'))).toBe('approvals.want-key');
    });
  });
});
