/** The room of codes: what stands behind its channels, and what others of the main process may ask of it. */
import { join } from 'node:path';
import { DoorstepError } from '../../contract/errors.ts';
import type { AppState } from '../../contract/ipc.ts';
import { decodeBase32 } from '../../oath/base32.ts';
import { checkKey, type Seed, shownName } from '../../oath/seed.ts';
import type { Log } from '../app/log.ts';
import type { StateStore } from '../app/state-store.ts';
import type { Commands } from '../ipc/door.ts';
import type { Sync } from '../sync/sync.ts';
import type { Vault } from '../vault/vault.ts';
import { createClippedCode, type TextClipboard } from './clipped-code.ts';
import { openCodeIndex } from './code-index.ts';
import { readSource, type Surroundings } from './code-sources.ts';
import { createCodeStore } from './code-store.ts';
import { createDrafts } from './drafts.ts';
import { createExportGuard } from './export-guard.ts';
import { createExports } from './exports.ts';
import { createOwnCodes } from './own-code.ts';
import type { PictureReader } from './pictures/picture-reader.ts';

type CodeChannel = Extract<keyof Commands, `code.${string}` | `guard.${string}`>;
export type CodeCommands = Pick<Commands, CodeChannel>;

export interface Codes {
  readonly commands: CodeCommands;
  /** Puts a code on the clipboard. Rejects with seed.gone, keychain.*. @returns when it is taken off, ms since 1970 */
  copy(id: string): Promise<{ clearedAt: number }>;
  /** Must hear each state of the app. */
  follow(state: AppState): void;
  /** Whether codes may be on the screen now: then the window is kept out of pictures of the screen. */
  areShown(): boolean;
  /**
   * Forgets codes, when this computer was removed: 'own' those of the Doorstep account, 'everything' all, the guard of
   * exports too. Rejects with keychain.* or file.unwritable where something of them may still be there.
   */
  forget(which: 'own' | 'everything'): Promise<void>;
  stop(): Promise<void>;
}

export interface CodesOptions {
  /** The app's private folder. */
  readonly folder: string;
  readonly store: StateStore;
  readonly vault: Vault;
  readonly sync: Pick<Sync, 'call' | 'refresh' | 'change'>;
  readonly log: Log;
  readonly pictures: PictureReader;
  readonly around: Surroundings;
  readonly clipboard: TextClipboard;
  /** Paths that the person chose, or null. */
  readonly files: { chooseNewExport(): Promise<string | null>; chooseExport(): Promise<string | null> };
  /** Resolves when the person has touched one of their enrolled keys. */
  readonly touch: () => Promise<void>;
  /** Called where the answer of `areShown` may have changed. */
  readonly onShown: () => void;
  readonly now?: () => number;
}

/** A difference of clocks that is no more than the way of measuring it, seconds. */
const NO_SKEW = 1;
/** A window that went elsewhere asks no more; its codes count as shown until they have ended, and at least so long. */
const AFTERGLOW = 5_000;
/** At the end of the app the keychain may not hold up the others. */
const LAST_WORDS = 3_000;

export function createCodes(options: CodesOptions): Codes {
  const { folder, store, vault, sync, log, pictures, around, now = Date.now } = options;
  let shownUntil = 0;
  let shownTimer: NodeJS.Timeout | undefined;
  let keychain: AppState['keychain'] = 'checking';

  const skew = () => {
    const seconds = store.get().clockSkew ?? 0;
    return Math.abs(seconds) > NO_SKEW ? seconds * 1000 : 0;
  };
  const index = openCodeIndex(join(folder, 'codes.json'), () => log.warn('codes.index-broken'));
  const tell = () => store.change({ codes: codes.list(), removedCode: codes.removed() });
  const codes = createCodeStore({ index, vault, log, onChange: () => tell(), skew, now });
  // What was found can be looked at also while the keychain is away; what is a duplicate shows when it is kept.
  const drafts = createDrafts(async (seed) => (vault.state() === 'ready' ? codes.find(seed).catch(() => null) : null));
  const clipped = createClippedCode(options.clipboard, now);
  const guard = createExportGuard({ vault, touch: options.touch, onChange: (exportGuard) => store.change({ exportGuard }), now });
  const exports = createExports({
    codes,
    guard,
    chooseNewFile: options.files.chooseNewExport,
    chooseFile: options.files.chooseExport,
    now,
  });
  const own = createOwnCodes({ codes, sync, store, log, trueNow: () => now() - skew() });
  tell();

  const wereShown = (until: number) => {
    shownUntil = Math.max(shownUntil, until);
    clearTimeout(shownTimer);
    shownTimer = setTimeout(options.onShown, Math.max(0, shownUntil - now()) + 1);
    shownTimer.unref();
    options.onShown();
  };

  const load = async () => {
    try {
      await codes.load();
      await guard.kind();
    } catch (error) {
      log.warn('codes.not-loaded', { code: error instanceof DoorstepError ? error.code : 'internal' });
    }
  };

  const copy = async (id: string) => ({ clearedAt: await clipped.put(await codes.current(id)) });

  const done = async (work: Promise<unknown>): Promise<null> => {
    await work;
    return null;
  };

  const commands: CodeCommands = {
    'code.show': async () => {
      const shown = await codes.show();
      wereShown(Math.max(now() + AFTERGLOW, ...shown.map(({ until }) => until ?? 0)));
      return shown;
    },
    'code.next': async ({ id }) => {
      const shown = await codes.next(id);
      wereShown(now() + 60_000);
      return shown;
    },
    'code.copy': ({ id }) => copy(id),
    'code.read': async ({ source, draftId }) => {
      const texts = await readSource(source, around, pictures);
      return texts === null ? null : drafts.read(texts, draftId);
    },
    'code.keep': async ({ draftId, indexes }) => {
      const ids = await codes.add(drafts.take(draftId, indexes).map((seed) => ({ seed })));
      // Not before they are kept: a keychain that was locked is unlocked, and then the person says yes again.
      drafts.drop(draftId);
      return { ids };
    },
    'code.drop': async ({ draftId }) => {
      drafts.drop(draftId);
      return null;
    },
    'code.type': async ({ kind, issuer, account, secret, algorithm, digits, period, counter }) => {
      const named = { issuer: shownName(issuer), account: shownName(account), key: checkKey(decodeBase32(secret)), algorithm, digits };
      const seed: Seed = kind === 'totp' ? { kind, ...named, period, counter: null } : { kind, ...named, period: null, counter };
      if ((await codes.find(seed)) !== null) throw new DoorstepError('seed.duplicate');
      const [id] = await codes.add([{ seed }]);
      if (id === undefined) throw new TypeError('each seed that is kept has an id');
      return { id };
    },
    'code.rename': ({ id, name }) => done(codes.rename(id, name)),
    'code.move': ({ id, to }) => done(codes.move(id, to)),
    'code.remove': async ({ id }) => ({ until: (await own.remove(id)) ? now() : await codes.remove(id) }),
    'code.restore': ({ id }) => done(codes.restore(id)),
    'code.enroll-own': ({ name }) => own.enroll(name),
    'code.export': ({ passphrase, pin }) => exports.write(passphrase, pin),
    'code.import': ({ passphrase }) => exports.read(passphrase),
    'guard.set-pin': ({ pin, current }) => done(guard.setPin(pin, current)),
    'guard.use-key': ({ current }) => done(guard.useKey(current)),
  };

  return {
    commands,
    copy,
    follow(state) {
      if (state.keychain !== keychain) {
        keychain = state.keychain;
        if (keychain === 'ready') void load();
      }
      own.follow(state);
    },
    areShown: () => now() < shownUntil,
    async forget(which) {
      drafts.clear();
      await clipped.stop();
      if (which === 'everything') {
        await vault.wipe('codes');
        await codes.clear();
        store.change({ exportGuard: 'none' });
        return;
      }
      for (const { id, owner } of codes.entries()) if (owner !== null) await codes.drop(id);
    },
    async stop() {
      await clipped.stop();
      drafts.clear();
      pictures.stop();
      clearTimeout(shownTimer);
      let timer: NodeJS.Timeout | undefined;
      const late = new Promise<void>((resolve) => {
        timer = setTimeout(resolve, LAST_WORDS);
      });
      await Promise.race([codes.stop(), late]);
      clearTimeout(timer);
    },
  };
}
