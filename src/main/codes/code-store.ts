/**
 * The codes that the app keeps: an index in a file, and one keychain entry a seed. A seed is in the keychain before the
 * index lists it and leaves it before the index forgets it, so a crash between the two loses nothing: what the keychain
 * has and the index lacks is listed again, what was removed goes for good. The counter of an HOTP entry is in both, and
 * the higher one stands: an index that was lost, or is an old copy, shows no code again.
 */
import { randomBytes } from 'node:crypto';
import type { CodeEntry, ShownCode } from '../../contract/codes.ts';
import { DoorstepError } from '../../contract/errors.ts';
import { hotp } from '../../oath/hotp.ts';
import type { Seed } from '../../oath/seed.ts';
import { totp } from '../../oath/totp.ts';
import type { Log } from '../app/log.ts';
import type { Vault } from '../vault/vault.ts';
import { entryOf, labelOf, ownName, publicEntry, shownTotp } from './code-entry.ts';
import type { CodeIndex, IndexEntry } from './code-index.ts';
import { createSeedCache, seedName } from './seed-cache.ts';
import { type KeptSeed, sameKey, writeSeed } from './seed-text.ts';

export interface CodeStore {
  /** Every code that may be shown, in the person's order. */
  list(): readonly CodeEntry[];
  /** The code that was removed last, as long as it can be restored. */
  removed(): { readonly id: string; readonly label: string; readonly until: number } | null;
  /** Reads the keychain, lists what only it has, ends what was removed. Rejects with keychain.*. */
  load(): Promise<void>;
  /** The codes of every TOTP entry whose seed is there. Rejects with keychain.*. */
  show(): Promise<readonly ShownCode[]>;
  /** The next code of an HOTP entry; its counter has moved on, in the index and beside the seed, before this tells it. */
  next(id: string): Promise<ShownCode>;
  /** The code to copy: of now, or for HOTP the one that was told last. @throws DoorstepError seed.gone, ipc.refused */
  current(id: string): Promise<string>;
  /** Every kept code with its seed, in order. */
  seeds(): Promise<readonly { readonly entry: IndexEntry; readonly seed: Seed }[]>;
  /**
   * Keeps seeds. One that is here already is not kept twice: its place in the answer has the id that it has.
   * Rejects with keychain.*, disk.full, seed.too-many: then none was kept.
   */
  add(seeds: readonly NewSeed[]): Promise<readonly string[]>;
  /** The id under which the same secret is kept, or null. */
  find(seed: Seed): Promise<string | null>;
  rename(id: string, name: string): Promise<void>;
  move(id: string, to: number): Promise<void>;
  /** @returns until when it can be restored, ms since 1970 */
  remove(id: string): Promise<number>;
  restore(id: string): Promise<void>;
  /** Removes without a way back, such as a code of an authenticator that is no more. */
  drop(id: string): Promise<void>;
  /** The backend has taken a code of it. */
  prove(id: string): Promise<void>;
  /** The index's view, for those who keep it in step with the backend. */
  entries(): readonly IndexEntry[];
  /** Forgets all codes after the keychain was wiped. Rejects with file.unwritable. */
  clear(): Promise<void>;
  /** Ends what can still be restored, as far as the keychain lets it in time. */
  stop(): Promise<void>;
}

export interface NewSeed {
  readonly seed: Seed;
  readonly name?: string;
  /** For a code of the person's own account, which is still to be proved. */
  readonly owner?: NonNullable<KeptSeed['owner']>;
}

export interface CodeStoreOptions {
  readonly index: CodeIndex;
  readonly vault: Vault;
  readonly log: Log;
  /** Called after each change of what `list` and `removed` answer. */
  readonly onChange: () => void;
  /** This computer's clock minus the true time, milliseconds; 0 where it is not known. */
  readonly skew: () => number;
  readonly now?: () => number;
}

const MOST_CODES = 256;
const UNDO = 10_000;

export function createCodeStore({ index, vault, log, onChange, skew, now = Date.now }: CodeStoreOptions): CodeStore {
  /** Ids that the keychain had at the last reading; null before the first. */
  let present: ReadonlySet<string> | null = null;
  const lastTold = new Map<string, string>();
  let undo: { readonly id: string; readonly until: number; readonly timer: NodeJS.Timeout } | null = null;
  let queue: Promise<unknown> = Promise.resolve();

  const cache = createSeedCache(vault, now, (ids) => {
    present = ids;
  });

  /** Changes one after another: two at once would overwrite each other's index. */
  const inTurn = <T>(act: () => Promise<T>): Promise<T> => {
    const run = queue.then(act, act);
    queue = run.catch(() => undefined);
    return run;
  };

  const visible = () => index.get().filter((entry) => entry.removedAt === null && (entry.owner === null || entry.owner.proved));

  const need = (id: string): IndexEntry => {
    const entry = visible().find((one) => one.id === id);
    if (entry === undefined) throw new DoorstepError('ipc.refused');
    return entry;
  };

  const seedOf = async (id: string): Promise<KeptSeed> => {
    const seed = (await cache.all()).get(id);
    if (seed === undefined) {
      onChange();
      throw new DoorstepError('seed.gone');
    }
    return seed;
  };

  const change = (id: string, members: Partial<IndexEntry>) => {
    index.set(index.get().map((entry) => (entry.id === id ? { ...entry, ...members } : entry)));
    onChange();
  };

  /** The seed goes first: while the index still lists it as removed, a crash cannot bring it back. */
  const purge = async (id: string) => {
    await vault.remove(seedName(id));
    cache.drop(id);
    lastTold.delete(id);
    index.set(index.get().filter((entry) => entry.id !== id));
    onChange();
  };

  const purgeQuietly = (id: string) =>
    purge(id).catch((error: unknown) => {
      // The index still says that it is removed: the next reading of the keychain ends it.
      log.warn('codes.not-removed', { code: error instanceof DoorstepError ? error.code : 'internal' });
    });

  const endUndo = async (id = undo?.id) => {
    const ended = undo;
    if (ended === null || ended.id !== id) return;
    clearTimeout(ended.timer);
    undo = null;
    onChange();
    await purgeQuietly(ended.id);
  };

  const adopt = (seeds: ReadonlyMap<string, KeptSeed>) => {
    const listed = new Set(index.get().map(({ id }) => id));
    const found = [...seeds].filter(([id]) => !listed.has(id));
    if (found.length === 0) return;
    log.info('codes.found-again', { count: found.length });
    index.set([...index.get(), ...found.map(([id, seed]) => entryOf(id, seed, ''))]);
  };

  const loadAll = async () => {
    cache.forget();
    const seeds = await cache.all();
    adopt(seeds);
    for (const { id, removedAt } of index.get()) if (removedAt !== null && undo?.id !== id) await purgeQuietly(id);
    onChange();
  };

  const addAll = async (wanted: readonly NewSeed[]) => {
    const kept = new Map(
      [...(await cache.all())].filter(([id]) => index.get().some((entry) => entry.id === id && entry.removedAt === null)),
    );
    const ids: string[] = [];
    const added: IndexEntry[] = [];
    const takeBack = async () => {
      // Where the keychain does not answer any more, what it has of them is listed at its next reading.
      for (const { id } of added) {
        cache.drop(id);
        await vault.remove(seedName(id));
      }
    };
    try {
      for (const one of wanted) {
        const known = [...kept].find(([, seed]) => sameKey(seed.key, one.seed.key));
        if (known !== undefined) {
          ids.push(known[0]);
          continue;
        }
        if (index.get().length + added.length >= MOST_CODES) throw new DoorstepError('seed.too-many', { most: MOST_CODES });
        const seed = { ...one.seed, owner: one.owner ?? null };
        const entry = entryOf(randomBytes(16).toString('base64url'), seed, ownName(one.name ?? ''));
        added.push(entry);
        await vault.write(seedName(entry.id), writeSeed(seed));
        cache.put(entry.id, seed);
        kept.set(entry.id, seed);
        ids.push(entry.id);
      }
      if (added.length > 0) index.set([...index.get(), ...added]);
    } catch (error) {
      await takeBack().catch(() => undefined);
      throw error;
    }
    present = new Set([...(present ?? []), ...added.map(({ id }) => id)]);
    onChange();
    return ids;
  };

  /** True time: the site's clock goes by it, not by ours. */
  const trueNow = () => now() - skew();

  return {
    list: () => visible().map((entry) => publicEntry(entry, present)),
    removed() {
      const entry = undo === null ? undefined : index.get().find(({ id }) => id === undo?.id);
      return undo === null || entry === undefined ? null : { id: undo.id, label: labelOf(entry), until: undo.until };
    },
    load: () => inTurn(loadAll),
    async show() {
      const before = present;
      const seeds = await cache.all();
      if (before !== present) onChange();
      return visible().flatMap((entry) => {
        const seed = seeds.get(entry.id);
        return seed === undefined || entry.period === null ? [] : [shownTotp(entry.id, seed, entry.period, trueNow(), skew())];
      });
    },
    next: (id) =>
      inTurn(async () => {
        const entry = need(id);
        if (entry.counter === null) throw new DoorstepError('ipc.refused');
        const seed = await seedOf(id);
        const counter = Math.max(entry.counter, seed.counter ?? 0);
        // A link may begin anywhere: a counter that cannot move on would make an index that cannot be read again.
        if (counter >= Number.MAX_SAFE_INTEGER) throw new DoorstepError('seed.malformed', { reason: 'counter' });
        // Both have the new counter before anyone sees the code of the old one: no crash shows a code twice.
        change(id, { counter: counter + 1 });
        try {
          const moved = { ...seed, counter: counter + 1 };
          await vault.write(seedName(id), writeSeed(moved));
          cache.put(id, moved);
        } catch (error) {
          // Nobody has seen the code: a keychain that stays away must not move the counter out of the site's reach.
          change(id, { counter });
          throw error;
        }
        const code = hotp(seed.key, counter, seed);
        lastTold.set(id, code);
        return { id, code, next: null, from: now(), until: null };
      }),
    async current(id) {
      const entry = need(id);
      if (entry.period !== null) return totp((await seedOf(id)).key, trueNow(), { ...entry, period: entry.period });
      const told = lastTold.get(id);
      if (told === undefined) throw new DoorstepError('ipc.refused');
      return told;
    },
    async seeds() {
      const seeds = await cache.all();
      return visible().flatMap((entry) => {
        const seed = seeds.get(entry.id);
        if (seed === undefined) return [];
        const counter = seed.counter === null ? null : Math.max(entry.counter ?? 0, seed.counter);
        return [{ entry: { ...entry, counter }, seed }];
      });
    },
    add: (seeds) => inTurn(() => addAll(seeds)),
    async find(seed) {
      const seeds = await cache.all();
      return visible().find(({ id }) => sameKey(seeds.get(id)?.key ?? new Uint8Array(), seed.key))?.id ?? null;
    },
    rename: (id, name) =>
      inTurn(async () => {
        need(id);
        change(id, { name: ownName(name) });
      }),
    move: (id, to) =>
      inTurn(async () => {
        const moved = need(id);
        const others = visible().filter((entry) => entry.id !== id);
        const order = [...others.slice(0, to), moved, ...others.slice(to)];
        const hidden = index.get().filter((entry) => !order.some((one) => one.id === entry.id));
        index.set([...order, ...hidden]);
        onChange();
      }),
    remove: (id) =>
      inTurn(async () => {
        need(id);
        await endUndo();
        const until = now() + UNDO;
        change(id, { removedAt: now() });
        undo = { id, until, timer: setTimeout(() => void inTurn(() => endUndo(id)), UNDO) };
        onChange();
        return until;
      }),
    restore: (id) =>
      inTurn(async () => {
        if (undo === null || undo.id !== id) throw new DoorstepError('ipc.refused');
        change(id, { removedAt: null });
        clearTimeout(undo.timer);
        undo = null;
        onChange();
      }),
    drop: (id) =>
      inTurn(async () => {
        change(id, { removedAt: now() });
        await purgeQuietly(id);
      }),
    prove: (id) =>
      inTurn(async () => {
        const owner = index.get().find((entry) => entry.id === id)?.owner ?? null;
        if (owner !== null) change(id, { owner: { ...owner, proved: true } });
      }),
    entries: () => index.get().filter(({ removedAt }) => removedAt === null),
    // In turn: what was read before the wipe must not be listed after it.
    clear: () =>
      inTurn(async () => {
        if (undo !== null) clearTimeout(undo.timer);
        undo = null;
        cache.forget();
        lastTold.clear();
        present = null;
        index.forget();
        onChange();
      }),
    stop: async () => {
      await inTurn(() => endUndo());
      cache.forget();
    },
  };
}
