/** The live connection of a desktop: within a second, nothing lost and nothing twice, and cheap while nothing happens. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { Challenge, DeviceSnapshot } from '../../../src/contract/http/shapes.ts';
import { type BackendProcess, Browser, Desktop, type EventStream, startBackendProcess } from '../../support/backend.ts';
import { type BackendHere, startBackendHere } from '../../support/backend-here.ts';
import { onEachStore } from '../../support/each-store.ts';
import { freePort } from '../../support/free-port.ts';
import { codeOf, Household } from '../../support/household.ts';
import { SoftwareKey } from '../../support/webauthn/software-key.ts';

/** The next event, or 'nothing' after a while. */
async function within(stream: EventStream, milliseconds: number): Promise<DeviceSnapshot | null | 'nothing'> {
  return Promise.race([stream.next(), new Promise<'nothing'>((resolve) => setTimeout(() => resolve('nothing'), milliseconds))]);
}

onEachStore('events', (_dialect, environment) => {
  let backend: BackendHere;
  let house: Household;
  let desktop: Desktop;
  const version = async (): Promise<number> => (await desktop.call<DeviceSnapshot>('deviceSnapshot')).body.version;

  beforeAll(async () => {
    backend = await startBackendHere({ environment: await environment() });
    house = await Household.open(backend, 'amina');
    desktop = await house.desktop();
  });
  afterAll(() => backend.stop());

  it('are snapshots: the first at once, unless the desktop has it already', async () => {
    const known = await version();
    const fresh = await desktop.events();
    expect(await fresh.next()).toEqual(expect.objectContaining({ version: known, deviceId: desktop.deviceId }));
    const resumed = await desktop.events({}, known);
    expect(await within(resumed, 300)).toBe('nothing');
    fresh.stop();
    resumed.stop();
    const behind = await desktop.events({}, known - 1);
    expect((await behind.next())?.version).toBe(known);
    behind.stop();
    expect(codeOf(await desktop.call('deviceEvents', { query: '?since=x' }))).toBe('request.malformed');
  });

  it('come within a second of what they tell of', async () => {
    const stream = await desktop.events();
    await stream.next();
    const took: number[] = [];
    for (let round = 0; round < 15; round += 1) {
      const browser = await house.withPassword();
      const started = performance.now();
      const { body: request } = await browser.begin();
      let shown: DeviceSnapshot | null;
      do shown = await stream.next();
      while (shown !== null && !shown.challenges.some(({ id }) => id === request.id));
      took.push(performance.now() - started);
      expect(codeOf(await desktop.approve(request, request.number))).toBe(204);
      expect((await stream.next())?.challenges).toEqual([]);
    }
    stream.stop();
    expect(Math.max(...took)).toBeLessThan(1_000);
  });

  it('cost an approval two durable writes, from the request to the decision', async () => {
    const stream = await desktop.events();
    await stream.next();
    const browser = await house.withPassword();
    // The number's secret is there, the session and the desktop are marked as used.
    const writes = vi.spyOn(backend.domain.store, 'transaction');
    const { body: request } = await browser.begin();
    await stream.next();
    expect(codeOf(await desktop.approve(request, request.number))).toBe(204);
    expect(writes).toHaveBeenCalledTimes(2);
    expect(codeOf(await browser.finish(request.id))).toBe(200);
    expect(writes).toHaveBeenCalledTimes(3);
    writes.mockRestore();
    stream.stop();
  });

  it('are read once a person and change, however many desktops listen', async () => {
    const others = [await house.desktop('Two'), await house.desktop('Three')];
    const streams: EventStream[] = [];
    for (const one of [desktop, ...others, desktop, ...others]) streams.push(await one.events());
    for (const stream of streams) await stream.next();
    const { version: before } = (await desktop.call<DeviceSnapshot>('deviceSnapshot')).body;
    const reads = vi.spyOn(backend.domain.store.read.authenticators, 'listOf');
    await backend.domain.store.transaction(async (tx) => {
      await tx.people.bumpVersion(house.person.id);
      tx.announce(`person:${house.person.id}`);
    });
    for (const stream of streams) {
      let shown = await stream.next();
      while (shown !== null && shown.version <= before) shown = await stream.next();
      expect(shown?.version).toBe(before + 1);
    }
    expect(reads.mock.calls.length).toBeLessThanOrEqual(2);
    reads.mockRestore();
    for (const stream of streams) stream.stop();
  });

  it('are of one version once, whatever happens at once', async () => {
    const stream = await desktop.events();
    const seen: number[] = [(await stream.next())?.version ?? 0];
    await Promise.all(
      Array.from({ length: 40 }, () =>
        backend.domain.store.transaction(async (tx) => {
          await tx.people.bumpVersion(house.person.id);
          tx.announce(`person:${house.person.id}`);
        }),
      ),
    );
    const last = await version();
    while (seen.at(-1) !== last) seen.push((await stream.next())?.version ?? last);
    expect(seen).toEqual([...new Set(seen)].sort((a, b) => a - b));
    expect(await within(stream, 300)).toBe('nothing');
    stream.stop();
  });

  it('end with the account', async () => {
    const closed = await Household.open(backend, 'closed');
    const theirs = await closed.desktop();
    const stream = await theirs.events();
    await stream.next();
    await backend.domain.store.transaction(async (tx) => {
      await tx.people.disable(closed.person.id, backend.clock.now());
      tx.announce(`person:${closed.person.id}`);
    });
    expect(await stream.next()).toBeNull();
  });
});

describe('events through a restart of the backend', () => {
  let folder: string;
  let fixed: Record<string, string>;
  let backend: BackendProcess;
  let password = '';
  let desktop: Desktop;
  const key = new SoftwareKey();

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'doorstep-events-'));
    const [port, demoPort] = [await freePort(), await freePort()];
    fixed = { DOORSTEP_BACKEND_DATA: folder, DOORSTEP_LISTEN: `127.0.0.1:${port}`, DOORSTEP_DEMO_LISTEN: `127.0.0.1:${demoPort}` };
    backend = await startBackendProcess(fixed);
    password = backend.demo?.people[0]?.password ?? '';
    const browser = await withPassword();
    await browser.enroll(key);
    desktop = new Desktop(backend);
    await desktop.pair((await browser.call<{ code: string }>('pairingCode')).body.code);
    await desktop.hello();
  });
  afterAll(async () => {
    await backend.stop({ keep: true });
    rmSync(folder, { recursive: true, force: true });
  });
  const withPassword = async (): Promise<Browser> => {
    const browser = new Browser(backend);
    expect(codeOf(await browser.password('amina.yusuf', password))).toBe(200);
    return browser;
  };
  const restart = async (signal: 'SIGTERM' | 'SIGKILL'): Promise<void> => {
    if (signal === 'SIGKILL') {
      const gone = new Promise((resolve) => backend.process.once('exit', resolve));
      backend.process.kill('SIGKILL');
      await gone;
    } else await backend.stop({ keep: true });
    backend = await startBackendProcess(fixed);
  };

  it.each(['SIGTERM', 'SIGKILL'] as const)('are neither lost nor repeated (%s)', async (signal) => {
    const stream = await desktop.events();
    const before = (await stream.next())?.version ?? -1;
    const browser = await withPassword();
    const { body: request } = await browser.begin();
    const seen = (await stream.next())?.version ?? -1;
    expect(seen).toBeGreaterThan(before);
    await restart(signal);
    if (signal === 'SIGTERM') expect(await stream.next()).toBeNull();
    const welcome = (await desktop.hello()).body;
    expect(welcome.snapshot.challenges.map(({ id }) => id)).toEqual([request.id]);
    expect(welcome.snapshot.version).toBe(seen);
    // Nothing has happened since: nothing is told again.
    const resumed = await desktop.events({}, seen);
    expect(await within(resumed, 500)).toBe('nothing');
    expect(codeOf(await desktop.approve(request, request.number))).toBe(204);
    const after = await desktop.events({}, seen);
    expect(await after.next()).toMatchObject({ challenges: [] });
    expect(codeOf(await browser.finish(request.id))).toBe(200);
    resumed.stop();
    after.stop();
  });

  it('tell of what happened while the desktop was away', async () => {
    const { version } = (await desktop.hello()).body.snapshot;
    const owner = await withPassword();
    await owner.secondStep(key);
    await owner.call('changeAuthenticator', { params: { id: desktop.deviceId }, body: { name: 'Renamed meanwhile' } });
    await restart('SIGKILL');
    const stream = await desktop.events({}, version);
    const shown = await stream.next();
    expect(shown?.authenticators.map(({ name }) => name)).toContain('Renamed meanwhile');
    stream.stop();
  });

  it('whisper no number into the log', async () => {
    const browser = await withPassword();
    const { body: request } = await browser.begin();
    await desktop.approve(request, request.number);
    await browser.finish(request.id);
    expect(backend.log()).toContain('request');
    expect(backend.log()).not.toMatch(new RegExp(`(?<![\\w-])${request.number}(?![\\w-])`));
    expect((await desktop.call<Challenge>('deviceSnapshot')).status).toBe(200);
  });
});
