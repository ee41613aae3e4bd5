/** Codes over HTTP: enrolling, signing in, stepping up, and a service that takes the code itself. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Challenge, Session } from '../../../src/contract/http/shapes.ts';
import { type ApiAnswer, Browser, problemOf, type Service } from '../../support/backend.ts';
import { type BackendHere, startBackendHere } from '../../support/backend-here.ts';
import { enrollCodes, type Giver, step } from '../../support/codes.ts';
import { onEachStore } from '../../support/each-store.ts';

const MINUTE = 60_000;
const code = (answer: ApiAnswer): string | number => (answer.status < 300 ? answer.status : problemOf(answer).code);

onEachStore('codes', (_dialect, environment) => {
  let backend: BackendHere;
  let service: Service;
  let giver: Giver;
  const now = (): number => backend.clock.now();
  const atPassword = async (username = 'amina'): Promise<Browser> => {
    const browser = new Browser(backend);
    expect(code(await browser.password(username, 'secret'))).toBe(200);
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
    expect(code(await type(await atPassword(), typed))).toBe('code.wrong');
  });

  it('answer a request that a service took them for', async () => {
    backend.clock.advance(MINUTE);
    const { id } = (await service.call<Challenge>('createChallenge', { body: { username: 'amina' } })).body;
    const params = { id };
    expect(code(await service.call('challengeCode', { params, body: { code: '000000' } }))).toBe('code.wrong');
    const answer = await service.call<Challenge>('challengeCode', { params, body: { code: giver.at(step(giver, now())) } });
    expect(answer.body).toMatchObject({
      state: 'approved',
      result: { amr: ['otp'], assurance: 'other-device', userVerified: false, authenticatorId: giver.id, person: { username: 'amina' } },
    });
  });
});
