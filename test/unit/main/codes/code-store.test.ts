/** Codes are kept, shown, and removed with a way back. */
import { readFileSync, rmSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { encodeBase32 } from '../../../../src/oath/base32.ts';
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
    expect(world.titles()).toEqual(['A', 'B', 'C']);
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
