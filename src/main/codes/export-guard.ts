/**
 * What must be shown before codes leave the keychain: a PIN, or a touched key. The PIN is kept as an scrypt hash in the
 * keychain, beside the count of wrong tries: a try is counted, for good, before it is looked at, so that neither a crash
 * nor a restart gives another one.
 */
import { randomBytes, scrypt, timingSafeEqual } from 'node:crypto';
import { DoorstepError } from '../../contract/errors.ts';
import type { AppState } from '../../contract/ipc.ts';
import type { Vault } from '../vault/vault.ts';

export type GuardKind = AppState['exportGuard'];

export interface ExportGuard {
  /** Rejects with keychain.*. */
  kind(): Promise<GuardKind>;
  /**
   * Passes where what guards was shown. Rejects with guard.not-set, guard.wrong (a missing PIN too), guard.waiting with
   * `retryAfterSeconds`, what `touch` rejects with, or keychain.*.
   */
  pass(pin: string | undefined): Promise<void>;
  /** Sets the PIN; what guards now must be shown first. Rejects like `pass`. */
  setPin(pin: string, current: string | undefined): Promise<void>;
  /** Lets a touched key guard from now on; what guards now must be shown first, and the key once. Rejects like `pass`. */
  useKey(current: string | undefined): Promise<void>;
}

export interface ExportGuardOptions {
  readonly vault: Vault;
  /** Resolves when the person has touched one of their enrolled keys. */
  readonly touch: () => Promise<void>;
  readonly onChange: (kind: GuardKind) => void;
  readonly now?: () => number;
}

type Kept =
  | { readonly kind: 'none' }
  | { readonly kind: 'key' }
  | { readonly kind: 'pin'; readonly salt: string; readonly hash: string; readonly tries: number; readonly triedAt: number };

const NONE: Kept = { kind: 'none' };
/** 32 MiB, about 0.1 s: long enough for each of the tries that the waits allow. */
const COST = { N: 2 ** 15, r: 8, p: 1, maxmem: 2 ** 26 } as const;
const FREE_TRIES = 3;
const FIRST_WAIT = 30_000;
const LONGEST_WAIT = 3_600_000;

export function createExportGuard({ vault, touch, onChange, now = Date.now }: ExportGuardOptions): ExportGuard {
  let queue: Promise<unknown> = Promise.resolve();
  const inTurn = <T>(act: () => Promise<T>): Promise<T> => {
    const run = queue.then(act, act);
    queue = run.catch(() => undefined);
    return run;
  };

  const read = async (): Promise<Kept> => {
    const kept = parse(await vault.read('export-guard'));
    onChange(kept.kind);
    return kept;
  };
  const write = async (kept: Kept) => {
    await vault.write('export-guard', JSON.stringify(kept));
    onChange(kept.kind);
  };

  const checkPin = async (kept: Extract<Kept, { readonly kind: 'pin' }>, pin: string) => {
    const at = now();
    // A clock that was set back counts from where it is now: the wait begins again, it does not last for years.
    const since = at < kept.triedAt ? 0 : at - kept.triedAt;
    const left = waitAfter(kept.tries) - since;
    if (left > 0) {
      if (at < kept.triedAt) await write({ ...kept, triedAt: at });
      throw new DoorstepError('guard.waiting', { retryAfterSeconds: Math.ceil(left / 1000) });
    }
    await write({ ...kept, tries: kept.tries + 1, triedAt: at });
    if (!timingSafeEqual(Buffer.from(kept.hash, 'base64'), await hashOf(pin, Buffer.from(kept.salt, 'base64')))) {
      const wait = waitAfter(kept.tries + 1);
      throw new DoorstepError('guard.wrong', wait === 0 ? {} : { retryAfterSeconds: wait / 1000 });
    }
    await write({ ...kept, tries: 0, triedAt: at });
  };

  const check = async (kept: Kept, pin: string | undefined) => {
    switch (kept.kind) {
      case 'none':
        return;
      case 'key':
        await touch();
        return;
      case 'pin':
        if (pin === undefined) throw new DoorstepError('guard.wrong');
        await checkPin(kept, pin);
    }
  };

  return {
    kind: () => inTurn(async () => (await read()).kind),
    pass: (pin) =>
      inTurn(async () => {
        const kept = await read();
        if (kept.kind === 'none') throw new DoorstepError('guard.not-set');
        await check(kept, pin);
      }),
    setPin: (pin, current) =>
      inTurn(async () => {
        await check(await read(), current);
        const salt = randomBytes(16);
        const hash = await hashOf(pin, salt);
        await write({ kind: 'pin', salt: salt.toString('base64'), hash: hash.toString('base64'), tries: 0, triedAt: now() });
      }),
    useKey: (current) =>
      inTurn(async () => {
        const kept = await read();
        await check(kept, current);
        // Who has no key that works must not lock themselves out.
        if (kept.kind !== 'key') await touch();
        await write({ kind: 'key' });
      }),
  };
}

/** Milliseconds to wait after so many wrong tries in a row: none for three, then 30 s, doubled each time, an hour at most. */
export function waitAfter(tries: number): number {
  return tries < FREE_TRIES ? 0 : Math.min(LONGEST_WAIT, FIRST_WAIT * 2 ** (tries - FREE_TRIES));
}

function hashOf(pin: string, salt: Buffer): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    scrypt(pin.normalize('NFKC'), salt, 32, COST, (error, hash) => (error === null ? resolve(hash) : reject(error)));
  });
}

/** An entry that cannot be understood guards all the same: nobody has the PIN of it. */
function parse(text: string | null): Kept {
  if (text === null) return NONE;
  const broken: Kept = { kind: 'pin', salt: '', hash: Buffer.alloc(32).toString('base64'), tries: FREE_TRIES, triedAt: 0 };
  try {
    const kept: unknown = JSON.parse(text);
    if (typeof kept !== 'object' || kept === null) return broken;
    const { kind, salt, hash, tries, triedAt } = kept as Readonly<Record<string, unknown>>;
    if (kind === 'none' || kind === 'key') return { kind };
    if (typeof salt !== 'string' || typeof hash !== 'string' || Buffer.from(hash, 'base64').length !== 32) return broken;
    if (!Number.isSafeInteger(tries) || !Number.isSafeInteger(triedAt)) return broken;
    return { kind: 'pin', salt, hash, tries: Math.max(0, tries as number), triedAt: Math.max(0, triedAt as number) };
  } catch {
    return broken;
  }
}
