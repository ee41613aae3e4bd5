import { createDecipheriv, scryptSync } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { openExport, sealExport } from '../../../../src/main/codes/export-file.ts';
import { createExportGuard, type ExportGuard, waitAfter } from '../../../../src/main/codes/export-guard.ts';
import { createExports, type Exports } from '../../../../src/main/codes/exports.ts';
import { encodeBase32 } from '../../../../src/oath/base32.ts';
import { parseOtpauth } from '../../../../src/oath/otpauth.ts';
import { hotpSeed, totpSeed, World } from './world.ts';

// Each passphrase costs half a second of a processor that has nothing else to do.
vi.setConfig({ testTimeout: 60_000 });

const PASSPHRASE = 'four words that travel';
let world: World;
let guard: ExportGuard;
let exports: Exports;
let touches: number;
let touch: () => Promise<void>;
let newFile: string | null;
let file: string | null;
let asked: number;

beforeEach(() => {
  world = new World();
  touches = 0;
  asked = 0;
  touch = async () => {
    touches += 1;
  };
  newFile = file = join(world.folder, 'export.doorstep');
  open();
});
afterEach(() => world.remove());

function open(): void {
  guard = createExportGuard({ vault: world.vault, touch: () => touch(), onChange: () => undefined, now: () => world.now });
  exports = createExports({
    codes: world.codes,
    guard,
    chooseNewFile: async () => newFile,
    chooseFile: async () => {
      asked += 1;
      return file;
    },
    now: () => world.now,
  });
}

describe('the guard', () => {
  it('lets nothing out before one is set', async () => {
    expect(await guard.kind()).toBe('none');
    await expect(exports.write(PASSPHRASE, undefined)).rejects.toMatchObject({ code: 'guard.not-set' });
  });

  it('wants the PIN, and is not changed without it', async () => {
    await guard.setPin('482915', undefined);
    await expect(guard.pass(undefined)).rejects.toMatchObject({ code: 'guard.wrong' });
    await expect(guard.pass('482916')).rejects.toMatchObject({ code: 'guard.wrong' });
    await guard.pass('482915');
    await expect(guard.setPin('111111', undefined)).rejects.toMatchObject({ code: 'guard.wrong' });
    await expect(guard.useKey(undefined)).rejects.toMatchObject({ code: 'guard.wrong' });
    expect(touches).toBe(0);
    await guard.setPin('new-pin-1', '482915');
    await guard.pass('new-pin-1');
    expect([...world.entries.values()].join()).not.toMatch(/482915|new-pin-1/);
  });

  it('counts wrong tries through restarts and clocks that were set back, and makes them slow', async () => {
    await guard.setPin('482915', undefined);
    for (let round = 0; round < 2; round++) {
      await expect(guard.pass('000000')).rejects.toMatchObject({ code: 'guard.wrong', detail: {} });
      world.start();
      open();
    }
    await expect(guard.pass('000000')).rejects.toMatchObject({ code: 'guard.wrong', detail: { retryAfterSeconds: 30 } });
    await expect(guard.pass('482915')).rejects.toMatchObject({ code: 'guard.waiting', detail: { retryAfterSeconds: 30 } });
    world.start();
    open();
    world.now -= 86_400_000;
    await expect(guard.pass('482915')).rejects.toMatchObject({ code: 'guard.waiting', detail: { retryAfterSeconds: 30 } });
    world.now += 30_000;
    await expect(guard.pass('000000')).rejects.toMatchObject({ detail: { retryAfterSeconds: 60 } });
    world.now += 60_000;
    await guard.pass('482915');
    await expect(guard.pass('000000')).rejects.toMatchObject({ code: 'guard.wrong', detail: {} });
    expect([0, 2, 3, 4, 9, 10, 50].map(waitAfter)).toEqual([0, 0, 30_000, 60_000, 1_920_000, 3_600_000, 3_600_000]);
  });

  it('counts a try before it looks: killed in the middle, it has been one', async () => {
    await guard.setPin('482915', undefined);
    for (let round = 0; round < 3; round++) {
      let writes = 0;
      world.before = (act, account) => {
        if (act === 'set' && account.endsWith('export-guard')) writes += 1;
        if (act !== 'set' && writes > 1) throw new Error('killed');
      };
      await guard.pass('000000').catch(() => undefined);
      world.before = () => undefined;
      world.start();
      open();
    }
    await expect(guard.pass('482915')).rejects.toMatchObject({ code: 'guard.waiting' });
  });

  it('of tries made at once looks at one after another', async () => {
    await guard.setPin('482915', undefined);
    const tries = await Promise.allSettled(Array.from({ length: 10 }, () => guard.pass('000000')));
    const codes = tries.map((one) => (one.status === 'rejected' ? (one.reason as { code: string }).code : 'passed'));
    expect(codes).toEqual([...Array<string>(3).fill('guard.wrong'), ...Array<string>(7).fill('guard.waiting')]);
  });

  it('may be a key: touched once to set it, and for each export', async () => {
    await guard.useKey(undefined);
    expect(touches).toBe(1);
    expect(await guard.kind()).toBe('key');
    await guard.pass(undefined);
    expect(touches).toBe(2);
    touch = () => Promise.reject(new Error('no touch'));
    await expect(guard.pass('482915')).rejects.toThrow('no touch');
    await expect(guard.setPin('482915', undefined)).rejects.toThrow('no touch');
  });

  it('that cannot be read guards all the same', async () => {
    world.entries.set('one/export-guard', '{"kind":"pin"}');
    expect(await guard.kind()).toBe('pin');
    await expect(guard.pass('482915')).rejects.toMatchObject({ code: 'guard.wrong' });
    world.mood = 'locked';
    await expect(guard.pass('482915')).rejects.toMatchObject({ code: 'keychain.locked' });
  });
});

describe('an export', () => {
  beforeEach(() => guard.setPin('482915', undefined));

  it('comes back whole: names, order, forms, and counters where they are by now', async () => {
    const ids = await world.codes.add([
      { seed: totpSeed({ issuer: 'Bänk & Söhne: 1', algorithm: 'SHA512', digits: 8, period: 60 }), name: 'Money' },
      { seed: hotpSeed({ counter: 5 }) },
    ]);
    await world.codes.next(ids[1]!);
    expect(await exports.write(PASSPHRASE, '482915')).toEqual({ path: newFile, count: 2 });
    const before = world.codes.list();
    const other = new World();
    try {
      const there = createExports({ codes: other.codes, guard, chooseNewFile: async () => null, chooseFile: async () => file });
      expect(await there.read(PASSPHRASE)).toEqual({ added: 2, known: 0 });
      expect(await there.read(PASSPHRASE)).toEqual({ added: 0, known: 2 });
      const without = (codes: readonly object[]) => codes.map((code) => ({ ...code, id: '' }));
      expect(without(other.codes.list())).toEqual(without(before));
      expect(other.codes.entries()[1]?.counter).toBe(6);
      expect((await other.codes.next(other.codes.list()[1]!.id)).code).toBe((await world.codes.next(ids[1]!)).code);
    } finally {
      other.remove();
    }
  });

  it('has nothing to read in it, and is for its owner alone', async () => {
    const seed = totpSeed({ issuer: 'Very Secret Club' });
    await world.codes.add([{ seed }]);
    await exports.write(PASSPHRASE, '482915');
    const text = readFileSync(newFile!, 'utf8');
    for (const secret of ['Very', 'alice', encodeBase32(seed.key), PASSPHRASE]) expect(text).not.toContain(secret);
    expect(readdirSync(world.folder).filter((name) => name.endsWith('.part'))).toEqual([]);
  });

  it('is not written where it cannot be whole', async () => {
    await world.codes.add([{ seed: totpSeed() }, { seed: totpSeed() }]);
    newFile = null;
    expect(await exports.write(PASSPHRASE, '482915')).toBeNull();
    newFile = join(world.folder, 'nowhere', 'x.doorstep');
    await expect(exports.write(PASSPHRASE, '482915')).rejects.toMatchObject({ code: 'file.unwritable' });
    mkdirSync(join(world.folder, 'folder'));
    newFile = join(world.folder, 'folder');
    await expect(exports.write(PASSPHRASE, '482915')).rejects.toMatchObject({ code: 'file.unwritable' });
    world.entries.delete([...world.entries.keys()].find((name) => name.includes('/seed/'))!);
    world.start();
    await world.codes.load();
    open();
    await expect(exports.write(PASSPHRASE, '482915')).rejects.toMatchObject({ code: 'seed.gone' });
  });

  it('asks for the file once, however often the passphrase is typed wrong', async () => {
    await world.codes.add([{ seed: totpSeed() }]);
    await exports.write(PASSPHRASE, '482915');
    await expect(exports.read('wrong')).rejects.toMatchObject({ code: 'export.wrong-passphrase' });
    await expect(exports.read('wrong again')).rejects.toMatchObject({ code: 'export.wrong-passphrase' });
    expect(await exports.read(PASSPHRASE)).toEqual({ added: 0, known: 1 });
    expect(asked).toBe(1);
    file = null;
    expect(await exports.read(PASSPHRASE)).toBeNull();
  });

  it('is opened as docs/export-format.md says', async () => {
    const seed = totpSeed({ issuer: 'Site', account: 'alice' });
    const text = await sealExport([{ seed, name: 'Mine' }], PASSPHRASE);
    const { kdf, cipher, sealed } = JSON.parse(text) as {
      kdf: { N: number; r: number; p: number; salt: string };
      cipher: { nonce: string };
      sealed: string;
    };
    const key = scryptSync(PASSPHRASE.normalize('NFKC'), Buffer.from(kdf.salt, 'base64'), 32, { ...kdf, maxmem: 2 ** 28 });
    const bytes = Buffer.from(sealed, 'base64');
    const open = createDecipheriv('aes-256-gcm', key, Buffer.from(cipher.nonce, 'base64'));
    open.setAAD(Buffer.from(`doorstep-codes|1|scrypt|${kdf.N}|${kdf.r}|${kdf.p}|${kdf.salt}|AES-256-GCM|${cipher.nonce}`));
    open.setAuthTag(bytes.subarray(-16));
    const plain = Buffer.concat([open.update(bytes.subarray(0, -16)), open.final()]).toString();
    const { codes } = JSON.parse(plain) as { codes: { link: string; name: string }[] };
    expect(codes[0]?.name).toBe('Mine');
    expect([...parseOtpauth(codes[0]!.link).key]).toEqual([...seed.key]);
  });
});

describe('a file that means ill', () => {
  const changed = async (change: (file: Record<string, unknown>) => void) => {
    const made = JSON.parse(await sealExport([{ seed: totpSeed(), name: '' }], PASSPHRASE)) as Record<string, unknown>;
    change(made);
    return openExport(JSON.stringify(made), PASSPHRASE);
  };

  it.each([
    ['more memory than there is', { N: 2 ** 30 }],
    ['no power of two', { N: 2 ** 17 + 1 }],
    ['hardly any work', { N: 2 }],
    ['a number that is text', { N: '131072' }],
    ['another block size', { r: 1024 }],
    ['endless passes', { p: 2 ** 20 }],
    ['no salt', { salt: '' }],
    ['another function', { name: 'pbkdf2' }],
  ])('is refused unopened where it wants %s', async (_what, members) => {
    const begun = performance.now();
    const refused = changed((made) => Object.assign(made['kdf'] as object, members));
    await expect(refused).rejects.toMatchObject({ code: 'export.malformed' });
    expect(performance.now() - begun).toBeLessThan(5_000);
  });

  it('cannot lower the work that a passphrase costs, nor change a byte', async () => {
    await expect(changed((made) => Object.assign(made['kdf'] as object, { N: 2 ** 15 }))).rejects.toMatchObject({
      code: 'export.wrong-passphrase',
    });
    await expect(
      changed((made) => {
        const sealed = Buffer.from(made['sealed'] as string, 'base64');
        sealed[3] = (sealed[3] ?? 0) ^ 1;
        made['sealed'] = sealed.toString('base64');
      }),
    ).rejects.toMatchObject({ code: 'export.wrong-passphrase' });
  });

  it.each(['', '{}', 'null', '[]', '{"format":"doorstep-codes","version":2}', 'otpauth://totp/a?secret=AAAAAAAAAAAAAAAA'])(
    'is none: %s',
    async (text) => {
      await expect(openExport(text, PASSPHRASE)).rejects.toMatchObject({ code: 'export.malformed' });
    },
  );

  it('is refused for its size alone', async () => {
    writeFileSync(file!, Buffer.alloc(5 * 1024 * 1024, 0x20));
    await expect(exports.read(PASSPHRASE)).rejects.toMatchObject({ code: 'export.malformed' });
    file = join(world.folder, 'not-there');
    await expect(exports.read(PASSPHRASE)).rejects.toMatchObject({ code: 'export.malformed' });
    file = world.folder;
    await expect(exports.read(PASSPHRASE)).rejects.toMatchObject({ code: 'export.malformed' });
  });
});
