/**
 * The app's own code of an account, on a real backend whose answer comes late, twice, or not at all: what the backend counts
 * on has its seed here, and what it does not is gone in the end.
 */
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import { DeviceSnapshot, PairedDevice, type Session } from '../../../src/contract/http/shapes.ts';
import { DeviceWelcome } from '../../../src/contract/http/sync.ts';
import { createLog } from '../../../src/main/app/log.ts';
import { createStateStore, firstState, type StateStore } from '../../../src/main/app/state-store.ts';
import { createOwnCodes, type OwnCodes } from '../../../src/main/codes/own-code.ts';
import { type BackendClient, createBackendClient, type Fetch, type Signer } from '../../../src/main/sync/client.ts';
import { createDeviceKey } from '../../../src/main/sync/device-key.ts';
import { type BackendHere, startBackendHere } from '../../support/backend-here.ts';
import { onEachStore } from '../../support/each-store.ts';
import { codeOf, Household } from '../../support/household.ts';
import { World } from '../../unit/main/codes/world.ts';

const MINUTE = 60_000;

onEachStore("the app's own code", (_dialect, environment) => {
  let backend: BackendHere;
  let house: Household;
  let houses = 0;
  let world: World;
  let store: StateStore;
  let own: OwnCodes;
  let client: BackendClient;
  let signer: Signer;
  /** What this computer's clock is off by. */
  let ahead: number;
  /** Happens before the backend hears that an enrollment is begun. */
  let beforeBegin: () => Promise<void>;
  /** What becomes of the request that proves the code. */
  let proof: (deliver: () => Promise<Response>) => Promise<Response>;

  beforeAll(async () => {
    backend = await startBackendHere({ environment: await environment() });
  });
  afterAll(() => backend.stop());

  beforeEach(async () => {
    houses += 1;
    house = await Household.open(backend, `owner${houses}`);
    world = new World();
    world.now = backend.clock.now();
    const now = (): number => backend.clock.now();
    ahead = 0;
    beforeBegin = async () => undefined;
    proof = (deliver) => deliver();
    const fetchIt: Fetch = (url, init) => {
      if (/\/device\/codes$/.test(new URL(url).pathname)) return beforeBegin().then(() => fetch(url, init));
      if (!/\/device\/codes\/[\w-]{22}$/.test(new URL(url).pathname)) return fetch(url, init);
      return proof(() => fetch(url, init));
    };
    client = createBackendClient({
      server: backend.origin,
      fetch: fetchIt,
      // The clock of the test, which answers' Date headers know nothing of.
      clock: { seconds: () => Math.floor(now() / 1_000), milliseconds: now, skew: () => 0, measure: () => undefined },
      now,
    });
    const key = createDeviceKey();
    const browser = await house.signedIn();
    const { code } = (await browser.call<{ code: string }>('pairingCode')).body;
    const body = { code, name: 'Office', platform: 'linux', publicKey: key.publicJwk };
    const paired = await client.call({ key, deviceId: '', generation: () => null }, { route: 'pairDevice', body, answer: PairedDevice });
    let generation: string | null = null;
    signer = { key, deviceId: paired.deviceId, generation: () => generation };
    generation = (await client.call(signer, { route: 'deviceHello', body: { appVersion: '1', platform: 'linux' }, answer: DeviceWelcome }))
      .generation;
    store = createStateStore(firstState('1', backend.base, false));
    store.change({
      pairing: { state: 'paired', deviceId: paired.deviceId, person: paired.person, organization: paired.organization },
    });
    own = createOwnCodes({
      codes: world.codes,
      store,
      log: createLog(() => undefined),
      trueNow: () => now() + ahead,
      sync: {
        call: (call) => client.call(signer, call),
        refresh: list,
        change: () => Promise.reject(new Error('nothing is changed here')),
      },
    });
  });
  afterEach(() => world.remove());

  function pass(milliseconds: number): void {
    backend.clock.advance(milliseconds);
    world.now = backend.clock.now();
  }
  async function list(): Promise<void> {
    pass(1);
    const { authenticators, serverTime } = await client.call(signer, { route: 'deviceSnapshot', answer: DeviceSnapshot });
    store.change({ connection: 'online', authenticators, checkedAt: serverTime });
    own.follow(store.get());
  }
  /** Reads the list, and waits for what follows from it. */
  async function snapshot(): Promise<void> {
    await list();
    await expect.poll(() => world.codes.entries().every(({ owner }) => owner?.proved), { timeout: 10_000 }).toBe(true);
  }
  const signIn = async (id: string): Promise<string | number> => {
    const browser = await house.withPassword();
    return codeOf(await browser.call<Session>('codeStep', { body: { code: await world.codes.current(id) } }));
  };
  const ways = async (): Promise<readonly string[]> => {
    await snapshot();
    return store.get().authenticators.map(({ kind }) => kind);
  };
  const seeds = (): number => [...world.entries.keys()].filter((name) => name.includes('/seed/')).length;
  const nobodyAnswers = (): Promise<never> => Promise.reject(new Error('nobody answered'));

  it('opens the account', async () => {
    const { id } = await own.enroll('Office');
    pass(MINUTE);
    expect(await signIn(id)).toBe(200);
  });

  it('that is proved after the app had given up, and had seen a list without it, is kept and opens the account', async () => {
    let late: () => Promise<Response> = nobodyAnswers;
    proof = (deliver) => {
      late = deliver;
      return nobodyAnswers();
    };
    await expect(own.enroll('Office')).rejects.toMatchObject({ code: 'backend.unreachable' });
    // The app has the list, and is about to end the enrollment.
    beforeBegin = async () => void expect((await late()).status).toBe(201);
    expect(await ways()).toContain('totp');
    const [shown] = world.codes.list();
    pass(MINUTE);
    expect(await signIn(shown?.id ?? '')).toBe(200);
  });

  it('whose proof comes later still is none, and nothing of it is left', async () => {
    let late: () => Promise<Response> = nobodyAnswers;
    proof = (deliver) => {
      late = deliver;
      return nobodyAnswers();
    };
    await expect(own.enroll('Office')).rejects.toMatchObject({ code: 'backend.unreachable' });
    expect(seeds()).toBe(1);
    await snapshot();
    expect([world.codes.entries(), seeds()]).toEqual([[], 0]);
    expect(await (await late()).json()).toMatchObject({ status: 409, code: 'ceremony.ended' });
    expect(await ways()).not.toContain('totp');
  });

  it('whose answer was lost is kept and opens the account', async () => {
    proof = async (deliver) => {
      await deliver();
      return nobodyAnswers();
    };
    await expect(own.enroll('Office')).rejects.toMatchObject({ code: 'backend.unreachable' });
    expect(await ways()).toContain('totp');
    const [shown] = world.codes.list();
    pass(MINUTE);
    expect(await signIn(shown?.id ?? '')).toBe(200);
  });

  it('whose proof went out twice is kept and opens the account', async () => {
    proof = async (deliver) => {
      await deliver();
      return deliver();
    };
    const { id } = await own.enroll('Office');
    pass(MINUTE);
    expect(await signIn(id)).toBe(200);
  });

  it('that the backend refuses leaves nothing', async () => {
    // Its code is of another time.
    ahead = 60 * MINUTE;
    await expect(own.enroll('Office')).rejects.toMatchObject({ code: 'code.wrong' });
    expect([world.codes.entries(), seeds()]).toEqual([[], 0]);
  });
});
