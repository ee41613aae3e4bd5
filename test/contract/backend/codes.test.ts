/** Codes over HTTP: enrolling, signing in, stepping up, and a service that takes the code itself. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { removeAuthenticator } from '../../../src/backend/domain/authenticators/remove.ts';
import { codeStep } from '../../../src/backend/domain/codes/code-step.ts';
import { beginCodeEnrollment } from '../../../src/backend/domain/codes/enroll.ts';
import { currentSession } from '../../../src/backend/domain/sessions/current-session.ts';
import { describeSession } from '../../../src/backend/domain/sessions/describe-session.ts';
import type { Challenge, Session } from '../../../src/contract/http/shapes.ts';
import { type ApiAnswer, Browser, type Service } from '../../support/backend.ts';
import { type BackendHere, startBackendHere } from '../../support/backend-here.ts';
import { enrollCodes, type Giver, step } from '../../support/codes.ts';
import { onEachStore } from '../../support/each-store.ts';
import { codeOf } from '../../support/household.ts';
import { SoftwareKey } from '../../support/webauthn/software-key.ts';

const MINUTE = 60_000;

onEachStore('codes that policy does not take', (_dialect, environment) => {
  it('open nothing, are not offered, and count for no way', async () => {
    const shared = await environment();
    const on = await startBackendHere({ environment: shared });
    const { id } = await on.addPerson('amina', 'secret');
    const browser = new Browser(on);
    await browser.password('amina', 'secret');
    const key = new SoftwareKey();
    await browser.enroll(key);
    const giver = await enrollCodes(browser, on.clock.now());
    expect((await browser.call<Session>('session')).body.ways.sort()).toEqual(['security-key', 'totp']);
    const off = { ...on.domain, policy: { ...on.domain.policy, codes: { ...on.domain.policy.codes, allowed: false } } };
    on.clock.advance(MINUTE);
    const current = await currentSession(off, browser.cookies.get('doorstep') ?? '');
    if (current === null) throw new Error('there is no session');
    expect((await describeSession(off, current, null)).ways).toEqual(['security-key']);
    const caller = { source: '127.0.0.1' };
    const asker = { kind: 'session', session: current.session, person: current.person } as const;
    const typed = { code: giver.at(step(giver, on.clock.now())), challengeId: null };
    await expect(codeStep(off, caller, current, typed)).rejects.toMatchObject({ code: 'code.not-used' });
    await expect(beginCodeEnrollment(off, caller, asker, {})).rejects.toMatchObject({ code: 'code.not-used' });
    const keyId = current.authenticators.find(({ kind }) => kind === 'security-key')?.id ?? '';
    await expect(removeAuthenticator(off, caller, asker, { id: keyId })).rejects.toMatchObject({ code: 'authenticator.last-way' });
    expect(current.person.id).toBe(id);
    expect(codeOf(await browser.call('codeStep', { body: { code: typed.code } }))).toBe(200);
    await on.stop();
  });
});

onEachStore('codes', (_dialect, environment) => {
  let backend: BackendHere;
  let service: Service;
  let giver: Giver;
  const now = (): number => backend.clock.now();
  const atPassword = async (username = 'amina'): Promise<Browser> => {
    const browser = new Browser(backend);
    expect(codeOf(await browser.password(username, 'secret'))).toBe(200);
    return browser;
  };
  const type = (browser: Browser, typed: string): Promise<ApiAnswer<Session>> =>
    browser.call<Session>('codeStep', { body: { code: typed } });

  beforeAll(async () => {
    backend = await startBackendHere({ environment: await environment() });
    service = await backend.addService('VPN');
    await backend.addPerson('amina', 'secret');
    const browser = await atPassword();
    giver = await enrollCodes(browser, now());
    expect((await browser.call<Session>('session')).body).toMatchObject({ state: 'full', ways: ['totp'], preferred: 'totp' });
  });
  afterAll(() => backend.stop());

  it('sign in, once each', async () => {
    backend.clock.advance(MINUTE);
    const browser = await atPassword();
    const typed = giver.at(step(giver, now()));
    const answer = await type(browser, typed);
    expect(answer.body).toMatchObject({ state: 'full', person: { username: 'amina' } });
    expect(codeOf(await type(await atPassword(), typed))).toBe('code.wrong');
  });

  it('answer a request that a service took them for', async () => {
    backend.clock.advance(MINUTE);
    const { id } = (await service.call<Challenge>('createChallenge', { body: { username: 'amina' } })).body;
    const params = { id };
    expect(codeOf(await service.call('challengeCode', { params, body: { code: '000000' } }))).toBe('code.wrong');
    const answer = await service.call<Challenge>('challengeCode', { params, body: { code: giver.at(step(giver, now())) } });
    expect(answer.body).toMatchObject({
      state: 'approved',
      result: { amr: ['otp'], assurance: 'other-device', userVerified: false, authenticatorId: giver.id, person: { username: 'amina' } },
    });
  });
});
