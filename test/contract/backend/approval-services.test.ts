/** Requests of a service that a number approves: which number, whose request it becomes, and what the service reads. */
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import type { Challenge } from '../../../src/contract/http/shapes.ts';
import { ApprovalWorld, RETURN } from '../../support/approvals.ts';
import { onEachStore } from '../../support/each-store.ts';
import { codeOf } from '../../support/household.ts';

onEachStore('approvals for services', (_dialect, environment) => {
  let world: ApprovalWorld;

  beforeAll(async () => {
    world = await ApprovalWorld.open(await environment());
  });
  afterAll(() => world.stop());
  beforeEach(() => world.nextDay());

  it('that name the person are approved with the number that the service shows', async () => {
    const asked = await world.ask(world.vpn, { username: 'amina', place: 'Reading room' });
    expect(asked.number).toMatch(/^\d{6}$/);
    expect(await world.waiting()).toMatchObject([
      { id: asked.id, serviceName: 'VPN', place: 'Reading room', asked: null, number: { digits: 6 }, byKey: true },
    ]);
    expect((await world.read(world.vpn, asked.id)).number).toBeNull();
    const held = world.vpn.call<Challenge>('challenge', { params: { id: asked.id }, query: '?wait=30' });
    const request = { id: asked.id, serviceName: 'VPN' };
    expect(codeOf(await world.desktop.approve(request, asked.number ?? ''))).toBe(204);
    expect((await held).body).toMatchObject({
      state: 'approved',
      // Nobody knows at which computer the service shows it.
      result: { amr: ['swk', 'mca'], assurance: 'same-device', userVerified: false, authenticatorId: world.desktop.deviceId },
    });
  });

  it('become the page’s own, with a number of its own', async () => {
    const asked = await world.ask(world.library, { username: 'amina', returnTo: RETURN, place: 'Reading room' });
    const browser = await world.house.withPassword(asked.id);
    const request = await world.begun(browser);
    expect(request).toMatchObject({ id: asked.id, serviceName: 'Library', place: 'Reading room' });
    expect(await world.waiting()).toMatchObject([{ id: asked.id, asked: { address: '127.0.0.1' }, byKey: false }]);
    if (asked.number !== request.number) {
      expect(codeOf(await world.desktop.approve(request, asked.number ?? ''))).toBe('approval.number-wrong');
    }
    // A key at the desktop would let in a page that nobody compared.
    expect(codeOf(await world.desktop.answer(asked.id, world.house.key))).toBe('challenge.not-found');
    expect(codeOf(await (await world.house.withPassword(asked.id)).begin())).toBe('challenge.pending-exists');
    expect(codeOf(await world.desktop.approve(request, request.number))).toBe(204);
    expect(await world.read(world.library, asked.id)).toMatchObject({
      state: 'approved',
      result: { amr: ['pwd', 'swk', 'mca', 'mfa'], assurance: 'same-device' },
    });
    const entered = (await browser.finish(asked.id)).body;
    expect(entered).toMatchObject({ state: 'full', returnTo: `${RETURN}?challenge=${asked.id}` });
  });

  it('are given back when the page is left, and a key in the browser answers them', async () => {
    const asked = await world.ask(world.library, { username: 'amina', returnTo: RETURN });
    const browser = await world.house.withPassword(asked.id);
    const request = await world.begun(browser);
    expect(codeOf(await browser.call('cancelApproval', { params: { id: asked.id } }))).toBe(204);
    expect(await world.waiting()).toMatchObject([{ id: asked.id, number: null, asked: null, byKey: true }]);
    expect(codeOf(await world.desktop.approve(request, request.number))).toBe('approval.number-wrong');
    expect((await browser.secondStep(world.house.key)).body).toMatchObject({ state: 'full' });
    expect(await world.read(world.library, asked.id)).toMatchObject({ state: 'approved', result: { assurance: 'phishing-resistant' } });
  });

  it('that a key in the browser has answered are not redeemed again', async () => {
    const asked = await world.ask(world.library, { username: 'amina', returnTo: RETURN });
    const browser = await world.house.withPassword(asked.id);
    await world.begun(browser);
    expect((await browser.secondStep(world.house.key)).body).toMatchObject({ state: 'full' });
    expect(codeOf(await browser.finish(asked.id))).toBe('challenge.ended');
  });

  it('that name nobody are answered with the page’s approval', async () => {
    const asked = await world.ask(world.library, { returnTo: RETURN, place: 'Reading room' });
    expect(asked.number).toBeNull();
    const browser = await world.house.withPassword(asked.id);
    const request = await world.begun(browser);
    expect(request.id).not.toBe(asked.id);
    // The page and the desktop say the same, so that a person can compare.
    expect(request).toMatchObject({ serviceName: 'Library', place: 'Reading room' });
    expect(await world.waiting()).toMatchObject([{ id: request.id, serviceName: 'Library', place: 'Reading room' }]);
    // The page's request is nobody else's.
    expect(codeOf(await world.library.call('challenge', { params: { id: request.id } }))).toBe('challenge.not-found');
    expect(codeOf(await world.library.call('cancelChallenge', { params: { id: request.id } }))).toBe('challenge.not-found');
    expect(codeOf(await browser.secondStep(world.house.key, {}, request.id))).toBe('challenge.not-found');
    expect(codeOf(await world.desktop.answer(request.id, world.house.key))).toBe('challenge.not-found');
    await world.desktop.approve(request, request.number);
    expect((await world.read(world.library, asked.id)).state).toBe('pending');
    const { returnTo } = (await browser.finish(request.id)).body;
    const back = new URL(returnTo ?? '').searchParams;
    expect(await world.read(world.library, asked.id, `?code=${back.get('code')}`)).toMatchObject({
      state: 'approved',
      result: { amr: ['pwd', 'swk', 'mca', 'mfa'], person: { username: 'amina' } },
    });
  });

  it('that ended before the page came for its approval let nobody in', async () => {
    const asked = await world.ask(world.library, { returnTo: RETURN });
    const browser = await world.house.withPassword(asked.id);
    const request = await world.begun(browser);
    await world.desktop.approve(request, request.number);
    await world.library.call('cancelChallenge', { params: { id: asked.id } });
    expect(codeOf(await browser.finish(request.id))).toBe('challenge.ended');
    expect((await browser.call<{ state: string }>('session')).body.state).toBe('password');
  });

  it('that want the person verified are not approved with a number', async () => {
    const asked = await world.ask(world.library, { username: 'amina', returnTo: RETURN, userVerification: 'required' });
    expect(asked.number).toBeNull();
    expect(codeOf(await (await world.house.withPassword(asked.id)).begin())).toBe('challenge.wants-verification');
    await world.library.call('cancelChallenge', { params: { id: asked.id } });
  });
});
