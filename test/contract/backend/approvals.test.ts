/** Approvals: the page shows a number, the person types it into a paired desktop, the page goes on. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { beginApproval } from '../../../src/backend/domain/approvals/begin-approval.ts';
import { currentSession } from '../../../src/backend/domain/sessions/current-session.ts';
import type { ApprovalRequest, ApprovalStatus } from '../../../src/contract/http/approvals.ts';
import type { DeviceSnapshot } from '../../../src/contract/http/shapes.ts';
import { ApprovalWorld, ELSEWHERE } from '../../support/approvals.ts';
import { type Browser, problemOf } from '../../support/backend.ts';
import { onEachStore } from '../../support/each-store.ts';
import { codeOf, Household } from '../../support/household.ts';

onEachStore('approvals', (_dialect, environment) => {
  let world: ApprovalWorld;

  beforeAll(async () => {
    world = await ApprovalWorld.open(await environment());
  });
  afterAll(() => world.stop());
  beforeEach(() => world.nextDay());

  it('let a person in: from the number on the page to the full session', async () => {
    const stream = await world.desktop.events();
    expect((await stream.next())?.challenges).toEqual([]);
    const browser = await world.house.withPassword();
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
    expect(codeOf(await world.desktop.approve(request, request.number))).toBe(204);
    expect((await held).body.state).toBe('approved');
    expect((await stream.next())?.challenges).toEqual([]);
    stream.stop();
    const entered = await browser.finish(request.id);
    expect(entered.body).toMatchObject({ state: 'full', returnTo: null, person: { username: 'amina' } });
    expect(codeOf(await browser.call('authenticators'))).toBe(200);
    const rows = await world.about(request.id);
    expect(rows.map(({ event }) => event)).toEqual(['challenge.created', 'challenge.approved']);
    expect((await world.trail()).at(-1)).toMatchObject({
      event: 'session.second-step',
      facts: { authenticatorId: world.desktop.deviceId, amr: 'swk mca', assurance: 'same-device' },
    });
    expect(JSON.stringify([shown, await world.trail()])).not.toContain(request.number);
  });

  it('refresh the second step of a session that is full', async () => {
    const browser = await world.house.signedIn();
    const before = new Map(browser.cookies);
    world.backend.clock.advance(11 * 60_000);
    expect(codeOf(await browser.call('pairingCode'))).toBe('session.stale');
    const request = await world.begun(browser);
    await world.desktop.approve(request, request.number);
    expect(codeOf(await browser.finish(request.id))).toBe(200);
    expect(browser.cookies).not.toEqual(before);
    expect(codeOf(await browser.call('pairingCode'))).toBe(201);
  });

  it('end after five minutes, and a late number counts for nothing', async () => {
    const browser = await world.house.withPassword();
    const request = await world.begun(browser);
    world.backend.clock.advance(300_000);
    expect(codeOf(await world.desktop.approve(request, request.number))).toBe('challenge.ended');
    expect(await world.statusOf(browser, request.id)).toBe('expired');
    expect(await world.waiting()).toEqual([]);
    expect(codeOf(await browser.begin())).toBe(201);
    await world.desktop.decide((await world.waiting())[0] ?? { id: '', serviceName: '' }, 'deny');
  });

  describe('one at a time', () => {
    it('of whichever session or service', async () => {
      const browser = await world.house.withPassword();
      const request = await world.begun(browser);
      expect(codeOf(await (await world.house.withPassword()).begin())).toBe('challenge.pending-exists');
      expect(codeOf(await world.vpn.call('createChallenge', { body: { username: 'amina' } }))).toBe('challenge.pending-exists');
      await browser.call('cancelApproval', { params: { id: request.id } });
      expect(await world.waiting()).toEqual([]);
      const asked = await world.ask(world.vpn, { username: 'amina' });
      expect(codeOf(await browser.begin())).toBe('challenge.pending-exists');
      await world.vpn.call('cancelChallenge', { params: { id: asked.id } });
    });

    it('and none of a session that has ended', async () => {
      const browser = await world.house.withPassword();
      const first = await world.begun(browser);
      await browser.call('signOut');
      expect((await world.about(first.id)).at(-1)?.event).toBe('challenge.canceled');
      const again = await world.house.withPassword();
      const second = await world.begun(again);
      await again.password('amina', 'secret');
      expect((await world.about(second.id)).at(-1)?.event).toBe('challenge.canceled');
      expect(await world.waiting()).toEqual([]);
    });

    const waitsForAmina = () => world.backend.domain.store.read.challenges.pendingOf(world.house.person.id, world.backend.clock.now());

    it.each(['signOut', 'passwordStep'] as const)('and none of a session that ended after it was known, by %s', async (end) => {
      const browser = await world.house.withPassword();
      const current = await currentSession(world.backend.domain, [...browser.cookies.values()][0] ?? null);
      if (current === null) throw new Error('no session');
      await browser.call(end, end === 'passwordStep' ? { body: { username: 'amina', password: 'secret' } } : {});
      const begin = beginApproval(world.backend.domain, { source: '198.51.100.4' }, current, { challengeId: null, browser: null });
      await expect(begin).rejects.toMatchObject({ code: 'session.missing' });
      expect(await waitsForAmina()).toEqual([]);
    });

    it('and none of a session that ends at that moment', async () => {
      for (let round = 0; round < 40; round += 1) {
        world.backend.clock.advance(25 * 3_600_000);
        const browser = await world.house.withPassword();
        const ended = new Promise((resolve) => setTimeout(resolve, (round % 20) / 2)).then(() => browser.call('signOut'));
        const [begin] = await Promise.all([browser.begin(), ended]);
        expect([201, 'session.missing']).toContain(codeOf(begin));
        // Whichever came first, nothing waits that nobody can take back.
        expect(await waitsForAmina()).toEqual([]);
      }
    });

    it('and of twenty begun at once', async () => {
      const browsers: Browser[] = [];
      for (let count = 0; count < 20; count += 1) browsers.push(await world.house.withPassword());
      const answers = await Promise.all(browsers.map((browser) => browser.begin()));
      expect(answers.map(codeOf).sort()).toEqual([201, ...Array.from({ length: 19 }, () => 'challenge.pending-exists')]);
      await world.desktop.decide((await world.waiting())[0] ?? { id: '', serviceName: '' }, 'deny');
    });
  });

  it('tell a browser and a desktop at one address from those at two', async () => {
    const browser = await world.house.withPassword();
    const request = await world.begun(browser);
    const body = { statement: world.desktop.statement(request, 'approve', request.number) };
    expect(codeOf(await world.desktop.call('deviceDecision', { params: { id: request.id }, body, headers: ELSEWHERE }))).toBe(204);
    expect((await world.backend.domain.store.read.challenges.byId(request.id))?.result?.assurance).toBe('other-device');
    expect(codeOf(await browser.finish(request.id))).toBe(200);
    expect((await world.trail()).at(-1)?.facts).toMatchObject({ assurance: 'other-device' });
  });

  it('are one machine’s where the page is opened at one address and finished at the desktop’s', async () => {
    const browser = await world.house.withPassword();
    const { body: request } = await browser.call<ApprovalRequest>('beginApproval', { headers: ELSEWHERE });
    await world.desktop.approve(request, request.number);
    await browser.finish(request.id);
    expect((await world.trail()).at(-1)?.facts).toMatchObject({ assurance: 'same-device' });
  });

  it('want a desktop', async () => {
    const without = await Household.open(world.backend, `without${Math.random()}`);
    expect(codeOf(await (await without.withPassword()).begin())).toBe('approval.no-desktop');
    const stranger = await (await Household.open(world.backend, `stranger${Math.random()}`)).desktop();
    const request = await world.begun(await world.house.withPassword());
    expect(codeOf(await stranger.approve(request, request.number))).toBe('challenge.not-found');
    expect(codeOf(await stranger.decide(request, 'not-me'))).toBe('challenge.not-found');
    await world.desktop.decide(request, 'deny');
  });

  it('are made no more often than a person approves (C48)', async () => {
    const bombed = await Household.open(world.backend, `bombed${Math.random()}`);
    const theirs = await bombed.desktop();
    const browser = await bombed.withPassword();
    const { free } = world.backend.domain.policy.limits.pushesPerPerson;
    for (let pushes = 0; pushes < free; pushes += 1) {
      const { id } = await world.begun(browser);
      await browser.call('cancelApproval', { params: { id } });
    }
    for (const refused of [
      await browser.begin(),
      await world.vpn.call('createChallenge', { body: { username: bombed.person.username } }),
    ]) {
      expect(problemOf(refused)).toMatchObject({ code: 'request.rate-limited', facts: { retryAfterSeconds: 900 } });
    }
    expect((await world.waiting(theirs)).length).toBe(0);
    const alerts = (await world.backend.domain.store.read.reports.listOpen(1_000)).filter(({ personId }) => personId === bombed.person.id);
    expect(alerts).toMatchObject([{ kind: 'bombing', facts: { pushes: free } }]);
    const rows = (await world.trail()).filter(({ personId, event }) => personId === bombed.person.id && event === 'approval.bombing');
    expect(rows).toHaveLength(1);
    world.backend.clock.advance(900_000);
    const late = await bombed.withPassword();
    const request = await world.begun(late);
    expect(codeOf(await late.begin())).toBe('request.rate-limited');
    expect(codeOf(await theirs.approve(request, request.number))).toBe(204);
    for (let pushes = 0; pushes < 3; pushes += 1) {
      const { id } = await world.begun(late);
      await late.call('cancelApproval', { params: { id } });
    }
  });

  it('carry nothing but text that is fit to be shown (C49)', async () => {
    const evil = `<b>A&amp;\u202eB</b>\u0007\n\u2066${'x'.repeat(10_000)}`;
    const place = `<img src=x>&\u202e\u200b${'y'.repeat(100)}`;
    const service = await world.backend.addService(evil);
    const asked = await world.ask(service, { username: 'amina', place });
    const [shown] = await world.waiting();
    expect([...(shown?.serviceName ?? '')]).toHaveLength(64);
    expect(shown?.serviceName).toMatch(/^<b>A&amp;B<\/b> x+…$/);
    expect(shown?.place).toBe(`<img src=x>&${'y'.repeat(100)}`);
    expect(codeOf(await service.call('createChallenge', { body: { username: 'amina', place: 'z'.repeat(129) } }))).toBe(
      'request.malformed',
    );
    const request = { id: asked.id, serviceName: shown?.serviceName ?? '' };
    expect(codeOf(await world.desktop.approve(request, asked.number ?? ''))).toBe(204);
    const owner = await world.house.signedIn();
    const named = await owner.call('changeAuthenticator', {
      params: { id: world.desktop.deviceId },
      body: { name: ' \u202eO<&ffice\u0007 \u2069' },
    });
    expect(codeOf(named)).toBe(200);
    const { authenticators } = (await world.desktop.call<DeviceSnapshot>('deviceSnapshot')).body;
    expect(authenticators.find(({ id }) => id === world.desktop.deviceId)?.name).toBe('O<&ffice');
    const browser = await world.house.withPassword();
    const { body } = await browser.call<ApprovalRequest>('beginApproval', {
      headers: { 'user-agent': `Firefox/\u00ff<b>${'x'.repeat(9_000)}` },
    });
    expect((await world.waiting())[0]?.asked?.browser).toBe('Firefox');
    await world.desktop.decide(body, 'deny');
  });
});
