/** One person from the first password to an answered request, over real HTTP, on each store. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { newId } from '../../../src/backend/domain/identifiers.ts';
import type { Authenticator, Challenge, DeviceSnapshot, PairingCode, Session } from '../../../src/contract/http/shapes.ts';
import type { ChangeResults } from '../../../src/contract/http/sync.ts';
import { Browser, Desktop, problemOf, type Service } from '../../support/backend.ts';
import { type BackendHere, startBackendHere } from '../../support/backend-here.ts';
import { seedKeysEnvironment } from '../../support/each-store.ts';
import { startPostgres, type TestPostgres } from '../../support/postgres.ts';
import { SoftwareKey } from '../../support/webauthn/software-key.ts';

const RETURN = 'http://localhost:7411/returned';

describe.each(['sqlite', 'postgres'] as const)('the first tap on %s', (dialect) => {
  let postgres: TestPostgres | null = null;
  let backend: BackendHere;
  let library: Service;
  let vpn: Service;
  const key = new SoftwareKey();

  beforeAll(async () => {
    postgres = dialect === 'postgres' ? await startPostgres() : null;
    const environment: Record<string, string> =
      postgres === null ? {} : { DOORSTEP_DATABASE_URL: await postgres.createDatabase(), ...seedKeysEnvironment() };
    backend = await startBackendHere({ environment });
    await backend.addPerson('amina.yusuf', 'correct horse');
    library = await backend.addService('Library', [RETURN]);
    vpn = await backend.addService('VPN');
  });
  afterAll(async () => {
    await backend.stop();
    await postgres?.stop();
  });

  it('enrolls a first key with the password alone, where policy lets it', async () => {
    const browser = new Browser(backend);
    const first = await browser.password('Amina.Yusuf ', 'correct horse');
    expect(first.body).toMatchObject({ state: 'enrolling', person: { username: 'amina.yusuf' }, ways: [] });
    const enrolled = await browser.enroll(key, 'Blue key');
    expect(enrolled.status).toBe(201);
    expect(enrolled.body).toMatchObject({ authenticator: { name: 'Blue key', preferred: true, attestation: 'none', state: 'active' } });
    expect((await browser.call('session')).body).toMatchObject({ state: 'full', ways: ['security-key'] });
  });

  it('signs in with password and key, and sends the person back to the service', async () => {
    const asked = await library.call<Challenge>('createChallenge', { body: { returnTo: `${RETURN}?x=1`, place: 'Website' } });
    expect(asked.status).toBe(201);
    const { id } = asked.body;
    const browser = new Browser(backend);
    expect((await browser.call('session', { query: `?challenge=${id}` })).body).toMatchObject({
      state: 'none',
      service: { name: 'Library' },
    });
    expect((await browser.password('amina.yusuf', 'correct horse', id)).body).toMatchObject({ state: 'password', ways: ['security-key'] });
    const done = await browser.secondStep(key);
    const back = new URL((done.body as Session).returnTo ?? '');
    const code = back.searchParams.get('code') ?? '';
    expect(done.body).toMatchObject({ state: 'full', returnTo: `${RETURN}?x=1&challenge=${id}&code=${code}` });
    expect((await browser.call('session')).body).toMatchObject({ returnTo: back.href });
    // Whoever began the request and sent its address to somebody else knows its id, and not the code.
    for (const query of ['', '?wait=1', `?code=${'A'.repeat(43)}`]) {
      const refused = await library.call('challenge', { params: { id }, query });
      expect([refused.status, problemOf(refused).code]).toEqual([403, 'challenge.return-code']);
      expect(JSON.stringify(refused.body)).not.toMatch(/approved|amina/);
    }
    const read = await library.call<Challenge>('challenge', { params: { id }, query: `?code=${code}` });
    expect(read.body).toMatchObject({
      state: 'approved',
      result: {
        amr: ['pwd', 'hwk', 'user', 'mfa'],
        assurance: 'phishing-resistant',
        userVerified: false,
        person: { username: 'amina.yusuf' },
      },
    });
    expect((await vpn.call('challenge', { params: { id } })).status).toBe(404);
  });

  it('asks a signed-in person for the key again when another service asks', async () => {
    const browser = new Browser(backend);
    await browser.password('amina.yusuf', 'correct horse');
    await browser.secondStep(key);
    const { id } = (await library.call<Challenge>('createChallenge', { body: { returnTo: RETURN } })).body;
    expect((await browser.call('session', { query: `?challenge=${id}` })).body).toMatchObject({ state: 'password' });
    const done = await browser.secondStep(key, {}, id);
    expect(done.body).toMatchObject({ state: 'full', returnTo: expect.stringMatching(/[?]challenge=[\w-]{22}&code=[\w-]{43}$/) });
    expect((done.body as Session).returnTo).toContain(id);
  });

  it('pairs a desktop, which answers a waiting request with the key', async () => {
    const browser = new Browser(backend);
    await browser.password('amina.yusuf', 'correct horse');
    await browser.secondStep(key);
    const { code } = (await browser.call<PairingCode>('pairingCode')).body;
    expect(code).toMatch(/^[A-HJ-NP-RT-Y346789]{4}-[A-HJ-NP-RT-Y346789]{4}$/);
    const desktop = new Desktop(backend);
    expect((await desktop.pair(` ${code.toLowerCase().replace('-', ' ')}`)).status).toBe(201);
    expect(problemOf(await new Desktop(backend).pair(code)).code).toBe('pairing.code-wrong');

    const events = await desktop.events();
    expect(await events.next()).toHaveProperty('version');
    const { id } = (await vpn.call<Challenge>('createChallenge', { body: { username: 'AMINA.YUSUF', place: 'Campus' } })).body;
    expect(await events.next()).toHaveProperty('version');
    const snapshot = (await desktop.call<DeviceSnapshot>('deviceSnapshot')).body;
    expect(snapshot.challenges).toMatchObject([{ id, serviceName: 'VPN', place: 'Campus' }]);
    expect(snapshot.authenticators.map(({ kind }) => kind).sort()).toEqual(['desktop', 'security-key']);

    expect(problemOf(await vpn.call('createChallenge', { body: { username: 'amina.yusuf' } })).code).toBe('challenge.pending-exists');
    const waiting = vpn.call<Challenge>('challenge', { params: { id }, query: '?wait=20' });
    expect((await desktop.answer(id, key)).status).toBe(204);
    expect((await waiting).body).toMatchObject({ state: 'approved', result: { amr: ['hwk', 'user'], assurance: 'other-device' } });
    expect(problemOf(await desktop.answer(id, key)).code).toBe('challenge.ended');
    events.stop();
  });

  it('lets a desktop enroll, try, rename, prefer and remove, but never the last way', async () => {
    const browser = new Browser(backend);
    await browser.password('amina.yusuf', 'correct horse');
    await browser.secondStep(key);
    const desktop = new Desktop(backend);
    await desktop.pair((await browser.call<PairingCode>('pairingCode')).body.code);
    const spare = new SoftwareKey();
    const added = (await desktop.enroll(spare, 'Spare')).body as { authenticator: Authenticator };
    const asked = (await desktop.call<{ ceremonyId: string; options: never }>('deviceTryOptions')).body;
    const tried = await desktop.call('deviceTry', {
      body: { ceremonyId: asked.ceremonyId, credential: spare.assert(asked.options, backend.origin) },
    });
    expect(tried.body).toMatchObject({ authenticator: { name: 'Spare' } });
    const params = { id: added.authenticator.id };
    const changes = [{ kind: 'rename', name: 'Green key' }, { kind: 'prefer' }].map((change) => ({
      key: newId(),
      madeAt: new Date().toISOString(),
      authenticatorId: params.id,
      change,
    }));
    const changed = (await desktop.call<ChangeResults>('deviceChanges', { body: { changes } })).body;
    expect(changed.results.map(({ outcome }) => outcome)).toEqual(['done', 'done']);
    expect(changed.snapshot.authenticators).toContainEqual(expect.objectContaining({ name: 'Green key', preferred: true }));
    expect((await browser.call('removeAuthenticator', { params })).status).toBe(204);
    const left = (await browser.call<{ authenticators: Authenticator[] }>('authenticators')).body.authenticators;
    const last = left.find(({ kind }) => kind === 'security-key');
    expect(last?.preferred).toBe(true);
    expect((await desktop.call('unpairDevice')).status).toBe(204);
    expect(problemOf(await desktop.call('deviceSnapshot')).code).toBe('device.removed');
    for (const { id, kind } of left) {
      if (kind === 'desktop' && id !== desktop.deviceId) await browser.call('removeAuthenticator', { params: { id } });
    }
    expect(problemOf(await browser.call('removeAuthenticator', { params: { id: last?.id ?? '' } })).code).toBe('authenticator.last-way');
  });
});
