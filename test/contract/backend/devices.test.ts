/** Paired desktops: the code that pairs them, the signature on each request, the live events, and removal at once. */
import { generateKeyPairSync } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { newId } from '../../../src/backend/domain/identifiers.ts';
import type { Authenticator, DeviceSnapshot, PairingCode } from '../../../src/contract/http/shapes.ts';
import type { ChangeResults } from '../../../src/contract/http/sync.ts';
import { type ApiAnswer, Browser, Desktop, problemOf, type SignatureTwist } from '../../support/backend.ts';
import { type BackendHere, startBackendHere } from '../../support/backend-here.ts';
import { onEachStore } from '../../support/each-store.ts';
import { codeOf } from '../../support/household.ts';
import { SoftwareKey } from '../../support/webauthn/software-key.ts';

onEachStore('desktops', (_dialect, environment) => {
  let backend: BackendHere;
  let browser: Browser;
  const key = new SoftwareKey();
  const newCode = async (): Promise<string> => {
    const answer = await browser.call<PairingCode>('pairingCode');
    expect(codeOf(answer)).toBe(201);
    return answer.body.code;
  };
  const paired = async (): Promise<Desktop> => {
    const desktop = new Desktop(backend);
    expect(codeOf(await desktop.pair(await newCode(), 'Office', pairingTwist(desktop)))).toBe(201);
    return desktop;
  };
  /** The backend's clock is the test's; a desktop signs with the same one. */
  const now = (seconds = 0) => ({
    header: {},
    claims: { iat: Math.floor(backend.clock.now() / 1_000) + seconds },
  });
  const pairingTwist = (desktop: Desktop) => ({ header: { jwk: desktop.publicJwk }, claims: { sub: '', ...now().claims } });
  const call = (desktop: Desktop, name: Parameters<Desktop['call']>[0], options = {}, twist: SignatureTwist = {}) =>
    desktop.call(name, options, { ...twist, claims: { ...now().claims, ...twist.claims } });

  beforeAll(async () => {
    backend = await startBackendHere({ environment: await environment() });
    await backend.addPerson('amina', 'secret');
    browser = new Browser(backend);
    await browser.password('amina', 'secret');
    await browser.enroll(key);
  });
  afterAll(() => backend.stop());

  describe('a pairing code', () => {
    const pair = (desktop: Desktop, typed: string) => desktop.pair(typed, 'Office', pairingTwist(desktop));

    it('works once, in whatever spelling', async () => {
      const made = await newCode();
      const desktop = new Desktop(backend);
      expect(codeOf(await pair(desktop, `\t${made.toLowerCase().split('').join(' ').replace('-', '–')}`))).toBe(201);
      expect(codeOf(await pair(new Desktop(backend), made))).toBe('pairing.code-wrong');
    });

    it('ends after ten minutes, and when the next one is made', async () => {
      const first = await newCode();
      const second = await newCode();
      expect(codeOf(await pair(new Desktop(backend), first))).toBe('pairing.code-wrong');
      backend.clock.advance(9 * 60_000);
      const third = await (await signedInAgain()).call<PairingCode>('pairingCode');
      expect(third.status).toBe(201);
      backend.clock.advance(10 * 60_000);
      for (const old of [second, third.body.code]) expect(codeOf(await pair(new Desktop(backend), old))).toBe('pairing.code-wrong');
      browser = await signedInAgain();
    });

    const signedInAgain = async (): Promise<Browser> => {
      const again = new Browser(backend);
      await again.password('amina', 'secret');
      await again.secondStep(key);
      return again;
    };

    it('is used by one of many that type it at once', async () => {
      // Wrong tries of the tests before are forgotten by then: nine at once stay below the ten that are free.
      backend.clock.advance(10 * 60_000);
      browser = await signedInAgain();
      const made = await newCode();
      const answers = await Promise.all(Array.from({ length: 9 }, () => pair(new Desktop(backend), made)));
      expect(answers.map(codeOf).sort()).toEqual([201, ...Array.from({ length: 8 }, () => 'pairing.code-wrong')]);
    });

    it('cannot be guessed: tries are counted before they are looked at', async () => {
      const codes: (string | number)[] = [];
      for (let tries = 0; tries < 12; tries += 1) codes.push(codeOf(await pair(new Desktop(backend), 'AAAA-AAAA')));
      expect(codes.at(0)).toBe('pairing.code-wrong');
      expect(codes.at(-1)).toBe('request.rate-limited');
      expect(codeOf(await pair(new Desktop(backend), await newCode()))).toBe('request.rate-limited');
      backend.clock.advance(60 * 60_000);
      browser = await signedInAgain();
      expect(codeOf(await pair(new Desktop(backend), 'not a code'))).toBe('pairing.code-wrong');
    });

    it('is nowhere in the store in plain', async () => {
      const made = await newCode();
      const rows = await backend.domain.store.read.audit.list(1, 1_000);
      expect(JSON.stringify(rows)).not.toContain(made.replace('-', ''));
      expect(JSON.stringify(rows)).not.toContain(made);
    });

    it('pairs only the key that signs the request', async () => {
      const made = await newCode();
      const desktop = new Desktop(backend);
      const other = new Desktop(backend);
      expect(codeOf(await desktop.pair(made, 'x', { ...pairingTwist(desktop), header: { jwk: other.publicJwk } }))).toBe(
        'device.signature-wrong',
      );
      expect(codeOf(await desktop.pair(made, 'x', { ...pairingTwist(desktop), header: {} }))).toBe('device.signature-wrong');
      expect(
        codeOf(await desktop.pair(made, 'x', { ...pairingTwist(desktop), claims: { sub: 'AAAAAAAAAAAAAAAAAAAAAA', ...now().claims } })),
      ).toBe('device.signature-wrong');
      expect(codeOf(await desktop.pair(made, 'x', pairingTwist(desktop)))).toBe(201);
    });
  });

  describe('a signature', () => {
    let desktop: Desktop;
    beforeAll(async () => {
      browser = new Browser(backend);
      await browser.password('amina', 'secret');
      await browser.secondStep(key);
      desktop = new Desktop(backend);
      expect(codeOf(await desktop.pair(await newCode(), 'Office', pairingTwist(desktop)))).toBe(201);
    });
    const snapshot = (twist: SignatureTwist = {}) => call(desktop, 'deviceSnapshot', {}, twist);

    it('is accepted where it fits', async () => {
      const answer = (await snapshot()) as ApiAnswer<DeviceSnapshot>;
      expect(codeOf(answer)).toBe(200);
      expect(answer.body.deviceId).toBe(desktop.deviceId);
    });

    it.each<[string, SignatureTwist, string]>([
      ['another method', { claims: { htm: 'POST' } }, 'device.signature-wrong'],
      ['another path', { claims: { htu: 'http://localhost/v1/device/events' } }, 'device.signature-wrong'],
      ['another body', { claims: { bsh: 'x' } }, 'device.signature-wrong'],
      ['no nonce', { claims: { jti: '' } }, 'device.signature-wrong'],
      ['a short nonce', { claims: { jti: 'AAAA' } }, 'device.signature-wrong'],
      ['no time', { claims: { iat: undefined } }, 'device.signature-wrong'],
      ['time as text', { claims: { iat: '1' } }, 'device.signature-wrong'],
      ['alg none', { header: { alg: 'none' }, token: (token) => `${token.split('.').slice(0, 2).join('.')}.` }, 'device.signature-wrong'],
      ['alg none and a signature', { header: { alg: 'none' } }, 'device.signature-wrong'],
      ['alg HS256', { header: { alg: 'HS256' } }, 'device.signature-wrong'],
      ['another type', { header: { typ: 'JWT' } }, 'device.signature-wrong'],
      ['a critical header', { header: { crit: ['x'], x: 1 } }, 'device.signature-wrong'],
      ['one bit changed', { token: (token) => `${token.slice(0, -2)}${token.endsWith('AA') ? 'BA' : 'AA'}` }, 'device.signature-wrong'],
      ['rubbish', { token: () => 'x.y.z' }, 'device.signature-wrong'],
      ['nothing', { token: () => '' }, 'device.signature-wrong'],
      ['another device', { claims: { sub: 'AAAAAAAAAAAAAAAAAAAAAA' } }, 'device.unknown'],
    ])('with %s is refused', async (_name, twist, expected) => {
      expect(codeOf(await snapshot(twist))).toBe(expected);
    });

    it('by another key is refused, whatever key its header brings', async () => {
      const other = new Desktop(backend);
      other.deviceId = desktop.deviceId;
      expect(codeOf(await call(other, 'deviceSnapshot'))).toBe('device.signature-wrong');
      expect(codeOf(await call(other, 'deviceSnapshot', {}, { header: { jwk: other.publicJwk } }))).toBe('device.signature-wrong');
    });

    it('is good for a minute around the backend’s clock, and then says what time it is', async () => {
      const at = (seconds: number) => desktop.call('deviceSnapshot', {}, now(seconds));
      expect(codeOf(await at(-59))).toBe(200);
      expect(codeOf(await at(59))).toBe(200);
      for (const seconds of [-62, 62, 100_000]) {
        const answer = await at(seconds);
        expect(problemOf(answer)).toMatchObject({
          code: 'clock.wrong',
          facts: { serverTime: new Date(backend.clock.now()).toISOString() },
        });
      }
    });

    it('is good once', async () => {
      const claims = { ...now().claims, jti: Buffer.alloc(16, 5).toString('base64url') };
      const answers = await Promise.all(Array.from({ length: 20 }, () => desktop.call('deviceSnapshot', {}, { claims })));
      expect(answers.map(codeOf).sort()).toEqual([200, ...Array.from({ length: 19 }, () => 'device.request-replayed')]);
      expect(codeOf(await desktop.call('deviceSnapshot', {}, { claims }))).toBe('device.request-replayed');
    });

    it('covers the body as it was sent', async () => {
      const path = '/v1/device/challenges/AAAAAAAAAAAAAAAAAAAAAA/decision';
      const body = JSON.stringify({ statement: 'A' });
      const send = (sent: string) =>
        fetch(`${backend.base}${path}`, {
          method: 'POST',
          headers: { 'content-type': 'application/json', 'doorstep-device': desktop.sign('POST', path, body, now()) },
          body: sent,
        }).then(async (response) => ((await response.json()) as { code: string }).code);
      expect(await send(body)).toBe('challenge.not-found');
      expect(await send(`${body} `)).toBe('device.signature-wrong');
      expect(await send(JSON.stringify({ statement: 'B' }))).toBe('device.signature-wrong');
    });
  });

  describe('events', () => {
    it('tell of each change, and end when the desktop is removed', async () => {
      const desktop = await paired();
      const spare = new SoftwareKey();
      const stream = await desktop.events({ iat: now().claims.iat });
      const first = await stream.next();
      const { authenticator } = (await browser.enroll(spare)).body as { authenticator: Authenticator };
      const second = await stream.next();
      expect(second?.version).toBeGreaterThan(first?.version ?? 0);
      await browser.call('changeAuthenticator', { params: { id: authenticator.id }, body: { name: 'Renamed' } });
      expect((await stream.next())?.version).toBeGreaterThan(second?.version ?? 0);
      const started = performance.now();
      expect(codeOf(await browser.call('removeAuthenticator', { params: { id: desktop.deviceId } }))).toBe(204);
      expect(await stream.next()).toBeNull();
      expect(performance.now() - started).toBeLessThan(2_000);
      expect(codeOf(await call(desktop, 'deviceSnapshot'))).toBe('device.removed');
      await browser.call('removeAuthenticator', { params: { id: authenticator.id } });
    });

    it('are opened four times a desktop at most: the oldest gives way', async () => {
      const desktop = await paired();
      const streams = [];
      for (let count = 0; count < 5; count += 1) {
        const stream = await desktop.events({ iat: now().claims.iat });
        await stream.next();
        streams.push(stream);
      }
      expect(await streams[0]?.next()).toBeNull();
      for (const stream of streams.slice(1)) stream.stop();
    });
  });

  it('of another person are out of reach', async () => {
    await backend.addPerson('tomas', 'secret');
    const tomas = new Browser(backend);
    await tomas.password('tomas', 'secret');
    await tomas.enroll(new SoftwareKey());
    const desktop = new Desktop(backend);
    await desktop.pair((await tomas.call<PairingCode>('pairingCode')).body.code, 'Tomas', pairingTwist(desktop));
    const [mine] = (await browser.call<{ authenticators: Authenticator[] }>('authenticators')).body.authenticators;
    const params = { id: mine?.id ?? '' };
    const madeAt = new Date(backend.clock.now()).toISOString();
    const changes = [{ kind: 'remove' }, { kind: 'rename', name: 'x' }, { kind: 'prefer' }].map((change) => ({
      key: newId(),
      madeAt,
      authenticatorId: params.id,
      change,
    }));
    const { results } = (await call(desktop, 'deviceChanges', { body: { changes } })).body as ChangeResults;
    expect(results.map((result) => result.code)).toEqual(Array.from({ length: 3 }, () => 'authenticator.not-found'));
    expect(codeOf(await browser.call('removeAuthenticator', { params: { id: desktop.deviceId } }))).toBe('authenticator.not-found');
  });

  it('can be a first choice: they approve with a number', async () => {
    const { deviceId } = await paired();
    const answer = await browser.call('changeAuthenticator', { params: { id: deviceId }, body: { preferred: true } });
    expect(codeOf(answer)).toBe(200);
  });

  it('are of P-256 alone', async () => {
    const desktop = new Desktop(backend);
    const { x = '', y = '' } = generateKeyPairSync('ec', { namedCurve: 'P-384' }).publicKey.export({ format: 'jwk' });
    const publicKey = { kty: 'EC', crv: 'P-256', x, y };
    const answer = await desktop.call(
      'pairDevice',
      { body: { code: await newCode(), name: 'x', platform: 'linux', publicKey } },
      { header: { jwk: publicKey }, claims: { sub: '', ...now().claims } },
    );
    expect(codeOf(answer)).toBe('device.signature-wrong');
  });
});
