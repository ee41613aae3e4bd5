/**
 * The app's secrets, one keychain entry each, behind deadlines. The keychain's silence is not believed: a
 * locked Secret Service answers "no such entry" to a read and "nothing deleted" to a delete, so every read
 * and every wipe is preceded by a probe that writes, reads back and deletes an entry of its own.
 */
import { randomBytes } from 'node:crypto';
import { DoorstepError } from '../../contract/errors.ts';
import type { KeychainState } from '../../contract/ipc.ts';
import type { Log } from '../app/log.ts';
import { type Keychain, KeychainError } from './keychain.ts';

/**
 * `device` is the key of this computer, with the pairing that it is good for; `export-guard` is what must be shown before
 * codes are exported; each seed has an entry of its own.
 */
export type SecretName = 'device' | 'export-guard' | SeedName;
export type SeedName = `${typeof SEEDS}${string}`;
export const SEEDS = 'seed/';

export interface Vault {
  state(): KeychainState;
  /** Probes the keychain. Never rejects: the answer is the state. Also what "Try again" does. */
  open(): Promise<KeychainState>;
  /** The secret, or null where there is none. Rejects with keychain.*. */
  read(name: SecretName): Promise<string | null>;
  /** Rejects with keychain.*; then nothing was stored, or the keychain finished late what it had been asked. */
  write(name: SecretName, secret: string): Promise<void>;
  /** Every seed of this installation, by its name. Rejects with keychain.*. */
  seeds(): Promise<ReadonlyMap<SeedName, string>>;
  /** Deletes one secret; it need not be there. Rejects with keychain.* if it may still be. */
  remove(name: SecretName): Promise<void>;
  /**
   * Deletes secrets of this installation: 'codes' every seed and the guard of exports, 'pairing' the key of this computer.
   * That goes last of all that is to be forgotten here: while it is there, whoever was cut short knows that there is more.
   * Rejects with keychain.* if they may still be there.
   */
  wipe(which: 'codes' | 'pairing'): Promise<void>;
}

export interface VaultOptions {
  readonly keychain: Keychain;
  /** Random name that keeps the entries of two data folders apart. */
  readonly installation: string;
  readonly log: Log;
  readonly onState: (state: KeychainState) => void;
  /** Called when a probe that had run into its deadline succeeds after all: the person typed the password late. */
  readonly onLateUnlock: () => void;
  /** How long an operation may take, milliseconds. */
  readonly deadline?: number;
}

const DEADLINE = 10_000;
/** A refusal that comes faster than a person can close a dialog means that there was no dialog. */
const NO_DIALOG_WITHIN = 700;

export function createVault(options: VaultOptions): Vault {
  const { keychain, installation, log, onState, onLateUnlock, deadline = DEADLINE } = options;
  const account = (name: string) => `${installation}/${name}`;
  let state: KeychainState = 'checking';
  let queue: Promise<unknown> = Promise.resolve();
  let lateProbe: Promise<void> | null = null;

  const become = (next: KeychainState) => {
    if (state === next) return;
    log.info('keychain.state', { from: state, to: next });
    state = next;
    onState(next);
  };

  /** Ends with the work, or with 'locked' at the deadline: with a locked keychain the call waits for its dialog. */
  const limited = async <T>(work: Promise<T>): Promise<T> => {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_resolve, reject) => {
      timer = setTimeout(() => reject(new DoorstepError('keychain.locked', { seconds: deadline / 1000 })), deadline);
    });
    try {
      return await Promise.race([work, late]);
    } finally {
      clearTimeout(timer);
    }
  };

  const probeEntry = async () => {
    const mark = randomBytes(16).toString('base64url');
    await keychain.set(account('probe'), mark);
    const back = await keychain.get(account('probe'));
    if (back !== mark) throw new KeychainError('failed', 'the entry is not as it was written');
    await keychain.remove(account('probe'));
  };

  const named = (error: unknown): DoorstepError => {
    if (error instanceof DoorstepError) return error;
    if (!(error instanceof KeychainError)) return new DoorstepError('keychain.failed', {}, { cause: error });
    switch (error.fault) {
      case 'absent':
        return new DoorstepError('keychain.absent', {}, { cause: error });
      case 'refused':
        return new DoorstepError(error.elapsed < NO_DIALOG_WITHIN ? 'keychain.locked' : 'keychain.dismissed', {}, { cause: error });
      case 'failed':
        return new DoorstepError('keychain.failed', {}, { cause: error });
    }
  };

  const probe = async (): Promise<void> => {
    // The call of an earlier probe that still waits for its dialog is joined: a second one would queue a second dialog.
    const work = lateProbe ?? probeEntry();
    lateProbe = work;
    try {
      await limited(work);
      lateProbe = null;
      become('ready');
    } catch (error) {
      const failure = named(error);
      if (failure.code === 'keychain.locked' && error instanceof DoorstepError) {
        work.then(
          () => {
            if (lateProbe !== work) return;
            lateProbe = null;
            become('ready');
            onLateUnlock();
          },
          (late: unknown) => {
            if (lateProbe !== work) return;
            lateProbe = null;
            become(stateOf(named(late)));
          },
        );
      } else {
        lateProbe = null;
      }
      log.warn('keychain.probe-failed', { code: failure.code, reason: reasonOf(failure) });
      become(stateOf(failure));
      throw failure;
    }
  };

  /** Operations one after another: two at once would ask the person for the same password twice. */
  const inTurn = <T>(act: () => Promise<T>): Promise<T> => {
    const run = queue.then(act, act);
    queue = run.catch(() => undefined);
    return run;
  };

  const guarded = <T>(act: () => Promise<T>): Promise<T> =>
    inTurn(async () => {
      await probe();
      try {
        return await limited(act());
      } catch (error) {
        const failure = named(error);
        log.warn('keychain.failed', { code: failure.code, reason: reasonOf(failure) });
        become(stateOf(failure));
        throw failure;
      }
    });

  const seedNames = async (): Promise<ReadonlyMap<SeedName, string>> => {
    const found = await keychain.list(account(SEEDS));
    return new Map(found.map((entry) => [`${SEEDS}${entry.account.slice(account(SEEDS).length)}`, entry.secret] as const));
  };

  const removeSurely = async (names: readonly SecretName[]) => {
    for (const name of names) await keychain.remove(account(name));
    for (const name of names) {
      if ((await keychain.get(account(name))) !== null) throw new KeychainError('failed', 'the entry is not as it was written');
    }
  };

  return {
    state: () => state,
    open: () =>
      inTurn(probe).then(
        () => state,
        () => state,
      ),
    read: (name) => guarded(() => keychain.get(account(name))),
    write: (name, secret) =>
      guarded(async () => {
        await keychain.set(account(name), secret);
        if ((await keychain.get(account(name))) !== secret) throw new KeychainError('failed', 'the entry is not as it was written');
      }),
    seeds: () => guarded(seedNames),
    remove: (name) => guarded(() => removeSurely([name])),
    wipe: (which) => guarded(async () => removeSurely(which === 'codes' ? [...(await seedNames()).keys(), 'export-guard'] : ['device'])),
  };
}

function stateOf(failure: DoorstepError): KeychainState {
  switch (failure.code) {
    case 'keychain.absent':
      return 'absent';
    case 'keychain.locked':
      return 'locked';
    case 'keychain.dismissed':
      return 'dismissed';
    default:
      return 'failed';
  }
}

/** The library's own words, for the log: they name services and collections, never a secret. */
function reasonOf(failure: DoorstepError): string {
  return failure.cause instanceof Error ? failure.cause.message : failure.code;
}
