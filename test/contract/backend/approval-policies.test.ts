/** Approvals by another policy: from other machines alone, with fewer digits, and not at all. */
import { describe, expect, it } from 'vitest';
import { decideChallenge } from '../../../src/backend/domain/approvals/decide.ts';
import { newId } from '../../../src/backend/domain/identifiers.ts';
import type { ApprovalRequest } from '../../../src/contract/http/approvals.ts';
import type { Challenge, DeviceSnapshot } from '../../../src/contract/http/shapes.ts';
import { ELSEWHERE } from '../../support/approvals.ts';
import { startBackendHere } from '../../support/backend-here.ts';
import { codeOf, Household } from '../../support/household.ts';

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
