/** WebAuthn questions and answers over HTTP: whose, where, what for, how often (C36, C37, C38). */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Authenticator, Challenge, PairingCode } from '../../../src/contract/http/shapes.ts';
import { type ApiAnswer, Browser, type Ceremony, Desktop, type Service } from '../../support/backend.ts';
import { type BackendHere, startBackendHere } from '../../support/backend-here.ts';
import { onEachStore } from '../../support/each-store.ts';
import { codeOf } from '../../support/household.ts';
import { SoftwareKey, UP, UV } from '../../support/webauthn/software-key.ts';

onEachStore('ceremonies', (_dialect, environment) => {
  let backend: BackendHere;
  let vpn: Service;
  let desktop: Desktop;
  const amina = new SoftwareKey();
  const tomas = new SoftwareKey();

  const withPassword = async (username: string): Promise<Browser> => {
    const browser = new Browser(backend);
    await browser.password(username, 'secret');
    return browser;
  };
  const signedIn = async (username: string, key: SoftwareKey): Promise<Browser> => {
    const browser = await withPassword(username);
    expect(codeOf(await browser.secondStep(key))).toBe(200);
    return browser;
  };
  const ask = async (browser: Browser): Promise<Ceremony> => (await browser.call<Ceremony>('assertionOptions')).body;
  const give = (browser: Browser, { ceremonyId, options }: Ceremony, key: SoftwareKey, twist = {}) =>
    browser.call('assertionStep', { body: { ceremonyId, credential: key.assert(options, backend.origin, twist) } });
  const desktopCall: Desktop['call'] = (name, options, twist) =>
    desktop.call(name, options, { ...twist, claims: { iat: Math.floor(backend.clock.now() / 1_000) } });

  beforeAll(async () => {
    backend = await startBackendHere({ environment: await environment() });
    vpn = await backend.addService('VPN');
    for (const [username, key] of [
      ['amina', amina],
      ['tomas', tomas],
    ] as const) {
      await backend.addPerson(username, 'secret');
      const browser = await withPassword(username);
      await browser.enroll(key);
      if (username === 'amina') {
        desktop = new Desktop(backend);
        await desktop.pair((await browser.call<PairingCode>('pairingCode')).body.code);
      }
    }
  });
  afterAll(() => backend.stop());

  describe('a question', () => {
    it('is answered once', async () => {
      const browser = await withPassword('amina');
      const asked = await ask(browser);
      const credential = amina.assert(asked.options, backend.origin);
      const body = { ceremonyId: asked.ceremonyId, credential };
      expect(codeOf(await browser.call('assertionStep', { body }))).toBe(200);
      expect(codeOf(await browser.call('assertionStep', { body }))).toBe('ceremony.ended');
    });

    it('is used up by a wrong answer too', async () => {
      const browser = await withPassword('amina');
      const asked = await ask(browser);
      expect(codeOf(await give(browser, asked, amina, { clientData: { origin: 'https://evil.example' } }))).toBe('webauthn.failed');
      expect(codeOf(await give(browser, asked, amina))).toBe('ceremony.ended');
      expect(codeOf(await browser.secondStep(amina))).toBe(200);
    });

    it('ends after five minutes, and when the next one is asked', async () => {
      const browser = await withPassword('amina');
      const first = await ask(browser);
      backend.clock.advance(5 * 60_000);
      expect(codeOf(await give(browser, first, amina))).toBe('ceremony.ended');
      const second = await ask(browser);
      const third = await ask(browser);
      expect(codeOf(await give(browser, second, amina))).toBe('ceremony.ended');
      expect(codeOf(await give(browser, third, amina))).toBe(200);
    });

    it('is good in its own session only', async () => {
      const [one, two, other] = [await withPassword('amina'), await withPassword('amina'), await withPassword('tomas')];
      const asked = await ask(one);
      expect(codeOf(await give(two, asked, amina))).toBe('ceremony.ended');
      expect(codeOf(await give(other, asked, tomas))).toBe('ceremony.ended');
      expect(codeOf(await give(one, asked, amina))).toBe(200);
    });

    it('is good for its own purpose only', async () => {
      const browser = await signedIn('amina', amina);
      const toRegister = (await browser.call<Ceremony>('registrationOptions')).body;
      expect(
        codeOf(
          await give(
            browser,
            { ...toRegister, options: { challenge: (toRegister.options as { challenge: string }).challenge, rpId: 'localhost' } as never },
            amina,
          ),
        ),
      ).toBe('ceremony.ended');
      const toSignIn = await ask(browser);
      const register = browser.call('registration', {
        body: {
          ceremonyId: toSignIn.ceremonyId,
          name: 'x',
          credential: new SoftwareKey().register(
            { ...(toSignIn.options as object), rp: { id: 'localhost' }, user: { id: '' } } as never,
            backend.origin,
          ),
        },
      });
      expect(codeOf(await register)).toBe('ceremony.ended');
      const toTry = (await desktopCall<Ceremony>('deviceTryOptions')).body;
      expect(codeOf(await give(browser, toTry, amina))).toBe('ceremony.ended');
      const { id } = (await vpn.call<Challenge>('createChallenge', { body: { username: 'amina' } })).body;
      const params = { id };
      const body = { ceremonyId: toTry.ceremonyId, credential: amina.assert(toTry.options, backend.origin) };
      expect(codeOf(await desktopCall('deviceChallengeAnswer', { params, body }))).toBe('ceremony.ended');
      const toAnswer = (await desktopCall<Ceremony>('deviceChallengeOptions', { params })).body;
      const answer = { ceremonyId: toAnswer.ceremonyId, credential: amina.assert(toAnswer.options, backend.origin) };
      expect(codeOf(await desktopCall('deviceTry', { body: answer }))).toBe('ceremony.ended');
      expect(codeOf(await desktopCall('deviceChallengeAnswer', { params, body: answer }))).toBe(204);
    });

    it('about one request does not answer another', async () => {
      const first = (await vpn.call<Challenge>('createChallenge', { body: { username: 'amina' } })).body.id;
      const asked = (await desktopCall<Ceremony>('deviceChallengeOptions', { params: { id: first } })).body;
      await vpn.call('cancelChallenge', { params: { id: first } });
      const second = (await vpn.call<Challenge>('createChallenge', { body: { username: 'amina' } })).body.id;
      const body = { ceremonyId: asked.ceremonyId, credential: amina.assert(asked.options, backend.origin) };
      expect(codeOf(await desktopCall('deviceChallengeAnswer', { params: { id: second }, body }))).toBe('ceremony.ended');
      expect(codeOf(await desktopCall('deviceChallengeAnswer', { params: { id: first }, body }))).toBe('challenge.ended');
      await vpn.call('cancelChallenge', { params: { id: second } });
    });

    it('has the options that a second factor wants', async () => {
      const browser = await signedIn('amina', amina);
      const { options } = (await browser.call<Ceremony<Record<string, unknown>>>('registrationOptions')).body;
      expect(options).toMatchObject({
        attestation: 'direct',
        authenticatorSelection: { residentKey: 'discouraged', userVerification: 'preferred' },
        excludeCredentials: [{ type: 'public-key', id: amina.id }],
        rp: { id: 'localhost' },
      });
      expect(Buffer.from(String(options['challenge']), 'base64url')).toHaveLength(32);
      const asked = (await browser.call<Ceremony<Record<string, unknown>>>('assertionOptions')).body;
      expect(asked.options).toMatchObject({
        rpId: 'localhost',
        userVerification: 'preferred',
        allowCredentials: [{ id: amina.id, transports: ['usb'] }],
      });
    });
  });

  describe('a key', () => {
    it('of one person does not open the account of another', async () => {
      const browser = await withPassword('amina');
      expect(codeOf(await browser.secondStep(tomas))).toBe('authenticator.not-found');
      expect(codeOf(await browser.secondStep(new SoftwareKey()))).toBe('authenticator.not-found');
      expect(codeOf(await browser.secondStep(amina, { userHandle: 'AAAA' }))).toBe('webauthn.failed');
    });

    it('that somebody has enrolled is enrolled by nobody else', async () => {
      const browser = await signedIn('tomas', tomas);
      expect(codeOf(await browser.enroll(amina))).toBe('authenticator.already-enrolled');
      expect(codeOf(await browser.enroll(tomas))).toBe('authenticator.already-enrolled');
    });

    it('that was removed or stopped opens nothing', async () => {
      const browser = await signedIn('amina', amina);
      const spare = new SoftwareKey();
      const { authenticator } = (await browser.enroll(spare)).body as { authenticator: Authenticator };
      const elsewhere = await signedIn('amina', spare);
      const waiting = await withPassword('amina');
      const asked = await ask(waiting);
      await browser.call('removeAuthenticator', { params: { id: authenticator.id } });
      expect(codeOf(await give(waiting, asked, spare))).toBe('authenticator.not-found');
      expect(((await elsewhere.call('session')).body as { state: string }).state).toBe('none');
      expect(codeOf(await browser.enroll(spare))).toBe('authenticator.already-enrolled');

      const stopped = new SoftwareKey();
      const added = (await browser.enroll(stopped)).body as { authenticator: Authenticator };
      await backend.domain.store.transaction((tx) => tx.authenticators.suspend(added.authenticator.id, 'desk'));
      expect(codeOf(await (await withPassword('amina')).secondStep(stopped))).toBe('authenticator.suspended');
    });

    it('that answers with an old counter is refused and marked, and stays in use', async () => {
      const browser = await withPassword('tomas');
      expect(codeOf(await browser.secondStep(tomas, { counter: 100 }))).toBe(200);
      for (const counter of [100, 99, 1, 0]) {
        expect(codeOf(await (await withPassword('tomas')).secondStep(tomas, { counter }))).toBe('authenticator.counter-regressed');
      }
      const [record] = await backend.domain.store.read.authenticators.listOf(
        (await backend.domain.store.read.people.byUsernameKey('tomas'))?.id ?? '',
      );
      expect(record).toMatchObject({ state: 'active', counter: 100, counterAlarmAt: backend.clock.now() });
      expect(codeOf(await (await withPassword('tomas')).secondStep(tomas, { counter: 101 }))).toBe(200);
    });

    it('is not bricked by two good answers that overtake each other', async () => {
      const [one, two] = [await withPassword('tomas'), await withPassword('tomas')];
      const [first, second] = [await ask(one), await ask(two)];
      expect(codeOf(await give(two, second, tomas, { counter: 203 }))).toBe(200);
      expect(codeOf(await give(one, first, tomas, { counter: 202 }))).toBe('authenticator.counter-regressed');
      expect(codeOf(await one.secondStep(tomas, { counter: 204 }))).toBe(200);
    });

    it('without a counter is fine', async () => {
      const browser = await signedIn('amina', amina);
      const countless = new SoftwareKey({ counts: false });
      await browser.enroll(countless);
      for (let times = 0; times < 3; times += 1) expect(codeOf(await (await withPassword('amina')).secondStep(countless))).toBe(200);
      expect(codeOf(await (await withPassword('amina')).secondStep(countless, { counter: 5 }))).toBe(200);
      expect(codeOf(await (await withPassword('amina')).secondStep(countless))).toBe('authenticator.counter-regressed');
    });

    it('must know its PIN where the service asks for that', async () => {
      const { id } = (await vpn.call<Challenge>('createChallenge', { body: { username: 'amina', userVerification: 'required' } })).body;
      const params = { id };
      const answer = async (flags: number): Promise<ApiAnswer> => {
        const asked = (await desktopCall<Ceremony<{ userVerification: string }>>('deviceChallengeOptions', { params })).body;
        expect(asked.options.userVerification).toBe('required');
        const credential = amina.assert(asked.options as never, backend.origin, { flags });
        return desktopCall('deviceChallengeAnswer', { params, body: { ceremonyId: asked.ceremonyId, credential } });
      };
      expect(codeOf(await answer(UP))).toBe('webauthn.failed');
      expect(codeOf(await answer(UP | UV))).toBe(204);
      const read = (await vpn.call<Challenge>('challenge', { params })).body;
      expect(read.result).toMatchObject({ amr: ['hwk', 'user', 'mfa'], userVerified: true });
    });
  });

  it('two last keys are not both removed, even at once', async () => {
    await backend.addPerson('grace', 'secret');
    const browser = await withPassword('grace');
    const [one, two] = [new SoftwareKey(), new SoftwareKey()];
    const ids: string[] = [];
    for (const key of [one, two]) ids.push(((await browser.enroll(key)).body as { authenticator: Authenticator }).authenticator.id);
    const codes = await Promise.all([
      browser.call('removeAuthenticator', { params: { id: ids[0] ?? '' } }),
      browser.call('removeAuthenticator', { params: { id: ids[1] ?? '' } }),
    ]);
    expect(codes.map(codeOf).sort()).toEqual([204, 'authenticator.last-way']);
    const person = await backend.domain.store.read.people.byUsernameKey('grace');
    expect(await backend.domain.store.read.authenticators.listOf(person?.id ?? '')).toHaveLength(1);
  });

  it('wrong answers make the next question wait', async () => {
    const browser = await withPassword('amina');
    for (let times = 0; times < 20; times += 1) expect(codeOf(await browser.secondStep(amina, { flags: 0 }))).toBe('webauthn.failed');
    expect(codeOf(await browser.secondStep(amina))).toBe('request.rate-limited');
    backend.clock.advance(10_000);
    expect(codeOf(await browser.secondStep(amina))).toBe(200);
  });

  it('two browsers with the password alone do not both add a first key', async () => {
    await backend.addPerson('li', 'secret');
    const [one, two] = [await withPassword('li'), await withPassword('li')];
    const [first, second] = [
      (await one.call<Ceremony>('registrationOptions')).body,
      (await two.call<Ceremony>('registrationOptions')).body,
    ];
    const finish = (browser: Browser, { ceremonyId, options }: Ceremony): Promise<ApiAnswer> =>
      browser.call('registration', { body: { ceremonyId, name: 'k', credential: new SoftwareKey().register(options, backend.origin) } });
    const codes = (await Promise.all([finish(one, first), finish(two, second)])).map(codeOf);
    expect(codes.filter((one) => one === 201)).toHaveLength(1);
    expect(codes.find((one) => one !== 201)).toBe('session.second-step-missing');
  });
});
