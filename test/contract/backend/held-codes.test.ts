/** Codes whose seed a desktop keeps: they end with it, wherever the computer is by then. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { finishCodeEnrollment } from '../../../src/backend/domain/codes/enroll.ts';
import type { CodeEnrollment } from '../../../src/contract/http/codes.ts';
import type { Authenticator, Session } from '../../../src/contract/http/shapes.ts';
import type { Browser, Desktop } from '../../support/backend.ts';
import { type BackendHere, startBackendHere } from '../../support/backend-here.ts';
import { enrollCodes, type Giver, giverOf, step } from '../../support/codes.ts';
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

  it('are not added by a computer that was removed meanwhile', async () => {
    const house = await newHouse();
    const desktop = await house.desktop();
    const giver = giverOf((await desktop.call<CodeEnrollment>('deviceCodeEnrollment')).body);
    const device = await backend.domain.store.read.authenticators.byId(desktop.deviceId);
    if (device === null) throw new Error('there is no desktop');
    // The request was let in, and the removal came before its last step.
    const browser = await house.signedIn();
    expect(codeOf(await browser.call('removeAuthenticator', { params: { id: desktop.deviceId } }))).toBe(204);
    const asker = { kind: 'device', device, person: house.person } as const;
    const answer = { enrollmentId: giver.id, code: giver.at(step(giver, now())), name: 'Late' };
    await expect(finishCodeEnrollment(backend.domain, { source: '127.0.0.1' }, asker, answer)).rejects.toMatchObject({
      code: 'device.removed',
    });
    expect((await listed(browser)).map(({ kind }) => kind)).toEqual(['security-key']);
  });

  it('are as many as there may be, also where they were begun at many places', async () => {
    const house = await newHouse();
    const desktops: Desktop[] = [];
    for (let index = 0; index < 9; index += 1) desktops.push(await house.desktop());
    const givers: Giver[] = [];
    for (const desktop of desktops) givers.push(giverOf((await desktop.call<CodeEnrollment>('deviceCodeEnrollment')).body));
    const outcomes = await Promise.all(
      givers.map((giver, index) =>
        desktops[index]
          ?.call('deviceFinishCodeEnrollment', {
            params: { id: giver.id },
            body: { code: giver.at(step(giver, now())), name: '\u202e\u200b' },
          })
          .then(codeOf),
      ),
    );
    expect(outcomes.filter((one) => one === 201)).toHaveLength(8);
    expect(outcomes.filter((one) => one === 'authenticator.too-many')).toHaveLength(1);
    const added = (await listed(await house.signedIn())).filter(({ kind }) => kind === 'totp');
    expect(added.map(({ name }) => name)).toEqual(Array.from({ length: 8 }, () => 'Codes'));
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
