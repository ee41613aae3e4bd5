/** The two places that keep codes, the keychain and the index: each away, wiped, broken or full, and the power cut between them. */
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { hotpSeed, totpSeed, World } from './world.ts';

let world: World;

beforeEach(() => {
  world = new World();
});
afterEach(() => {
  world.remove();
});

describe('a keychain', () => {
  it.each([
    ['absent', 'keychain.absent'],
    ['locked', 'keychain.locked'],
    ['failed', 'keychain.failed'],
  ] as const)('that is %s is named, and nothing is lost', async (mood, code) => {
    await world.codes.add([{ seed: totpSeed({ issuer: 'Kept' }) }]);
    world.start();
    world.mood = mood;
    await expect(world.codes.load()).rejects.toMatchObject({ code });
    await expect(world.codes.show()).rejects.toMatchObject({ code });
    await expect(world.codes.add([{ seed: totpSeed() }])).rejects.toMatchObject({ code });
    // The names stay: whoever looks knows what there will be again.
    expect(world.titles()).toEqual(['Kept']);
    world.mood = 'open';
    await world.codes.load();
    expect(await world.codes.show()).toHaveLength(1);
    expect(world.entries.size).toBe(1);
  });

  it('that was wiped leaves codes that are gone, named as such, until they come back or are removed', async () => {
    const [id] = await world.codes.add([{ seed: totpSeed() }]);
    const kept = new Map(world.entries);
    world.entries.clear();
    world.start();
    await world.codes.load();
    expect(world.codes.list()).toMatchObject([{ id, state: 'gone' }]);
    expect(await world.codes.show()).toEqual([]);
    await expect(world.codes.current(id!)).rejects.toMatchObject({ code: 'seed.gone' });
    for (const [name, secret] of kept) world.entries.set(name, secret);
    await world.codes.load();
    expect(world.codes.list()).toMatchObject([{ id, state: 'ready' }]);
  });

  it('with an entry that makes no sense does not hide the others', async () => {
    await world.codes.add([{ seed: totpSeed({ issuer: 'Whole' }) }]);
    world.entries.set('one/seed/AAAAAAAAAAAAAAAAAAAAAA', '{"v":1,"secret":"!"}');
    world.start();
    await world.codes.load();
    expect(world.titles()).toEqual(['Whole']);
  });
});

describe('the index', () => {
  it('that is lost is made anew from the keychain', async () => {
    await world.codes.add([{ seed: totpSeed({ issuer: 'A' }) }, { seed: hotpSeed({ issuer: 'B' }) }]);
    rmSync(world.file);
    world.start();
    expect(world.codes.list()).toEqual([]);
    await world.codes.load();
    expect(world.titles().sort()).toEqual(['A', 'B']);
    expect(await world.codes.show()).toHaveLength(1);
  });

  it('that makes no sense is put aside, not overwritten', async () => {
    await world.codes.add([{ seed: totpSeed({ issuer: 'A' }) }]);
    writeFileSync(world.file, '{"version":1,"codes":[{"id":"short"}]}');
    world.start();
    await world.codes.load();
    expect(world.titles()).toEqual(['A']);
    expect(readFileSync(`${world.file}.broken`, 'utf8')).toContain('short');
    expect(world.logged).toContain('index broken');
  });

  it('on a full disk says so, and nothing is lost or kept by halves', async () => {
    const [id] = await world.codes.add([{ seed: totpSeed({ issuer: 'Old' }) }]);
    world.fillDisk();
    for (const act of [
      () => world.codes.add([{ seed: totpSeed() }]),
      () => world.codes.rename(id!, 'New'),
      () => world.codes.remove(id!),
      () => world.codes.move(id!, 0),
    ]) {
      await expect(act()).rejects.toMatchObject({ code: 'disk.full' });
    }
    expect(world.codes.list()).toMatchObject([{ id, issuer: 'Old', name: '' }]);
    expect(await world.codes.show()).toHaveLength(1);
    expect(world.entries.size).toBe(1);
    rmSync(`${world.file}.new`);
    await world.codes.rename(id!, 'New');
    world.start();
    await world.codes.load();
    expect(world.codes.list()).toMatchObject([{ id, name: 'New' }]);
  });

  it('that cannot be written takes the seeds back out of the keychain', async () => {
    await world.codes.add([{ seed: totpSeed({ issuer: 'Old' }) }]);
    mkdirSync(`${world.file}.new`);
    await expect(world.codes.add([{ seed: totpSeed() }, { seed: totpSeed() }])).rejects.toMatchObject({ code: 'file.unwritable' });
    expect(world.entries.size).toBe(1);
    expect(world.titles()).toEqual(['Old']);
    for (const act of [() => world.codes.rename(world.codes.list()[0]!.id, 'New'), () => world.codes.remove(world.codes.list()[0]!.id)]) {
      await expect(act()).rejects.toMatchObject({ code: 'file.unwritable' });
    }
    expect(world.codes.list()).toMatchObject([{ issuer: 'Old', name: '' }]);
    expect(existsSync(world.file)).toBe(true);
  });
});

describe('a power cut at any operation of the keychain', () => {
  class PowerCut extends Error {}

  it('loses nothing that was acknowledged and shows no HOTP code twice', { timeout: 60_000 }, async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.constantFrom('add', 'add-two', 'next', 'remove', 'rename', 'restore'), { minLength: 1, maxLength: 12 }),
        fc.array(fc.integer({ min: 1, max: 25 }), { maxLength: 4 }),
        async (acts, planned) => {
          const cuts = [...planned];
          const here = new World();
          const acknowledged = new Set<string>();
          const gone = new Set<string>();
          const told = new Map<string, string[]>();
          let left = cuts.shift() ?? Number.POSITIVE_INFINITY;
          here.before = () => {
            left -= 1;
            if (left <= 0) throw new PowerCut('the power is gone');
          };
          const restart = async () => {
            left = Number.POSITIVE_INFINITY;
            here.start();
            await here.codes.load();
            left = cuts.shift() ?? Number.POSITIVE_INFINITY;
          };
          for (const act of acts) {
            const some = [...acknowledged].at(-1);
            try {
              if (act === 'add') for (const id of await here.codes.add([{ seed: hotpSeed() }])) acknowledged.add(id);
              if (act === 'add-two')
                for (const id of await here.codes.add([{ seed: totpSeed() }, { seed: hotpSeed() }])) acknowledged.add(id);
              if (some !== undefined && act === 'rename') await here.codes.rename(some, 'named');
              if (some !== undefined && act === 'next' && here.codes.list().find(({ id }) => id === some)?.kind === 'hotp') {
                const { code } = await here.codes.next(some);
                expect(told.get(some) ?? []).not.toContain(code);
                told.set(some, [...(told.get(some) ?? []), code]);
              }
              if (some !== undefined && act === 'remove') {
                await here.codes.remove(some);
                acknowledged.delete(some);
                gone.add(some);
              }
              const last = [...gone].at(-1);
              if (act === 'restore' && last !== undefined && here.codes.removed()?.id === last) {
                await here.codes.restore(last);
                gone.delete(last);
                acknowledged.add(last);
              }
            } catch {
              await restart();
            }
          }
          await restart();
          const listed = new Set(here.codes.list().map(({ id }) => id));
          for (const id of acknowledged) expect(listed).toContain(id);
          for (const id of gone) expect(listed).not.toContain(id);
          expect(here.codes.list().every(({ state }) => state === 'ready')).toBe(true);
          expect(here.entries.size).toBe(listed.size);
          await here.codes.stop();
          here.remove();
        },
      ),
      { numRuns: 100 },
    );
  });
});
