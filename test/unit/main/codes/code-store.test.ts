import { existsSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { encodeBase32 } from '../../../../src/oath/base32.ts';
import { hotp } from '../../../../src/oath/hotp.ts';
import { totp } from '../../../../src/oath/totp.ts';
import { hotpSeed, totpSeed, World } from './world.ts';

let world: World;

beforeEach(() => {
  world = new World();
});
afterEach(() => {
  vi.useRealTimers();
  world.remove();
});

const titles = () => world.codes.list().map(({ issuer }) => issuer);

/** The draft of the index is written to a device that is always full. */
const fillDisk = () => symlinkSync('/dev/full', `${world.file}.new`);

describe('keeping', () => {
  it('puts each seed into an entry of its own and none into the file', async () => {
    const seeds = [totpSeed(), hotpSeed()];
    const ids = await world.codes.add(seeds.map((seed) => ({ seed })));
    expect([...world.entries.keys()].sort()).toEqual(ids.map((id) => `one/seed/${id}`).sort());
    const file = readFileSync(world.file, 'utf8');
    for (const { key } of seeds) {
      for (const secret of [encodeBase32(key), Buffer.from(key).toString('base64'), Buffer.from(key).toString('hex')]) {
        expect(file).not.toContain(secret);
        expect(world.logged.join()).not.toContain(secret);
        expect(JSON.stringify([world.codes.list(), await world.codes.show()])).not.toContain(secret);
      }
    }
  });

  it('keeps no seed twice and says which one it is', async () => {
    const seed = totpSeed();
    const [id] = await world.codes.add([{ seed }]);
    expect(await world.codes.add([{ seed: { ...seed, issuer: 'Another name' } }, { seed: totpSeed() }])).toEqual([id, expect.any(String)]);
    expect(world.codes.list()).toHaveLength(2);
    expect(await world.codes.find(seed)).toBe(id);
    expect(await world.codes.find(totpSeed())).toBeNull();
  });

  it('calls them by names that can be shown, wherever they come from', async () => {
    await world.codes.add([{ seed: totpSeed(), name: `\u202eMail\n${'x'.repeat(10_000)}` }]);
    expect(world.codes.list()).toMatchObject([{ name: `Mail ${'x'.repeat(59)}` }]);
  });

  it('stops at 256', async () => {
    await world.codes.add(Array.from({ length: 255 }, () => ({ seed: totpSeed() })));
    await expect(world.codes.add([{ seed: totpSeed() }, { seed: totpSeed() }])).rejects.toMatchObject({ code: 'seed.too-many' });
    expect(world.codes.list()).toHaveLength(255);
    expect(world.entries.size).toBe(255);
  });

  it('is all there after a restart, in the order and with the names of the person', async () => {
    const ids = await world.codes.add([
      { seed: totpSeed({ issuer: 'A' }) },
      { seed: totpSeed({ issuer: 'B' }) },
      { seed: totpSeed({ issuer: 'C' }) },
    ]);
    await world.codes.move(ids[2]!, 0);
    await world.codes.rename(ids[0]!, '  Bank\u202e \n account ');
    const before = world.codes.list();
    expect(before.map(({ issuer }) => issuer)).toEqual(['C', 'A', 'B']);
    expect(before[1]?.name).toBe('Bank account');
    world.start();
    await world.codes.load();
    expect(world.codes.list()).toEqual(before);
    await world.codes.move(ids[2]!, 99);
    expect(titles()).toEqual(['A', 'B', 'C']);
  });
});

describe('codes', () => {
  it('are those of now and of the period after, by the true time', async () => {
    const seed = totpSeed({ digits: 8, algorithm: 'SHA256', period: 45 });
    const [id] = await world.codes.add([{ seed }]);
    world.skew = 3_600_000;
    const form = { algorithm: 'SHA256', digits: 8, period: 45 } as const;
    const [shown] = await world.codes.show();
    const truth = world.now - world.skew;
    expect(shown).toMatchObject({ id, code: totp(seed.key, truth, form), next: totp(seed.key, truth + 45_000, form) });
    expect(shown!.from).toBeLessThanOrEqual(world.now);
    expect(shown!.until).toBe(shown!.from + 45_000);
    expect(shown!.until).toBeGreaterThan(world.now);
    expect(await world.codes.current(id!)).toBe(shown!.code);
  });

  it('of HOTP come one by one, never the same twice, whenever the app is killed', async () => {
    const seed = hotpSeed({ counter: 7 });
    const [id] = await world.codes.add([{ seed }]);
    await expect(world.codes.current(id!)).rejects.toMatchObject({ code: 'ipc.refused' });
    const told: string[] = [];
    for (let round = 0; round < 5; round++) {
      told.push((await world.codes.next(id!)).code);
      expect(await world.codes.current(id!)).toBe(told.at(-1));
      world.start();
      await world.codes.load();
    }
    expect(told).toEqual([7, 8, 9, 10, 11].map((counter) => hotp(seed.key, counter, seed)));
    expect(await world.codes.show()).toEqual([]);
  });

  it('of HOTP asked for at once are different ones', async () => {
    const [id] = await world.codes.add([{ seed: hotpSeed() }]);
    const told = await Promise.all(Array.from({ length: 20 }, () => world.codes.next(id!)));
    expect(new Set(told.map(({ code }) => code)).size).toBe(20);
  });

  it('of HOTP end where the counter cannot go further, and leave an index that can be read', async () => {
    const [last] = await world.codes.add([{ seed: hotpSeed({ counter: Number.MAX_SAFE_INTEGER }) }]);
    const [other] = await world.codes.add([{ seed: hotpSeed({ counter: 3 }), name: 'Mine' }]);
    await world.codes.next(other!);
    for (let again = 0; again < 2; again++) {
      await expect(world.codes.next(last!)).rejects.toMatchObject({ code: 'seed.malformed', detail: { reason: 'counter' } });
    }
    world.start();
    await world.codes.load();
    expect(world.codes.entries()).toMatchObject([{ id: last }, { id: other, name: 'Mine', counter: 4 }]);
  });

  it('of HOTP are not told while the counter cannot be kept', async () => {
    const seed = hotpSeed();
    const [id] = await world.codes.add([{ seed }]);
    fillDisk();
    await expect(world.codes.next(id!)).rejects.toMatchObject({ code: 'disk.full' });
    await expect(world.codes.current(id!)).rejects.toMatchObject({ code: 'ipc.refused' });
    rmSync(`${world.file}.new`);
    expect((await world.codes.next(id!)).code).toBe(hotp(seed.key, 0, seed));
  });
});

describe('a counter', () => {
  it.each([
    ['is lost', () => rmSync(world.file)],
    ['makes no sense any more', () => writeFileSync(world.file, '{"version":1,"codes":[{')],
    ['is an old copy', (old: string) => writeFileSync(world.file, old)],
  ])('goes on where it was when the index %s', async (_what, lose) => {
    const seed = hotpSeed({ counter: 7 });
    const [id] = await world.codes.add([{ seed }]);
    const old = readFileSync(world.file, 'utf8');
    const told: string[] = [];
    for (let round = 0; round < 3; round += 1) {
      for (let again = 0; again < 2; again += 1) told.push((await world.codes.next(id!)).code);
      lose(old);
      world.start();
      await world.codes.load();
      expect((await world.codes.seeds())[0]?.entry.counter).toBe(9 + 2 * round);
    }
    expect(told).toEqual([7, 8, 9, 10, 11, 12].map((counter) => hotp(seed.key, counter, seed)));
  });

  it('of an entry that an earlier version wrote, which has the first one alone, goes on as the index says', async () => {
    const seed = hotpSeed({ counter: 7 });
    const [id] = await world.codes.add([{ seed }]);
    const [name, first] = [...world.entries][0]!;
    await world.codes.next(id!);
    world.entries.set(name, first);
    world.start();
    await world.codes.load();
    expect((await world.codes.next(id!)).code).toBe(hotp(seed.key, 8, seed));
  });

  it.each(['absent', 'locked', 'failed'] as const)(
    'stays where it is while the keychain is %s: no code is told, none is skipped',
    async (mood) => {
      const seed = hotpSeed();
      const [id] = await world.codes.add([{ seed }]);
      await world.codes.next(id!);
      world.mood = mood;
      for (let again = 0; again < 20; again += 1) {
        await expect(world.codes.next(id!)).rejects.toMatchObject({ code: `keychain.${mood}` });
      }
      world.mood = 'open';
      expect((await world.codes.next(id!)).code).toBe(hotp(seed.key, 1, seed));
    },
  );

  it('shows no code twice when the power goes at any operation of the keychain and the index is lost with it', async () => {
    for (let cut = 1, whole = false; !whole; cut += 1) {
      const here = new World();
      const seed = hotpSeed();
      const [id] = await here.codes.add([{ seed }]);
      const told = [(await here.codes.next(id!)).code];
      let left = cut;
      here.before = () => {
        left -= 1;
        if (left <= 0) throw new Error('the power is gone');
      };
      await here.codes.next(id!).then(
        ({ code }) => told.push(code),
        () => undefined,
      );
      whole = left > 0;
      here.before = () => undefined;
      rmSync(here.file);
      here.start();
      await here.codes.load();
      const { code } = await here.codes.next(id!);
      expect(told).not.toContain(code);
      // One code at most is skipped: a site looks ahead by a few.
      expect([told.length, told.length + 1].map((counter) => hotp(seed.key, counter, seed))).toContain(code);
      here.remove();
    }
  });
});

describe('removing', () => {
  it('can be taken back for ten seconds, then the seed is gone', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    const [id] = await world.codes.add([{ seed: totpSeed() }]);
    const until = await world.codes.remove(id!);
    expect(until).toBe(world.now + 10_000);
    expect(world.codes.list()).toEqual([]);
    expect(world.codes.removed()).toMatchObject({ id, until });
    await world.codes.restore(id!);
    expect(world.codes.list()).toHaveLength(1);
    expect(world.codes.removed()).toBeNull();
    await vi.advanceTimersByTimeAsync(20_000);
    expect(world.entries.size).toBe(1);
    await world.codes.remove(id!);
    await vi.advanceTimersByTimeAsync(10_001);
    await world.codes.load();
    expect(world.entries.size).toBe(0);
    await expect(world.codes.restore(id!)).rejects.toMatchObject({ code: 'ipc.refused' });
  });

  it('of a second one ends the way back of the first alone', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    const [first, second] = await world.codes.add([{ seed: totpSeed() }, { seed: totpSeed() }]);
    await world.codes.remove(first!);
    await vi.advanceTimersByTimeAsync(6_000);
    await world.codes.remove(second!);
    await vi.advanceTimersByTimeAsync(6_000);
    expect(world.codes.removed()?.id).toBe(second);
    expect([...world.entries.keys()]).toEqual([`one/seed/${second}`]);
    await world.codes.restore(second!);
    expect(world.codes.list()).toHaveLength(1);
  });

  it('is for good when the app ends, and after it was killed', async () => {
    const [first, second] = await world.codes.add([{ seed: totpSeed() }, { seed: totpSeed() }]);
    await world.codes.remove(first!);
    await world.codes.stop();
    expect([...world.entries.keys()]).toEqual([`one/seed/${second}`]);
    await world.codes.remove(second!);
    world.start();
    expect(world.codes.list()).toEqual([]);
    await world.codes.load();
    expect(world.entries.size).toBe(0);
    expect(world.codes.list()).toEqual([]);
  });

  it('goes on when the keychain comes back', async () => {
    const [id] = await world.codes.add([{ seed: totpSeed() }]);
    world.mood = 'locked';
    await world.codes.remove(id!);
    await world.codes.stop();
    expect(world.entries.size).toBe(1);
    world.start();
    await expect(world.codes.load()).rejects.toMatchObject({ code: 'keychain.locked' });
    world.mood = 'open';
    await world.codes.load();
    expect(world.entries.size).toBe(0);
  });
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
    expect(titles()).toEqual(['Kept']);
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
    expect(titles()).toEqual(['Whole']);
  });
});

describe('the index', () => {
  it('that is lost is made anew from the keychain', async () => {
    await world.codes.add([{ seed: totpSeed({ issuer: 'A' }) }, { seed: hotpSeed({ issuer: 'B' }) }]);
    rmSync(world.file);
    world.start();
    expect(world.codes.list()).toEqual([]);
    await world.codes.load();
    expect(titles().sort()).toEqual(['A', 'B']);
    expect(await world.codes.show()).toHaveLength(1);
  });

  it('that makes no sense is put aside, not overwritten', async () => {
    await world.codes.add([{ seed: totpSeed({ issuer: 'A' }) }]);
    writeFileSync(world.file, '{"version":1,"codes":[{"id":"short"}]}');
    world.start();
    await world.codes.load();
    expect(titles()).toEqual(['A']);
    expect(readFileSync(`${world.file}.broken`, 'utf8')).toContain('short');
    expect(world.logged).toContain('index broken');
  });

  it('on a full disk says so, and nothing is lost or kept by halves', async () => {
    const [id] = await world.codes.add([{ seed: totpSeed({ issuer: 'Old' }) }]);
    fillDisk();
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
    expect(titles()).toEqual(['Old']);
    for (const act of [() => world.codes.rename(world.codes.list()[0]!.id, 'New'), () => world.codes.remove(world.codes.list()[0]!.id)]) {
      await expect(act()).rejects.toMatchObject({ code: 'file.unwritable' });
    }
    expect(world.codes.list()).toMatchObject([{ issuer: 'Old', name: '' }]);
    expect(existsSync(world.file)).toBe(true);
  });
});

describe('own codes', () => {
  it('are none to show until they are proved', async () => {
    const owner = { person: 'p', authenticatorId: 'a' };
    const [id] = await world.codes.add([{ seed: totpSeed(), owner }]);
    expect(world.codes.list()).toEqual([]);
    expect(await world.codes.show()).toEqual([]);
    await world.codes.prove(id!);
    expect(world.codes.list()).toMatchObject([{ id, authenticatorId: 'a' }]);
    rmSync(world.file);
    world.start();
    await world.codes.load();
    // Found again in the keychain: whose it is was kept beside the seed, whether it was proved the backend knows.
    expect(world.codes.entries()).toMatchObject([{ id, owner: { ...owner, proved: false } }]);
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
