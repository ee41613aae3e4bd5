/** The channels of codes as the windows use them, and what must never go through them. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createLog } from '../../../../src/main/app/log.ts';
import { createStateStore, firstState, type StateStore } from '../../../../src/main/app/state-store.ts';
import { type Codes, createCodes } from '../../../../src/main/codes/codes.ts';
import { encodeBase32 } from '../../../../src/oath/base32.ts';
import { buildOtpauth } from '../../../../src/oath/otpauth.ts';
import { totp } from '../../../../src/oath/totp.ts';
import { hotpSeed, totpSeed, World } from './world.ts';

/** As the window sends what was typed: the least of it. */
const TYPED = {
  kind: 'totp',
  issuer: '',
  account: '',
  secret: 'A'.repeat(32),
  algorithm: 'SHA1',
  digits: 6,
  period: 30,
  counter: 0,
} as const;

let world: World;
let store: StateStore;
let codes: Codes;
let clipboard: string;
const shown: boolean[] = [];

beforeEach(() => {
  world = new World();
  clipboard = '';
  shown.length = 0;
  open();
});
afterEach(async () => {
  await codes.stop();
  world.remove();
});

function open(): void {
  store = createStateStore(firstState('1', 'http://localhost', false));
  const none = async () => null;
  codes = createCodes({
    folder: world.folder,
    store,
    vault: world.vault,
    sync: {
      call: () => Promise.reject(new Error('no backend')),
      refresh: async () => undefined,
      change: () => Promise.reject(new Error('no backend')),
    },
    log: createLog((line) => world.logged.push(line)),
    pictures: { read: async () => [], stop: () => undefined },
    around: {
      clipboardText: async () => clipboard,
      clipboardPicture: none,
      choosePicture: none,
      screens: async () => [],
      screensBehindUs: async () => [],
      viewfinder: none,
    },
    clipboard: {
      readText: async () => clipboard,
      writeText: async (text) => {
        clipboard = text;
      },
      clear: () => {
        clipboard = '';
      },
    },
    files: {
      chooseNewExport: async () => join(world.folder, 'out.doorstep'),
      chooseExport: async () => join(world.folder, 'out.doorstep'),
    },
    touch: async () => undefined,
    onShown: () => shown.push(codes.areShown()),
    now: () => world.now,
  });
}

async function keychainReady(): Promise<void> {
  store.change({ keychain: 'ready' });
  codes.follow(store.get());
  await new Promise((resolve) => setTimeout(resolve, 30));
}

describe('the channels', () => {
  it('add from a link, show, copy, rename, remove and restore', async () => {
    const seed = totpSeed({ issuer: 'Example' });
    const { commands } = codes;
    const draft = await commands['code.read']({ source: { from: 'text', text: buildOtpauth(seed) } });
    const { ids } = await commands['code.keep']({ draftId: draft!.draftId, indexes: [0] });
    await expect(commands['code.keep']({ draftId: draft!.draftId, indexes: [0] })).rejects.toMatchObject({ code: 'ipc.refused' });
    const now = totp(seed.key, world.now, { ...seed, period: 30 });
    expect(await commands['code.show']({})).toMatchObject([{ id: ids[0], code: now }]);
    expect(await commands['code.copy']({ id: ids[0]! })).toEqual({ clearedAt: world.now + 30_000 });
    expect(clipboard).toBe(now);
    await commands['code.rename']({ id: ids[0]!, name: 'Mine' });
    expect(store.get().codes).toMatchObject([{ id: ids[0], name: 'Mine', issuer: 'Example' }]);
    await commands['code.remove']({ id: ids[0]! });
    expect(store.get()).toMatchObject({ codes: [], removedCode: { id: ids[0], label: 'Mine' } });
    await commands['code.restore']({ id: ids[0]! });
    expect(store.get()).toMatchObject({ codes: [{ id: ids[0] }], removedCode: null });
    for (const wrong of ['code.copy', 'code.remove', 'code.restore', 'code.next'] as const) {
      await expect(commands[wrong]({ id: 'A'.repeat(22) })).rejects.toMatchObject({ code: 'ipc.refused' });
    }
  });

  it('keep a draft whose keychain was locked at the first try', async () => {
    const draft = await codes.commands['code.read']({ source: { from: 'text', text: buildOtpauth(totpSeed()) } });
    world.mood = 'locked';
    const keep = () => codes.commands['code.keep']({ draftId: draft!.draftId, indexes: [0] });
    await expect(keep()).rejects.toMatchObject({ code: 'keychain.locked' });
    world.mood = 'open';
    expect((await keep()).ids).toHaveLength(1);
  });

  it('take a typed secret as people type it, once', async () => {
    const typed = { ...TYPED, issuer: ' Example ', account: 'alice', secret: 'jbsw y3dp ehpk 3pxp' };
    await codes.commands['code.type'](typed);
    expect(store.get().codes).toMatchObject([{ issuer: 'Example', account: 'alice', period: 30 }]);
    await expect(codes.commands['code.type']({ ...typed, issuer: 'Twice' })).rejects.toMatchObject({ code: 'seed.duplicate' });
    await expect(codes.commands['code.type']({ ...typed, secret: 'jbsw 03dp' })).rejects.toMatchObject({
      code: 'seed.malformed',
      detail: { reason: 'secret-letter', at: 6 },
    });
    await codes.commands['code.type']({ ...typed, kind: 'hotp', secret: 'A'.repeat(32), counter: 9 });
    expect(store.get().codes[1]).toMatchObject({ kind: 'hotp', period: null });
  });

  it('say that codes are on the screen for as long as they may be', async () => {
    await codes.commands['code.type'](TYPED);
    expect(codes.areShown()).toBe(false);
    const [code] = await codes.commands['code.show']({});
    expect(shown.at(-1)).toBe(true);
    world.now = code!.until! - 1;
    expect(codes.areShown()).toBe(true);
    world.now += 5_000;
    expect(codes.areShown()).toBe(false);
  });

  it('find the codes of an earlier run when the keychain is ready', async () => {
    await codes.commands['code.type']({ ...TYPED, issuer: 'Kept' });
    await codes.commands['guard.set-pin']({ pin: '482915' });
    world.start();
    open();
    expect(store.get().codes).toMatchObject([{ issuer: 'Kept' }]);
    expect(store.get().exportGuard).toBe('none');
    await keychainReady();
    expect(store.get().exportGuard).toBe('pin');
    expect(await codes.commands['code.show']({})).toHaveLength(1);
  });

  it('forget the own account’s codes alone, or everything', async () => {
    await codes.commands['guard.set-pin']({ pin: '482915' });
    await codes.commands['code.read']({ source: { from: 'text', text: buildOtpauth(totpSeed()) } }).then((draft) =>
      codes.commands['code.keep']({ draftId: draft!.draftId, indexes: [0] }),
    );
    await codes.forget('own');
    expect(store.get().codes).toHaveLength(1);
    await codes.forget('everything');
    expect(store.get()).toMatchObject({ codes: [], exportGuard: 'none' });
    expect([...world.entries.keys()]).toEqual([]);
  });
});

it('no seed goes through a channel, into the state, the log or a file', { timeout: 60_000 }, async () => {
  const seeds = [totpSeed(), hotpSeed(), totpSeed({ algorithm: 'SHA512', digits: 8 })];
  const answers: unknown[] = [];
  const say = async <T>(answer: Promise<T>): Promise<T> => {
    const said = await answer.catch((error: unknown) => {
      answers.push(error instanceof Error ? [error.message, error] : error);
      throw error;
    });
    answers.push(said);
    return said;
  };
  const { commands } = codes;
  const draft = await say(commands['code.read']({ source: { from: 'text', text: seeds.map(buildOtpauth).join('\n') } }));
  const { ids } = await say(commands['code.keep']({ draftId: draft!.draftId, indexes: [0, 1, 2] }));
  await say(commands['code.read']({ source: { from: 'text', text: `${buildOtpauth(seeds[0]!)}&digits=7` } })).catch(() => undefined);
  await say(commands['code.show']({}));
  await say(commands['code.next']({ id: ids[1]! }));
  await say(commands['code.copy']({ id: ids[1]! }));
  await say(commands['guard.set-pin']({ pin: '482915' }));
  await say(commands['code.export']({ passphrase: 'four words that travel', pin: '482915' }));
  await say(commands['code.import']({ passphrase: 'four words that travel' }));
  await say(commands['code.remove']({ id: ids[2]! }));
  const files = readdirSync(world.folder).map((name) => readFileSync(join(world.folder, name), 'latin1'));
  const all = [JSON.stringify(answers), JSON.stringify(store.get()), world.logged.join('\n'), ...files].join('\n');
  for (const { key } of seeds) {
    const bytes = Buffer.from(key);
    for (const text of [encodeBase32(key), bytes.toString('base64').replace(/=+$/, ''), bytes.toString('hex'), bytes.toString('latin1')]) {
      expect(all).not.toContain(text);
    }
  }
  expect(all).not.toContain('482915');
});
