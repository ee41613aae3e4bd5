/** A computer that is to forget everything, killed at any write to its disk and any call of its keychain: the next start finishes. */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { createLog } from '../../../../src/main/app/log.ts';
import { createStateStore, firstState, type StateStore } from '../../../../src/main/app/state-store.ts';
import { type Codes, createCodes } from '../../../../src/main/codes/codes.ts';
import { createServerClock } from '../../../../src/main/sync/clock.ts';
import type { Sync } from '../../../../src/main/sync/sync.ts';
import { World } from '../codes/world.ts';
import { KEY, syncIn, until } from './computer.ts';
import { type DeviceApi, startDeviceApi } from './device-api.ts';

/** Steps that are left before the app is killed: from then on nothing of it happens any more. */
const power = vi.hoisted(() => {
  let left = Number.POSITIVE_INFINITY;
  return {
    cutAfter(steps: number) {
      left = steps;
    },
    step() {
      left -= 1;
      if (left < 0) throw new Error('killed');
    },
    isGone: () => left < 0,
  };
});

vi.mock('node:fs', async (original) => {
  const real = await original<typeof import('node:fs')>();
  const cut = <A extends unknown[], R>(act: (...args: A) => R) => {
    return (...args: A): R => {
      power.step();
      return act(...args);
    };
  };
  return {
    ...real,
    writeFileSync: cut(real.writeFileSync),
    renameSync: cut(real.renameSync),
    fsyncSync: cut(real.fsyncSync),
    rmSync: cut(real.rmSync),
  };
});

/** What the person would not want the next one to read here. */
const NAMES = ['Library', 'amina@library', 'My reading', 'Blue key', 'Desk key'];

interface App {
  readonly store: StateStore;
  readonly sync: Sync;
  readonly codes: Codes;
}

function start(world: World, server: string): App {
  const store = createStateStore(firstState('1.0.0', server, false));
  const log = createLog(() => undefined);
  const none = async () => null;
  // A write that the power cut kept from happening is no fault.
  const sync = syncIn(world.folder, () => undefined, {
    store,
    vault: world.vault,
    log,
    clock: createServerClock(Date.now, () => undefined),
    only: null,
    onServer: () => undefined,
    onChallenges: () => undefined,
    onEnded: () => undefined,
    onForget: (wipe) => codes.forget(wipe === 'everything' ? 'everything' : 'own'),
  });
  const codes = createCodes({
    folder: world.folder,
    store,
    vault: world.vault,
    sync,
    log,
    pictures: { read: async () => [], stop: () => undefined },
    around: {
      clipboardText: async () => '',
      clipboardPicture: none,
      choosePicture: none,
      screens: async () => [],
      screensBehindUs: async () => [],
      viewfinder: none,
    },
    clipboard: { readText: async () => '', writeText: async () => undefined, clear: () => undefined },
    files: { chooseNewExport: none, chooseExport: none },
    touch: async () => undefined,
    onShown: () => undefined,
  });
  store.subscribe((state) => codes.follow(state));
  return { store, sync, codes };
}

/** Every file of the data folder that says one of the names. */
const telling = ({ folder }: World) =>
  readdirSync(folder).filter((name) => NAMES.some((text) => readFileSync(join(folder, name), 'utf8').includes(text)));

let world: World;
let api: DeviceApi;
const running: App[] = [];

function open(): App {
  world.start();
  const app = start(world, api.server);
  running.push(app);
  return app;
}

async function stop(): Promise<void> {
  for (const { sync, codes } of running.splice(0)) {
    sync.stop();
    await codes.stop();
  }
}

/** What a computer holds that has codes of a site, a PIN for exports, a change that waits, and a broken index of before. */
async function prepare(): Promise<{ readonly files: ReadonlyMap<string, string>; readonly entries: ReadonlyMap<string, string> }> {
  world = new World();
  const app = open();
  const { commands } = app.codes;
  const form = { algorithm: 'SHA1', digits: 6, period: 30, counter: 0 } as const;
  const typed = { issuer: 'Library', account: 'amina@library', secret: 'A'.repeat(32) };
  const { id } = await commands['code.type']({ kind: 'totp', ...typed, ...form });
  await commands['code.type']({ kind: 'hotp', ...typed, ...form, secret: 'B'.repeat(32) });
  await commands['code.rename']({ id, name: 'My reading' });
  await commands['guard.set-pin']({ pin: '482915' });
  await app.sync.pair('KTRW-4N7X', undefined);
  await until(() => expect(api.streams()).toBe(1));
  api.fail.set('*', 'cut');
  api.cutStreams();
  await until(() => expect(app.store.get().connection).toBe('offline'));
  await app.sync.change(KEY.id, { kind: 'rename', name: 'Desk key' });
  await stop();
  const files = new Map(readdirSync(world.folder).map((name) => [name, readFileSync(join(world.folder, name), 'utf8')]));
  files.set('codes.json.broken', files.get('codes.json') ?? '');
  files.set('changes.json.new', files.get('changes.json') ?? '');
  const entries = new Map(world.entries);
  world.remove();
  return { files, entries };
}

beforeEach(async () => {
  api = await startDeviceApi();
  api.snapshot = { ...api.snapshot, authenticators: [KEY] };
});
afterEach(async () => {
  power.cutAfter(Number.POSITIVE_INFINITY);
  await stop();
  await api.stop();
  world.remove();
});

/** The app of a later day, which has not heard yet, or not finished. @returns whether it was killed */
async function forget(steps: number): Promise<boolean> {
  const { store, sync } = open();
  power.cutAfter(steps);
  await sync.start().catch(() => undefined);
  const done = () => world.entries.size === 0 && store.get().connection === 'removed' && store.get().codes.length === 0;
  await until(() => expect(power.isGone() || done()).toBe(true));
  // What it may still be about to do.
  for (let turn = 0; turn < 20; turn += 1) await new Promise((resolve) => setImmediate(resolve));
  const killed = power.isGone();
  power.cutAfter(killed ? 0 : Number.POSITIVE_INFINITY);
  await stop();
  power.cutAfter(Number.POSITIVE_INFINITY);
  return killed;
}

test('after the next start no name and no secret is left, wherever the app was killed', { timeout: 120_000 }, async () => {
  const { files, entries } = await prepare();
  api.fail.set('*', { status: 401, code: 'device.removed', facts: { wipe: 'everything' } });
  let killed = true;
  let steps = 0;
  for (; killed; steps += 1) {
    world = new World();
    for (const [name, text] of files) writeFileSync(join(world.folder, name), text);
    for (const [account, secret] of entries) world.entries.set(account, secret);
    world.before = () => power.step();
    expect(telling(world)).toHaveLength(5);
    expect(world.entries.size).toBe(4);
    killed = await forget(steps);
    // Once more, killed elsewhere: the start that finishes may be cut short too.
    if (killed) await forget(Math.floor(steps / 2));
    expect(await forget(Number.POSITIVE_INFINITY)).toBe(false);
    expect(telling(world), `killed at step ${steps}`).toEqual([]);
    expect([...world.entries.keys()]).toEqual([]);
    expect(readFileSync(join(world.folder, 'last-known.json'), 'utf8')).toContain('"wiped":"everything"');
    world.remove();
  }
  expect(steps).toBeGreaterThan(20);
});
