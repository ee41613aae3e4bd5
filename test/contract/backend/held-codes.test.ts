/** Codes whose seed a desktop keeps: they end with it, wherever the computer is by then. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Authenticator, Session } from '../../../src/contract/http/shapes.ts';
import type { Browser, Desktop } from '../../support/backend.ts';
import { type BackendHere, startBackendHere } from '../../support/backend-here.ts';
import { enrollCodes, type Giver, step } from '../../support/codes.ts';
import { onEachStore } from '../../support/each-store.ts';
import { codeOf, Household } from '../../support/household.ts';

const MINUTE = 60_000;

onEachStore('codes that a desktop keeps', (_dialect, environment) => {
  let backend: BackendHere;
  let houses = 0;
  const now = (): number => backend.clock.now();
  const newHouse = (): Promise<Household> => {
    houses += 1;
    return Household.open(backend, `holder${houses}`);
  };
  const type = async (browser: Browser, giver: Giver): Promise<string | number> => {
    backend.clock.advance(MINUTE);
    return codeOf(await browser.call<Session>('codeStep', { body: { code: giver.at(step(giver, now())) } }));
  };
  const listed = async (browser: Browser): Promise<readonly Authenticator[]> =>
    (await browser.call<{ authenticators: Authenticator[] }>('authenticators')).body.authenticators;
  const rowsAbout = async (id: string) =>
    (await backend.domain.store.read.audit.list(1, 100_000)).filter(({ subjectId }) => subjectId === id);
  /** A desktop that gives codes, and a browser that one of them let in. */
  const holder = async (house: Household): Promise<{ desktop: Desktop; giver: Giver; inside: Browser }> => {
    const desktop = await house.desktop();
    const giver = await enrollCodes(desktop, now(), { name: 'Codes on that computer' });
    const inside = await house.withPassword();
    expect(await type(inside, giver)).toBe(200);
    return { desktop, giver, inside };
  };

  beforeAll(async () => {
    backend = await startBackendHere({ environment: await environment() });
  });
  afterAll(() => backend.stop());

  it.each(['lost', 'at hand', 'disconnected by itself'])('end with a computer that is %s', async (where) => {
    const house = await newHouse();
    const { desktop, giver, inside } = await holder(house);
    const browser = await house.signedIn();
    const own = await enrollCodes(browser, now(), { name: 'Codes in my pocket' });
    const query = where === 'lost' ? '?wipe=everything' : '';
    const ended =
      where === 'disconnected by itself'
        ? await desktop.call('unpairDevice')
        : await browser.call('removeAuthenticator', { params: { id: desktop.deviceId }, query });
    expect(codeOf(ended)).toBe(204);
    expect(codeOf(await inside.call('authenticators'))).toBe('session.missing');
    expect((await listed(browser)).map(({ kind, name }) => [kind, name])).toEqual([
      ['security-key', 'First key'],
      ['totp', 'Codes in my pocket'],
    ]);
    expect(await type(await house.withPassword(), giver)).toBe('code.wrong');
    // The person took these elsewhere.
    expect(await type(await house.withPassword(), own)).toBe(200);
    expect((await rowsAbout(giver.id)).map(({ event, facts }) => [event, facts['with'] ?? null])).toContainEqual([
      'authenticator.removed',
      desktop.deviceId,
    ]);
  });

  it('are no way in that the computer leaves behind', async () => {
    const house = await newHouse();
    const { desktop, giver } = await holder(house);
    const browser = await house.signedIn();
    const key = (await listed(browser)).find(({ kind }) => kind === 'security-key');
    expect(codeOf(await browser.call('removeAuthenticator', { params: { id: key?.id ?? '' } }))).toBe(204);
    for (const remove of [
      () => browser.call('removeAuthenticator', { params: { id: desktop.deviceId } }),
      () => desktop.call('unpairDevice'),
    ]) {
      expect(codeOf(await remove())).toBe('authenticator.last-way');
    }
    expect(await type(await house.withPassword(), giver)).toBe(200);
  });

  it('are stopped where its key was used from a copy', async () => {
    const house = await newHouse();
    const { desktop, giver, inside } = await holder(house);
    const copy = desktop.copy();
    backend.clock.advance(MINUTE);
    expect(codeOf(await desktop.hello())).toBe(200);
    expect(codeOf(await desktop.call('deviceSnapshot'))).toBe(200);
    backend.clock.advance(2 * MINUTE);
    expect(codeOf(await copy.hello())).toBe('device.copied');
    expect(codeOf(await inside.call('authenticators'))).toBe('session.missing');
    expect(await type(await house.withPassword(), giver)).toBe('code.locked');
    const browser = await house.signedIn();
    expect((await listed(browser)).find(({ id }) => id === giver.id)).toMatchObject({ state: 'suspended', suspendedBecause: 'copied' });
    expect((await rowsAbout(giver.id)).filter(({ event }) => event === 'authenticator.suspended')).toHaveLength(1);
  });

  it('go along where a computer that kept its key takes its own place', async () => {
    const house = await newHouse();
    const { desktop, giver } = await holder(house);
    desktop.generation = null;
    expect(codeOf(await house.pair(desktop, 'Office'))).toBe(201);
    expect(await type(await house.withPassword(), giver)).toBe(200);
    const browser = await house.signedIn();
    expect(codeOf(await browser.call('removeAuthenticator', { params: { id: desktop.deviceId } }))).toBe(204);
    expect(await type(await house.withPassword(), giver)).toBe('code.wrong');
  });
});
