/**
 * A backend that was restored from a backup knows less than its desktops. They go on; whoever holds a copy of a key is
 * found out all the same.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { DeviceSnapshot } from '../../../src/contract/http/shapes.ts';
import type { Desktop } from '../../support/backend.ts';
import { type BackendHere, startBackendHere } from '../../support/backend-here.ts';
import { backupOf, onEachStore } from '../../support/each-store.ts';
import { codeOf, Household } from '../../support/household.ts';

onEachStore('a backend that was restored', (_dialect, environment) => {
  const folder = mkdtempSync(join(tmpdir(), 'doorstep-restore-'));
  let live: Record<string, string>;
  let backend: BackendHere;

  const start = async (on: Record<string, string>): Promise<void> => {
    backend = await startBackendHere({ environment: on });
    // Later than anything that was shown before.
    minutes += 60;
    backend.clock.advance(minutes * 60_000);
  };
  let minutes = 0;
  /** The same desktop, with the backend that runs now and its clock. */
  const here = (desktop: Desktop): Desktop => {
    const same = desktop.at(backend);
    same.now = () => backend.clock.now();
    return same;
  };
  const goOn = async (desktop: Desktop): Promise<(string | number)[]> => {
    backend.clock.advance(60_000);
    return [codeOf(await desktop.hello()), codeOf(await desktop.call('deviceSnapshot'))];
  };
  const times = async (count: number, desktop: Desktop): Promise<void> => {
    for (let time = 0; time < count; time += 1) expect(await goOn(desktop)).toEqual([200, 200]);
  };
  const trail = async (event: string, desktop: Desktop) =>
    (await backend.domain.store.read.audit.list(1, 10_000)).filter((row) => row.event === event && row.subjectId === desktop.deviceId);
  /** Runs `before`, makes a backup, runs `after`, and goes on with the backup. */
  const restoredAfter = async <T>(before: () => Promise<T>, after: (made: T) => Promise<void>): Promise<T> => {
    const made = await before();
    await backend.stop();
    const backup = await backupOf(live);
    await start(live);
    await after(made);
    await backend.stop();
    live = backup;
    await start(live);
    return made;
  };

  beforeAll(async () => {
    live = { ...(await environment()), DOORSTEP_BACKEND_DATA: folder, DOORSTEP_ORIGIN: 'http://localhost:8443' };
    await start(live);
  });
  afterAll(async () => {
    await backend.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  it.each([1, 2, 5])('goes on with a desktop that greeted %d times since the backup', async (greetings) => {
    const office = await restoredAfter(
      async () => (await Household.open(backend, `ada${greetings}`)).desktop(),
      async (desktop) => {
        const now = here(desktop);
        await times(greetings, now);
        desktop.generation = now.generation;
      },
    );
    const desktop = here(office);
    await times(3, desktop);
    expect(await trail('device.copied', desktop)).toEqual([]);
    expect(await trail('device.ahead', desktop)).toHaveLength(1);
    expect(await backend.domain.store.read.reports.listOpen(10)).toEqual([]);
  });

  it('goes on with a desktop that had not greeted at all when the backup was made', async () => {
    const desktop = here(
      await restoredAfter(
        async () => {
          const house = await Household.open(backend, 'grace');
          const stranger = house.stranger();
          expect(codeOf(await house.pair(stranger))).toBe(201);
          return stranger;
        },
        async (made) => {
          const now = here(made);
          await times(2, now);
          made.generation = now.generation;
        },
      ),
    );
    await times(2, desktop);
    expect((await desktop.call<DeviceSnapshot>('deviceSnapshot')).body.deviceId).toBe(desktop.deviceId);
  });

  it('finds out a copy that is older than the backup', async () => {
    let copy: Desktop | null = null;
    const office = here(
      await restoredAfter(
        async () => {
          const desktop = await (await Household.open(backend, 'mary')).desktop();
          await times(1, desktop);
          copy = desktop.copy();
          await times(2, desktop);
          return desktop;
        },
        async (made) => {
          const now = here(made);
          await times(2, now);
          made.generation = now.generation;
        },
      ),
    );
    await expectFoundOut(office, copy);
  });

  it.each([true, false])('finds out a copy that was made after the backup (the copy comes first: %s)', async (copyFirst) => {
    let copy: Desktop | null = null;
    const office = here(
      await restoredAfter(
        async () => (await Household.open(backend, `joan${copyFirst}`)).desktop(),
        async (made) => {
          const now = here(made);
          await times(2, now);
          copy = now.copy();
          await times(3, now);
          made.generation = now.generation;
        },
      ),
    );
    await expectFoundOut(office, copy, copyFirst);
  });

  /** Each goes on as long as it may; by the time that both have come, both are stopped, and the desk knows. */
  async function expectFoundOut(original: Desktop, kept: Desktop | null, copyFirst = false): Promise<void> {
    expect(kept).not.toBeNull();
    if (kept === null) return;
    const copy = here(kept);
    const [first, second] = copyFirst ? [copy, original] : [original, copy];
    await times(1, first);
    await goOn(second);
    for (const one of [first, second]) expect(await goOn(one)).toEqual(['device.copied', 'device.copied']);
    expect(await trail('device.copied', original)).toHaveLength(1);
    const reports = (await backend.domain.store.read.reports.listOpen(100)).filter((one) => one.subjectId === original.deviceId);
    expect(reports).toMatchObject([{ kind: 'copied' }]);
  }
});
