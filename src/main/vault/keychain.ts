/** The operating system's keychain, through a process of its own that is replaced when it is of no use any more. */
import type { KeychainAct, KeychainAnswer, KeychainCall, KeychainEntry, KeychainFault } from './keychain-process.ts';

/** One entry a secret. `account` tells the entries apart. */
export interface Keychain {
  get(account: string): Promise<string | null>;
  set(account: string, secret: string): Promise<void>;
  remove(account: string): Promise<void>;
  /** Every entry whose account begins so, with its secret. */
  list(beginning: string): Promise<readonly KeychainEntry[]>;
}

type Said = Extract<KeychainAnswer, { readonly ok: true }>;

export class KeychainError extends Error {
  override readonly name = 'KeychainError';
  readonly fault: KeychainFault;
  /** How long the keychain took to fail, milliseconds: a refusal after a moment was a person's. */
  readonly elapsed: number;
  /** `reason` is the library's own text. */
  constructor(fault: KeychainFault, reason: string, elapsed = 0) {
    super(reason);
    this.fault = fault;
    this.elapsed = elapsed;
  }
}

/** One run of the keychain's process. */
export interface KeychainChild {
  post(call: KeychainCall): void;
  onAnswer(listener: (answer: KeychainAnswer) => void): void;
  onExit(listener: () => void): void;
  kill(): void;
}

export interface SystemKeychain extends Keychain {
  stop(): void;
}

/** A process that nobody has asked anything for so long, milliseconds, is ended: it holds tens of megabytes. */
const IDLE = 20_000;

/**
 * A keychain over processes that `start` makes: the first with the first call, another after one has ended or was idle,
 * and after a failure that is no refusal, because that may come from a conversation that cannot be mended: the service was
 * killed, or restarted. A call that failed so is made once more, in the new process; each does the same when done twice.
 */
export function openSystemKeychain(start: () => KeychainChild, idle = IDLE): SystemKeychain {
  const waiting = new Map<number, { readonly resolve: (said: Said) => void; readonly reject: (error: KeychainError) => void }>();
  let child: KeychainChild | null = null;
  let nextId = 1;
  let rest: NodeJS.Timeout | undefined;
  let stopped = false;

  const giveUp = (gone: KeychainChild, reason: string) => {
    if (child !== gone) return;
    child = null;
    clearTimeout(rest);
    for (const call of waiting.values()) call.reject(new KeychainError('failed', reason));
    waiting.clear();
  };

  const running = (): KeychainChild => {
    if (child !== null) return child;
    const made = start();
    child = made;
    made.onExit(() => giveUp(made, 'the process of the keychain ended'));
    made.onAnswer((answer) => {
      const call = waiting.get(answer.id);
      if (child !== made || call === undefined) return;
      waiting.delete(answer.id);
      if (waiting.size === 0) {
        rest = setTimeout(() => {
          giveUp(made, 'the process of the keychain was idle');
          made.kill();
        }, idle);
      }
      if (answer.ok) {
        call.resolve(answer);
        return;
      }
      call.reject(new KeychainError(answer.fault, answer.reason, answer.elapsed));
      if (answer.fault === 'refused') return;
      giveUp(made, answer.reason);
      made.kill();
    });
    return made;
  };

  const callOnce = (act: KeychainAct, account: string, secret: string | null) =>
    new Promise<Said>((resolve, reject) => {
      const id = nextId++;
      clearTimeout(rest);
      waiting.set(id, { resolve, reject });
      running().post({ id, act, account, secret });
    });

  const call = (act: KeychainAct, account: string, secret: string | null = null) =>
    callOnce(act, account, secret).catch((error: unknown) => {
      if (stopped || !(error instanceof KeychainError) || error.fault !== 'failed') throw error;
      return callOnce(act, account, secret);
    });

  return {
    get: async (account) => (await call('get', account)).secret,
    set: async (account, secret) => void (await call('set', account, secret)),
    remove: async (account) => void (await call('remove', account)),
    list: async (beginning) => (await call('list', beginning)).entries,
    stop() {
      stopped = true;
      const last = child;
      if (last === null) return;
      giveUp(last, 'the app is ending');
      last.kill();
    },
  };
}
