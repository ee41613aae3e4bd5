/** Every address of the API against every kind of caller (C24, C28): nobody reaches more than the contract's table says. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Guard, ROUTES, type RouteName } from '../../../src/contract/http/routes.ts';
import { Browser, Desktop, problemOf, type Service } from '../../support/backend.ts';
import { type BackendHere, startBackendHere } from '../../support/backend-here.ts';
import { SoftwareKey } from '../../support/webauthn/software-key.ts';

const NAMES = Object.keys(ROUTES) as RouteName[];
const PARAMS = { id: 'AAAAAAAAAAAAAAAAAAAAAA' };
/** What a guard answers; anything else means that the caller came past it. */
const TURNED_AWAY = new Set([
  'session.missing',
  'session.second-step-missing',
  'session.stale',
  'enrollment.needs-claim',
  'device.unknown',
  'device.signature-wrong',
  'service.key-wrong',
]);
/** These would end the caller, or hold the answer open. */
const APART = new Set<RouteName>(['signOut', 'unpairDevice', 'deviceEvents']);

type Caller = 'nobody' | 'stuck' | 'password' | 'enrolling' | 'stale' | 'fresh' | 'device' | 'service';
const MAY: Readonly<Record<Caller, readonly Guard[]>> = {
  nobody: ['open'],
  stuck: ['open', 'password'],
  password: ['open', 'password'],
  enrolling: ['open', 'password', 'enrolling'],
  stale: ['open', 'password', 'full'],
  fresh: ['open', 'password', 'enrolling', 'full', 'fresh'],
  device: ['open', 'device'],
  service: ['open', 'service'],
};

describe('every route, every caller', () => {
  let backend: BackendHere;
  let strict: BackendHere;
  let service: Service;
  const callers = new Map<Caller, (name: RouteName) => Promise<{ status: number; body: unknown }>>();

  beforeAll(async () => {
    backend = await startBackendHere();
    strict = await startBackendHere({ environment: { DOORSTEP_FIRST_ENROLLMENT: 'claim-code' } });
    for (const username of ['amina', 'tomas']) await backend.addPerson(username, 'secret');
    await strict.addPerson('amina', 'secret');
    service = await backend.addService('VPN');
    const key = new SoftwareKey();
    const body = {};

    const stale = new Browser(backend);
    await stale.password('amina', 'secret');
    await stale.enroll(key);
    const desktop = new Desktop(backend);
    await desktop.pair(((await stale.call('pairingCode')).body as { code: string }).code);
    backend.clock.advance(11 * 60_000);
    const fresh = new Browser(backend);
    await fresh.password('amina', 'secret');
    await fresh.secondStep(key);
    const password = new Browser(backend);
    await password.password('amina', 'secret');
    const enrolling = new Browser(backend);
    await enrolling.password('tomas', 'secret');
    const stuck = new Browser(strict);
    await stuck.password('amina', 'secret');
    const nobody = new Browser(backend);

    for (const [caller, browser] of Object.entries({ nobody, stuck, password, enrolling, stale, fresh })) {
      callers.set(caller as Caller, (name) =>
        browser.call(name, { params: PARAMS, body: ROUTES[name].method === 'GET' ? undefined : body }),
      );
    }
    // The test's clock has been moved on; the desktop signs with the same one.
    const iat = (): number => Math.floor(backend.clock.now() / 1_000);
    callers.set('device', (name) =>
      desktop.call(
        name,
        { params: PARAMS, body: ROUTES[name].method === 'GET' ? undefined : body, headers: { origin: backend.origin } },
        { claims: { iat: iat() } },
      ),
    );
    callers.set('service', (name) =>
      service.call(name, { params: PARAMS, body: ROUTES[name].method === 'GET' ? undefined : body, headers: { origin: backend.origin } }),
    );
  });
  afterAll(async () => {
    await backend.stop();
    await strict.stop();
  });

  const cases = (Object.keys(MAY) as Caller[]).flatMap((caller) =>
    NAMES.filter((name) => !APART.has(name)).map((name) => [caller, name] as const),
  );

  it.each(cases)('%s at %s', async (caller, name) => {
    const call = callers.get(caller);
    if (call === undefined) throw new Error('there is no such caller');
    const { status, body } = await call(name);
    const code = (body as { code?: string } | null)?.code ?? '';
    expect(TURNED_AWAY.has(code), `${status} ${code}`).toBe(!MAY[caller].includes(ROUTES[name].guard));
  });

  it('says what is missing', async () => {
    const code = async (caller: Caller, name: RouteName): Promise<string> =>
      problemOf((await callers.get(caller)?.(name)) as Parameters<typeof problemOf>[0]).code;
    expect(await code('nobody', 'authenticators')).toBe('session.missing');
    expect(await code('stuck', 'registrationOptions')).toBe('enrollment.needs-claim');
    expect(await code('password', 'authenticators')).toBe('session.second-step-missing');
    expect(await code('password', 'registrationOptions')).toBe('session.second-step-missing');
    expect(await code('stale', 'registrationOptions')).toBe('session.stale');
    expect(await code('stale', 'removeAuthenticator')).toBe('session.stale');
    expect(await code('nobody', 'deviceSnapshot')).toBe('device.signature-wrong');
    expect(await code('device', 'createChallenge')).toBe('service.key-wrong');
  });

  it('covers every address that the server has', async () => {
    const document = (await (await fetch(`${backend.base}/v1/openapi.json`)).json()) as {
      paths: Record<string, Record<string, { operationId: string }>>;
    };
    const served = Object.values(document.paths).flatMap((methods) => Object.values(methods).map(({ operationId }) => operationId));
    expect(served.sort()).toEqual([...NAMES].sort());
  });
});

describe('a change by a browser', () => {
  let backend: BackendHere;
  beforeAll(async () => {
    backend = await startBackendHere();
  });
  afterAll(() => backend.stop());

  const changes = NAMES.filter((name) => {
    const { method, guard } = ROUTES[name];
    return (
      method !== 'GET' && (['password', 'enrolling', 'full', 'fresh'].includes(guard) || name === 'passwordStep' || name === 'signOut')
    );
  });

  it.each(changes)('%s comes from our own pages only', async (name) => {
    const call = async (headers: Record<string, string>): Promise<string> => {
      const response = await fetch(`${backend.base}${ROUTES[name].path.replace(':id', PARAMS.id)}`, {
        method: ROUTES[name].method,
        headers: { 'content-type': 'application/json', ...headers },
        body: '{}',
      });
      return response.status === 204 ? '' : ((await response.json()) as { code: string }).code;
    };
    for (const origin of ['https://evil.example', 'null', backend.origin.replace('http:', 'https:'), `${backend.origin}.evil.example`]) {
      expect(await call({ origin })).toBe('request.wrong-origin');
    }
    expect(await call({})).toBe('request.wrong-origin');
    expect(await call({ 'sec-fetch-site': 'cross-site' })).toBe('request.wrong-origin');
    expect(await call({ 'sec-fetch-site': 'same-site' })).toBe('request.wrong-origin');
    expect(await call({ origin: 'https://evil.example', 'sec-fetch-site': 'same-origin' })).toBe('request.wrong-origin');
    expect(await call({ origin: backend.origin })).not.toBe('request.wrong-origin');
    expect(await call({ 'sec-fetch-site': 'same-origin' })).not.toBe('request.wrong-origin');
  });
});
