/** A page redeems its approval: once, in time, and only as long as nothing speaks against it. */
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { ApprovalWorld } from '../../support/approvals.ts';
import type { Browser } from '../../support/backend.ts';
import { onEachStore } from '../../support/each-store.ts';
import { codeOf, Household } from '../../support/household.ts';

onEachStore('the redemption of an approval', (_dialect, environment) => {
  let world: ApprovalWorld;

  beforeAll(async () => {
    world = await ApprovalWorld.open(await environment());
  });
  afterAll(() => world.stop());
  beforeEach(() => world.nextDay());

  const approved = async (): Promise<{ browser: Browser; id: string }> => {
    const browser = await world.house.withPassword();
    const request = await world.begun(browser);
    expect(codeOf(await world.desktop.approve(request, request.number))).toBe(204);
    return { browser, id: request.id };
  };
  const expectRefused = async (browser: Browser, id: string, reason: string): Promise<void> => {
    expect(codeOf(await browser.finish(id))).toBe(reason);
    expect((await world.about(id)).at(-1)).toMatchObject({ event: 'session.second-step', outcome: 'refused', reason });
    // Used up all the same.
    expect((await world.backend.domain.store.read.challenges.byId(id))?.redeemedAt).not.toBeNull();
  };

  it('works once', async () => {
    const { browser, id } = await approved();
    expect(codeOf(await browser.finish(id))).toBe(200);
    expect(codeOf(await browser.finish(id))).toBe('challenge.ended');
  });

  it('wants an approval', async () => {
    const browser = await world.house.withPassword();
    const request = await world.begun(browser);
    expect(codeOf(await browser.finish(request.id))).toBe('challenge.ended');
    expect((await browser.call<{ state: string }>('session')).body.state).toBe('password');
    await world.desktop.decide(request, 'deny');
  });

  it('comes within a minute', async () => {
    const { browser, id } = await approved();
    world.backend.clock.advance(60_000);
    expect(codeOf(await browser.finish(id))).toBe('challenge.ended');
  });

  it('comes within the life of the request', async () => {
    const browser = await world.house.withPassword();
    const request = await world.begun(browser);
    world.backend.clock.advance(290_000);
    expect(codeOf(await world.desktop.approve(request, request.number))).toBe(204);
    world.backend.clock.advance(10_000);
    expect(codeOf(await browser.finish(request.id))).toBe('challenge.ended');
  });

  it('is the session’s that began it', async () => {
    const { browser, id } = await approved();
    for (const foreign of [await world.house.withPassword(), await world.house.signedIn()]) {
      expect(codeOf(await foreign.finish(id))).toBe('challenge.not-found');
      expect(codeOf(await foreign.call('approval', { params: { id } }))).toBe('challenge.not-found');
      expect(codeOf(await foreign.call('cancelApproval', { params: { id } }))).toBe('challenge.not-found');
    }
    expect(codeOf(await browser.finish(id))).toBe(200);
  });

  it('is blocked by a stop that came after the approval (C21)', async () => {
    const { browser, id } = await approved();
    await world.backend.domain.store.transaction((tx) => tx.people.stopApprovals(world.house.person.id, world.backend.clock.now()));
    await expectRefused(browser, id, 'approval.stopped');
    await world.backend.domain.store.transaction((tx) => tx.people.stopApprovals(world.house.person.id, null));
    expect(codeOf(await browser.finish(id))).toBe('challenge.ended');
  });

  it('is blocked by the removal of the desktop that approved (C21)', async () => {
    const { browser, id } = await approved();
    const owner = await world.house.signedIn();
    expect(codeOf(await owner.call('removeAuthenticator', { params: { id: world.desktop.deviceId } }))).toBe(204);
    await expectRefused(browser, id, 'authenticator.suspended');
    world.desktop = await world.house.desktop();
  });

  it('is blocked where the key of the desktop turned out to be copied (C21)', async () => {
    const { browser, id } = await approved();
    await world.backend.domain.store.transaction((tx) => tx.authenticators.suspend(world.desktop.deviceId, 'copied'));
    await expectRefused(browser, id, 'authenticator.suspended');
    world.desktop = await world.house.desktop();
  });

  it('is blocked by a lock of the password that began after the request (C21)', async () => {
    const { browser, id } = await approved();
    const limit = world.backend.domain.policy.limits.passwordPerAccount.free;
    for (let tries = 0; tries < limit; tries += 1) {
      await browser.call('passwordStep', {
        body: { username: 'amina', password: 'wrong' },
        headers: { 'x-forwarded-for': `198.51.100.${tries}`, cookie: '' },
      });
    }
    expect(codeOf(await browser.finish(id))).toBe('request.rate-limited');
    expect((await world.trail()).at(-1)).toMatchObject({
      event: 'session.second-step',
      outcome: 'refused',
      reason: 'request.rate-limited',
    });
    expect(codeOf(await browser.finish(id))).toBe('challenge.ended');
  });

  it('is blocked where the account is closed (C21, C22)', async () => {
    const closed = await Household.open(world.backend, `closed${Math.random()}`);
    const theirs = await closed.desktop();
    const browser = await closed.withPassword();
    const request = await world.begun(browser);
    await theirs.approve(request, request.number);
    await world.backend.domain.store.transaction((tx) => tx.people.disable(closed.person.id, world.backend.clock.now()));
    expect(codeOf(await browser.finish(request.id))).toBe('session.missing');
    expect(codeOf(await theirs.hello())).toBe('person.disabled');
    expect((await world.backend.domain.store.read.challenges.byId(request.id))?.redeemedAt).toBeNull();
  });
});
