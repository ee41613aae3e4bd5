/** Requests of services: one ending, one waiting, an end in time, and nobody else's business. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Challenge, DeviceSnapshot, PairingCode } from '../../../src/contract/http/shapes.ts';
import { Browser, Desktop, problemOf, type Service } from '../../support/backend.ts';
import { type BackendHere, startBackendHere } from '../../support/backend-here.ts';
import { onEachStore } from '../../support/each-store.ts';
import { codeOf } from '../../support/household.ts';
import { SoftwareKey } from '../../support/webauthn/software-key.ts';

const RETURN = 'https://library.example/returned';

onEachStore('challenges', (_dialect, environment) => {
  let backend: BackendHere;
  let library: Service;
  let vpn: Service;
  const key = new SoftwareKey();
  let desktop: Desktop;
  const ask = async (service: Service, body: object): Promise<Challenge> => {
    const answer = await service.call<Challenge>('createChallenge', { body });
    expect(codeOf(answer)).toBe(201);
    return answer.body;
  };
  const iat = () => ({ claims: { iat: Math.floor(backend.clock.now() / 1_000) } });
  const deny = (id: string, serviceName = 'VPN') => desktop.decide({ id, serviceName }, 'deny');
  const read = async (service: Service, id: string): Promise<Challenge> =>
    (await service.call<Challenge>('challenge', { params: { id } })).body;
  const forget = (): void => backend.clock.advance(24 * 3_600_000);

  beforeAll(async () => {
    backend = await startBackendHere({ environment: await environment() });
    library = await backend.addService('Library', [RETURN]);
    vpn = await backend.addService('VPN');
    await backend.addPerson('amina', 'secret');
    await backend.addPerson('tomas', 'secret');
    const browser = new Browser(backend);
    await browser.password('amina', 'secret');
    await browser.enroll(key);
    desktop = new Desktop(backend);
    desktop.now = () => backend.clock.now();
    await desktop.pair((await browser.call<PairingCode>('pairingCode')).body.code);
  });
  afterAll(() => backend.stop());

  it('have one ending', async () => {
    const { id } = await ask(vpn, { username: 'amina' });
    expect(codeOf(await deny(id))).toBe(204);
    expect(codeOf(await deny(id))).toBe('challenge.ended');
    expect(codeOf(await vpn.call('cancelChallenge', { params: { id } }))).toBe('challenge.ended');
    expect(codeOf(await desktop.call('deviceChallengeOptions', { params: { id } }, iat()))).toBe('challenge.ended');
    expect(await read(vpn, id)).toMatchObject({ state: 'denied', result: null });
    forget();
  });

  it('are denied, canceled and read by those whom they concern alone', async () => {
    const { id } = await ask(vpn, { username: 'tomas' });
    expect(codeOf(await deny(id))).toBe('challenge.not-found');
    expect(codeOf(await desktop.call('deviceChallengeOptions', { params: { id } }, iat()))).toBe('challenge.not-found');
    expect(codeOf(await library.call('challenge', { params: { id } }))).toBe('challenge.not-found');
    expect(codeOf(await library.call('cancelChallenge', { params: { id } }))).toBe('challenge.not-found');
    expect(codeOf(await vpn.call('cancelChallenge', { params: { id } }))).toBe(200);
    expect((await read(vpn, id)).state).toBe('canceled');
    const open = await ask(library, { returnTo: RETURN });
    expect(codeOf(await deny(open.id))).toBe('challenge.not-found');
    await library.call('cancelChallenge', { params: { id: open.id } });
  });

  it('end after ten minutes, and a late answer counts for nothing', async () => {
    const { id, createdAt, expiresAt } = await ask(vpn, { username: 'amina' });
    expect(Date.parse(expiresAt) - Date.parse(createdAt)).toBe(600_000);
    backend.clock.advance(600_000);
    expect((await read(vpn, id)).state).toBe('expired');
    expect(codeOf(await deny(id))).toBe('challenge.ended');
    const snapshot = (await desktop.call<DeviceSnapshot>('deviceSnapshot', {}, iat())).body;
    expect(snapshot.challenges).toEqual([]);
    await ask(vpn, { username: 'amina' });
    forget();
  });

  it('wait one at a time', async () => {
    const answers = await Promise.all(
      Array.from({ length: 20 }, () => vpn.call<Challenge>('createChallenge', { body: { username: 'amina' } })),
    );
    expect(answers.map(codeOf).sort()).toEqual([201, ...Array.from({ length: 19 }, () => 'challenge.pending-exists')]);
    const id = answers.find(({ status }) => status === 201)?.body.id ?? '';
    await vpn.call('cancelChallenge', { params: { id } });
  });

  it('stay away for a while after a denial, longer each time', async () => {
    for (const seconds of [30, 60, 120]) {
      const { id } = await ask(vpn, { username: 'amina' });
      await deny(id);
      const refused = await vpn.call('createChallenge', { body: { username: 'amina' } });
      expect(problemOf(refused)).toMatchObject({ code: 'request.rate-limited', facts: { retryAfterSeconds: seconds } });
      backend.clock.advance(seconds * 1_000);
    }
    forget();
  });

  it('send people back to registered addresses only', async () => {
    for (const returnTo of [`${RETURN}?a=1#x`, RETURN]) {
      const { id } = await ask(library, { returnTo });
      await library.call('cancelChallenge', { params: { id } });
    }
    for (const returnTo of [
      'https://library.example/returned/',
      'https://library.example/returned/../other',
      'https://library.example:8443/returned',
      'http://library.example/returned',
      'https://library.example.evil/returned',
      'https://user@library.example/returned',
      'https://library.example@evil.example/returned',
      'javascript:alert(1)',
      '//library.example/returned',
      '/returned',
      'https://library.example',
    ]) {
      expect(codeOf(await library.call('createChallenge', { body: { returnTo } })), returnTo).toBe('service.return-address');
    }
    expect(codeOf(await vpn.call('createChallenge', { body: { returnTo: RETURN } }))).toBe('service.return-address');
    // Naming nobody, it needs the way back that brings its code.
    expect(codeOf(await library.call('createChallenge', { body: {} }))).toBe('service.return-address');
  });

  it('that name a person are not answered by another', async () => {
    const { id } = await ask(library, { username: 'tomas', returnTo: RETURN });
    const browser = new Browser(backend);
    expect(codeOf(await browser.password('amina', 'secret', id))).toBe('challenge.other-person');
    // That is no wrong password, however often it happens.
    for (let times = 0; times < 10; times += 1)
      expect(codeOf(await browser.password('amina', 'secret', id))).toBe('challenge.other-person');
    await browser.password('amina', 'secret');
    expect(codeOf(await browser.secondStep(key, {}, id))).toBe('challenge.other-person');
    expect((await read(library, id)).state).toBe('pending');
    await library.call('cancelChallenge', { params: { id } });
    expect(codeOf(await library.call('createChallenge', { body: { username: 'nobody' } }))).toBe('person.unknown');
  });

  it('that have ended let nobody in, also when the person is in the middle of it', async () => {
    const { id } = await ask(library, { returnTo: RETURN });
    const browser = new Browser(backend);
    await browser.password('amina', 'secret', id);
    const asked = await browser.call<{ ceremonyId: string; options: never }>('assertionOptions');
    await library.call('cancelChallenge', { params: { id } });
    const body = { ceremonyId: asked.body.ceremonyId, credential: key.assert(asked.body.options, backend.origin) };
    expect(codeOf(await browser.call('assertionStep', { body }))).toBe('challenge.ended');
    expect((await browser.call<{ state: string }>('session')).body.state).toBe('password');
    expect((await read(library, id)).state).toBe('canceled');
  });

  it('are answered to whoever waits for them, as soon as they end', async () => {
    const { id } = await ask(vpn, { username: 'amina' });
    const [waiting, also] = [1, 2].map(() => vpn.call<Challenge>('challenge', { params: { id }, query: '?wait=30' }));
    await new Promise((resolve) => setTimeout(resolve, 100));
    const started = performance.now();
    await deny(id);
    expect([(await waiting)?.body.state, (await also)?.body.state]).toEqual(['denied', 'denied']);
    expect(performance.now() - started).toBeLessThan(2_000);
    const { id: other } = await ask(library, { returnTo: RETURN });
    const before = performance.now();
    expect((await library.call<Challenge>('challenge', { params: { id: other }, query: '?wait=1' })).body.state).toBe('pending');
    expect(performance.now() - before).toBeGreaterThan(900);
    for (const query of ['?wait=31', '?wait=-1', '?wait=x', '?wait=1&more=1']) {
      expect(codeOf(await library.call('challenge', { params: { id: other }, query }))).toBe('request.malformed');
    }
    forget();
  });
});
