/** What a desktop and its backend know agrees: greetings, copies, changes made offline, removals, long absences. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { newId } from '../../../src/backend/domain/identifiers.ts';
import type { Authenticator, DeviceSnapshot } from '../../../src/contract/http/shapes.ts';
import type { ChangeResult, ChangeResults, DeviceChange } from '../../../src/contract/http/sync.ts';
import { type ApiAnswer, type Desktop, problemOf } from '../../support/backend.ts';
import { type BackendHere, startBackendHere } from '../../support/backend-here.ts';
import { onEachStore } from '../../support/each-store.ts';
import { codeOf, Household } from '../../support/household.ts';
import { SoftwareKey } from '../../support/webauthn/software-key.ts';

const DAY = 24 * 3_600_000;

onEachStore('desktops in step', (_dialect, environment) => {
  let backend: BackendHere;
  let house: Household;
  let people = 0;

  beforeAll(async () => {
    backend = await startBackendHere({ environment: await environment() });
  });
  afterAll(() => backend.stop());
  const newHouse = async (): Promise<Household> => {
    people += 1;
    return Household.open(backend, `person${people}`);
  };
  const snapshot = (desktop: Desktop): Promise<ApiAnswer<DeviceSnapshot>> => desktop.call<DeviceSnapshot>('deviceSnapshot');
  const wait = (seconds: number): void => backend.clock.advance(seconds * 1_000);

  describe('a greeting', () => {
    beforeAll(async () => {
      house = await newHouse();
    });

    it('gives a generation, which is shown from then on', async () => {
      const desktop = house.stranger();
      await house.pair(desktop);
      expect(codeOf(await snapshot(desktop))).toBe(200);
      const first = (await desktop.hello()).body;
      expect(first.snapshot.deviceId).toBe(desktop.deviceId);
      for (let times = 0; times < 3; times += 1) {
        wait(60);
        expect(codeOf(await snapshot(desktop))).toBe(200);
        expect((await desktop.hello()).body.generation).not.toBe(first.generation);
      }
    });

    it('whose answer was not kept (a crash between the two) is repeated', async () => {
      const desktop = await house.desktop();
      for (let times = 0; times < 3; times += 1) {
        const kept = desktop.generation;
        await desktop.hello();
        desktop.generation = kept;
        wait(60);
        expect(codeOf(await snapshot(desktop))).toBe(200);
      }
      await desktop.hello();
      expect(codeOf(await snapshot(desktop))).toBe(200);
    });

    it('that arrives late does not make the one that was answered a copy', async () => {
      const desktop = await house.desktop();
      const slow = desktop.copy();
      await desktop.hello();
      await slow.hello();
      expect(codeOf(await snapshot(desktop))).toBe(200);
    });

    it('makes what was on its way with the old generation no copy, but nothing is done for it', async () => {
      const desktop = await house.desktop();
      const before = desktop.copy();
      await desktop.hello();
      expect(codeOf(await snapshot(desktop))).toBe(200);
      expect(codeOf(await snapshot(before))).toBe('device.request-replayed');
      expect(codeOf(await snapshot(desktop))).toBe(200);
    });

    it('by many requests at once is taken once', async () => {
      const desktop = await house.desktop();
      wait(60);
      await desktop.hello();
      const answers = await Promise.all(Array.from({ length: 20 }, () => snapshot(desktop)));
      expect(new Set(answers.map(codeOf))).toEqual(new Set([200]));
    });
  });

  describe('a copied key (a restored home folder)', () => {
    const goOn = async (desktop: Desktop): Promise<(string | number)[]> => {
      wait(60);
      return [codeOf(await desktop.hello()), codeOf(await snapshot(desktop))];
    };
    const expectStopped = async (...both: Desktop[]): Promise<void> => {
      for (const desktop of both) {
        wait(60);
        expect(codeOf(await desktop.hello())).toBe('device.copied');
        expect(codeOf(await snapshot(desktop))).toBe('device.copied');
        expect(codeOf(await desktop.call('deviceChanges', { body: { changes: [rename(newId(), 'x')] } }))).toBe('device.copied');
      }
      const deviceId = both[0]?.deviceId ?? '';
      const reports = (await backend.domain.store.read.reports.listOpen(1_000)).filter((one) => one.subjectId === deviceId);
      expect(reports).toMatchObject([{ kind: 'copied', personId: house.person.id }]);
      const rows = (await backend.domain.store.read.audit.list(1, 10_000)).filter((one) => one.subjectId === deviceId);
      expect(rows.filter(({ event }) => event === 'device.copied')).toHaveLength(1);
    };
    beforeAll(async () => {
      house = await newHouse();
    });

    it('is stopped: the original goes on first, then the copy', async () => {
      const original = await house.desktop();
      await snapshot(original);
      const copy = original.copy();
      expect(await goOn(original)).toEqual([200, 200]);
      expect(await goOn(copy)).toEqual(['device.copied', 'device.copied']);
      await expectStopped(original, copy);
    });

    it('is stopped: the copy goes on first, then the original', async () => {
      const original = await house.desktop();
      await snapshot(original);
      const copy = original.copy();
      expect(await goOn(copy)).toEqual([200, 200]);
      expect(await goOn(original)).toEqual(['device.copied', 'device.copied']);
      await expectStopped(original, copy);
    });

    it('is stopped: both greet before either has shown what it was given', async () => {
      for (const copyFirst of [true, false]) {
        const original = await house.desktop();
        await snapshot(original);
        const copy = original.copy();
        await copy.hello();
        await original.hello();
        const [first, second] = copyFirst ? [copy, original] : [original, copy];
        expect(codeOf(await snapshot(first))).toBe(200);
        wait(60);
        expect(codeOf(await snapshot(second))).toBe('device.copied');
        await expectStopped(original, copy);
      }
    });

    it('is stopped: the original crashed between the answer and its writing', async () => {
      const original = await house.desktop();
      await snapshot(original);
      const copy = original.copy();
      const kept = original.generation;
      await original.hello();
      original.generation = kept;
      expect(await goOn(copy)).toEqual([200, 200]);
      expect(await goOn(original)).toEqual(['device.copied', 'device.copied']);
    });

    it('is stopped: it is older than two generations, or from before the first', async () => {
      for (const greetings of [0, 2]) {
        const original = house.stranger();
        await house.pair(original);
        for (let times = 0; times < greetings; times += 1) await original.hello();
        const copy = original.copy();
        for (let times = 0; times < 3; times += 1) expect(await goOn(original)).toEqual([200, 200]);
        expect(codeOf(await snapshot(copy))).toBe('device.copied');
        await expectStopped(original, copy);
      }
    });

    it('loses its stream, the other desktops see it stopped, and it cannot be connected again', async () => {
      const other = await house.desktop('Other');
      const original = await house.desktop('Copied');
      await snapshot(original);
      const copy = original.copy();
      const stream = await original.events();
      await stream.next();
      await goOn(original);
      wait(60);
      expect(codeOf(await snapshot(copy))).toBe('device.copied');
      for (;;) if ((await stream.next()) === null) break;
      const seen = (await snapshot(other)).body.authenticators.find(({ id }) => id === original.deviceId);
      expect(seen).toMatchObject({ state: 'suspended', suspendedBecause: 'copied' });
      expect(codeOf(await house.pair(original))).toBe('device.copied');
      const anew = await house.desktop('Anew');
      expect(codeOf(await snapshot(anew))).toBe(200);
    });
  });

  const change = (authenticatorId: string, what: DeviceChange['change'], ago = 0): DeviceChange => ({
    key: newId(),
    madeAt: new Date(backend.clock.now() - ago).toISOString(),
    authenticatorId,
    change: what,
  });
  const rename = (id: string, name: string, ago = 0): DeviceChange => change(id, { kind: 'rename', name }, ago);
  const send = async (desktop: Desktop, ...changes: DeviceChange[]): Promise<ChangeResults> => {
    const answer = await desktop.call<ChangeResults>('deviceChanges', { body: { changes } });
    expect(codeOf(answer)).toBe(200);
    return answer.body;
  };
  const outcomes = (results: readonly ChangeResult[]) => results.map(({ outcome, code }) => code ?? outcome);

  describe('changes that were made offline', () => {
    let one: Desktop;
    let two: Desktop;
    let keyId: string;
    const nameOf = async (id: string): Promise<string | undefined> =>
      (await snapshot(one)).body.authenticators.find((found) => found.id === id)?.name;
    const addKey = async (name: string): Promise<string> => {
      const answer = await (await house.signedIn()).enroll(new SoftwareKey(), name);
      return (answer.body as { authenticator: Authenticator }).authenticator.id;
    };

    beforeAll(async () => {
      house = await newHouse();
      [one, two] = [await house.desktop('One'), await house.desktop('Two')];
      keyId = (await snapshot(one)).body.authenticators.find(({ kind }) => kind === 'security-key')?.id ?? '';
    });

    it('are done once, however often and from however many places at once they are sent', async () => {
      const made = rename(keyId, 'Once');
      const answers = await Promise.all(Array.from({ length: 20 }, () => send(one, made)));
      for (const { results } of answers) expect(results).toEqual([{ key: made.key, outcome: 'done', code: null }]);
      await send(one, rename(keyId, 'Twice'));
      // A key that was seen is answered as it was then, whatever comes with it now.
      expect(outcomes((await send(one, { ...made, change: { kind: 'remove' } })).results)).toEqual(['done']);
      expect(await nameOf(keyId)).toBe('Twice');
      const rows = await backend.domain.store.read.audit.list(1, 100_000);
      const renames = rows.filter(({ event, subjectId }) => event === 'authenticator.changed' && subjectId === keyId);
      expect(renames).toHaveLength(2);
    });

    it('are answered in order, with the snapshot that follows from them', async () => {
      const { results, snapshot: after } = await send(one, rename(keyId, 'A'), rename(keyId, 'B'), rename(newId(), 'C'));
      expect(outcomes(results)).toEqual(['done', 'done', 'authenticator.not-found']);
      expect(after.authenticators.find(({ id }) => id === keyId)?.name).toBe('B');
      expect(after.deviceId).toBe(one.deviceId);
    });

    it.each([true, false])('of two names the later one stands (it arrives last: %s)', async (laterLast) => {
      wait(3_600);
      const earlier = () => send(one, rename(keyId, 'Earlier', 60_000));
      const later = () => send(two, rename(keyId, 'Later', 30_000));
      if (laterLast) {
        expect(outcomes((await earlier()).results)).toEqual(['done']);
        expect(outcomes((await later()).results)).toEqual(['done']);
      } else {
        expect(outcomes((await later()).results)).toEqual(['done']);
        expect(outcomes((await earlier()).results)).toEqual(['superseded']);
      }
      expect(await nameOf(keyId)).toBe('Later');
    });

    it.each([true, false])('of two first choices the later one stands (it arrives last: %s)', async (laterLast) => {
      const spare = await addKey('Spare');
      wait(3_600);
      const earlier = () => send(one, change(keyId, { kind: 'prefer' }, 60_000));
      const later = () => send(two, change(spare, { kind: 'prefer' }, 30_000));
      const results = laterLast ? [await earlier(), await later()] : [await later(), await earlier()];
      expect(results.map(({ results: [result] }) => result?.outcome)).toEqual(laterLast ? ['done', 'done'] : ['done', 'superseded']);
      const preferred = (await snapshot(one)).body.authenticators.filter((found) => found.preferred);
      expect(preferred.map(({ id }) => id)).toEqual([spare]);
      await send(one, change(spare, { kind: 'remove' }));
    });

    it('yield to what was changed on the web since, and win over what was changed before', async () => {
      const browser = await house.signedIn();
      const params = { id: keyId };
      await browser.call('changeAuthenticator', { params, body: { name: 'Web' } });
      expect(outcomes((await send(one, rename(keyId, 'Old', 60_000))).results)).toEqual(['superseded']);
      wait(60);
      expect(outcomes((await send(one, rename(keyId, 'New', 30_000))).results)).toEqual(['done']);
      await browser.call('changeAuthenticator', { params, body: { name: 'Web again' } });
      expect(await nameOf(keyId)).toBe('Web again');
    });

    it.each(['the backend’s clock was set back', 'the desktop’s clock was set back'])(
      'of one desktop its own last one stands, where %s between them; another’s is still compared',
      async (where) => {
        const spare = await addKey('Spare');
        wait(3_600);
        const ago = where.startsWith('the desktop') ? 60_000 : 0;
        const both = (id: string, name: string, before: number) => [rename(id, name, before), change(id, { kind: 'prefer' }, before)];
        expect(outcomes((await send(one, ...both(keyId, 'First', 0))).results)).toEqual(['done', 'done']);
        if (ago === 0) wait(-60);
        // What another made, too early to stand against it, changes nothing of that.
        expect(outcomes((await send(two, rename(keyId, 'Other', 30_000), change(keyId, { kind: 'prefer' }, 30_000))).results)).toEqual([
          'superseded',
          'superseded',
        ]);
        expect(outcomes((await send(one, rename(keyId, 'Second', ago), change(spare, { kind: 'prefer' }, ago))).results)).toEqual([
          'done',
          'done',
        ]);
        const after = (await snapshot(two)).body.authenticators;
        expect(after.find(({ id }) => id === keyId)?.name).toBe('Second');
        expect(after.filter(({ preferred }) => preferred).map(({ id }) => id)).toEqual([spare]);
        // It counts as no older than the first, and as no newer.
        expect(outcomes((await send(two, rename(keyId, 'Other', ago === 0 ? 1 : 1_000))).results)).toEqual(['superseded']);
        wait(61);
        expect(outcomes((await send(two, rename(keyId, 'Other'))).results)).toEqual(['done']);
        expect(outcomes((await send(one, rename(keyId, 'Third', 1_000))).results)).toEqual(['superseded']);
        await send(one, change(spare, { kind: 'remove' }));
      },
    );

    it('from the future count as made now', async () => {
      expect(outcomes((await send(one, rename(keyId, 'Future', -30 * DAY))).results)).toEqual(['done']);
      wait(1);
      expect(outcomes((await send(two, rename(keyId, 'Now'))).results)).toEqual(['done']);
      expect(await nameOf(keyId)).toBe('Now');
    });

    it('a removal wins over everything, and what it was about is gone', async () => {
      const spare = await addKey('Spare');
      wait(3_600);
      await send(two, rename(spare, 'Later', 0));
      expect(outcomes((await send(one, change(spare, { kind: 'remove' }, 1_800_000))).results)).toEqual(['done']);
      expect(
        outcomes((await send(two, rename(spare, 'Gone'), change(spare, { kind: 'prefer' }), change(spare, { kind: 'remove' }))).results),
      ).toEqual(['gone', 'gone', 'gone']);
      expect(await nameOf(spare)).toBeUndefined();
    });

    it('that would take the last way are refused, and stay refused', async () => {
      const lonely = await newHouse();
      const desktop = await lonely.desktop('Only');
      const key = (await snapshot(desktop)).body.authenticators.find(({ kind }) => kind === 'security-key')?.id ?? '';
      const [first, second] = [change(desktop.deviceId, { kind: 'remove' }), change(key, { kind: 'remove' })];
      expect(outcomes((await send(desktop, second)).results)).toEqual(['done']);
      const refused = await send(desktop, first);
      expect(outcomes(refused.results)).toEqual(['authenticator.last-way']);
      expect(outcomes((await send(desktop, first)).results)).toEqual(['authenticator.last-way']);
    });

    it('reach nobody else’s', async () => {
      const other = await newHouse();
      const desktop = await other.desktop();
      for (const kind of ['prefer', 'remove'] as const) {
        expect(outcomes((await send(desktop, change(keyId, { kind }))).results)).toEqual(['authenticator.not-found']);
      }
      expect(outcomes((await send(desktop, rename(keyId, 'Mine'))).results)).toEqual(['authenticator.not-found']);
      // The same key of another desktop is another change.
      const made = rename(keyId, 'Shared key');
      expect(outcomes((await send(one, made)).results)).toEqual(['done']);
      expect(outcomes((await send(desktop, made)).results)).toEqual(['authenticator.not-found']);
    });

    it('are refused whole where one of them is malformed', async () => {
      const bad = { ...rename(keyId, 'x'), key: 'short' };
      const answer = await one.call('deviceChanges', { body: { changes: [rename(keyId, 'Half'), bad] } });
      expect(codeOf(answer)).toBe('request.malformed');
      expect(await nameOf(keyId)).not.toBe('Half');
      expect(outcomes((await send(one, rename(keyId, '\u202e\u200b'))).results)).toEqual(['request.malformed']);
    });
  });

  describe('a removed desktop', () => {
    beforeAll(async () => {
      house = await newHouse();
    });

    it.each([
      ['everything', '?wipe=everything'],
      ['doorstep', '?wipe=doorstep'],
      ['doorstep', ''],
    ])('is told at once to forget: %s', async (wipe, query) => {
      const desktop = await house.desktop();
      const stream = await desktop.events();
      await stream.next();
      const browser = await house.signedIn();
      const started = performance.now();
      expect(codeOf(await browser.call('removeAuthenticator', { params: { id: desktop.deviceId }, query }))).toBe(204);
      for (;;) if ((await stream.next()) === null) break;
      expect(performance.now() - started).toBeLessThan(1_000);
      for (const answer of [
        await desktop.hello(),
        await snapshot(desktop),
        await desktop.call('deviceChanges', { body: { changes: [] } }),
      ]) {
        expect(problemOf(answer)).toMatchObject({ code: 'device.removed', facts: { wipe } });
      }
      // Only the holder of its key hears that.
      const thief = house.stranger();
      thief.deviceId = desktop.deviceId;
      expect(codeOf(await snapshot(thief))).toBe('device.signature-wrong');
    });

    it('hears of it after ninety days as well', async () => {
      const desktop = await house.desktop();
      const browser = await house.signedIn();
      await browser.call('removeAuthenticator', { params: { id: desktop.deviceId }, query: '?wipe=everything' });
      wait(90 * 86_400);
      expect(problemOf(await desktop.hello())).toMatchObject({ code: 'device.removed', facts: { wipe: 'everything' } });
    });

    it('by itself is gone, and can be connected again', async () => {
      const desktop = await house.desktop();
      const before = desktop.deviceId;
      expect(codeOf(await desktop.call('unpairDevice'))).toBe(204);
      expect(codeOf(await snapshot(desktop))).toBe('device.removed');
      desktop.generation = null;
      expect(codeOf(await house.pair(desktop))).toBe(201);
      expect(desktop.deviceId).not.toBe(before);
      expect(codeOf(await desktop.hello())).toBe(200);
    });
  });

  it('a desktop that was away for ninety days comes back by itself', async () => {
    house = await newHouse();
    const desktop = await house.desktop();
    await snapshot(desktop);
    const { version } = (await snapshot(desktop)).body;
    wait(45 * 86_400);
    await (await house.signedIn()).enroll(new SoftwareKey(), 'Added meanwhile');
    wait(45 * 86_400);
    const welcome = (await desktop.hello()).body;
    expect(welcome.snapshot.version).toBeGreaterThan(version);
    expect(welcome.snapshot.authenticators.map(({ name }) => name)).toContain('Added meanwhile');
    expect(codeOf(await snapshot(desktop))).toBe(200);
  });

  it('a desktop that lost its pairing and kept its key takes its own place; a re-installed one is a new one', async () => {
    house = await newHouse();
    const desktop = await house.desktop('Before');
    desktop.generation = null;
    expect(codeOf(await house.pair(desktop, 'After'))).toBe(201);
    await desktop.hello();
    const again = await house.desktop('Installed again');
    const desktops = (await snapshot(again)).body.authenticators.filter(({ kind }) => kind === 'desktop');
    expect(desktops.map(({ name }) => name).sort()).toEqual(['After', 'Installed again']);
    expect(codeOf(await snapshot(desktop))).toBe(200);
  });

  it('a wrong clock is refused, with the backend’s time to measure it by', async () => {
    house = await newHouse();
    const desktop = await house.desktop();
    for (const minutes of [-10, 10]) {
      const skewed = desktop.copy();
      skewed.now = () => backend.clock.now() + minutes * 60_000;
      expect(problemOf(await skewed.hello())).toMatchObject({
        code: 'clock.wrong',
        facts: { serverTime: new Date(backend.clock.now()).toISOString() },
      });
    }
    expect(codeOf(await desktop.hello())).toBe(200);
  });
});
