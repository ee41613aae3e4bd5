/** A store of codes over a keychain in memory and a real folder, which both survive "a restart". */
import { mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createLog } from '../../../../src/main/app/log.ts';
import { openCodeIndex } from '../../../../src/main/codes/code-index.ts';
import { type CodeStore, createCodeStore } from '../../../../src/main/codes/code-store.ts';
import { type Keychain, KeychainError } from '../../../../src/main/vault/keychain.ts';
import { createVault, type Vault } from '../../../../src/main/vault/vault.ts';
import type { Seed } from '../../../../src/oath/seed.ts';

export type Mood = 'open' | 'absent' | 'locked' | 'failed';

export class World {
  readonly folder = mkdtempSync(join(tmpdir(), 'doorstep-codes-'));
  readonly file = join(this.folder, 'codes.json');
  readonly entries = new Map<string, string>();
  readonly logged: string[] = [];
  mood: Mood = 'open';
  /** Called before each operation of the keychain: a power cut throws here. */
  before: (act: string, account: string) => void = () => undefined;
  skew = 0;
  now = 1_800_000_000_000;
  changes = 0;
  vault: Vault = this.openVault();
  codes: CodeStore = this.start();

  /** A start of the app with what the keychain and the folder hold. */
  start(): CodeStore {
    this.vault = this.openVault();
    this.codes = createCodeStore({
      index: openCodeIndex(this.file, () => this.logged.push('index broken')),
      vault: this.vault,
      log: createLog((line) => this.logged.push(line)),
      onChange: () => {
        this.changes += 1;
      },
      skew: () => this.skew,
      now: () => this.now,
    });
    return this.codes;
  }

  titles(): string[] {
    return this.codes.list().map(({ issuer }) => issuer);
  }

  /** The draft of the index is written to a device that is always full. */
  fillDisk(): void {
    symlinkSync('/dev/full', `${this.file}.new`);
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }

  private openVault(): Vault {
    const gate = (act: string, account: string) => {
      this.before(act, account);
      if (this.mood === 'absent') throw new KeychainError('absent', 'because');
      if (this.mood === 'failed') throw new KeychainError('failed', 'because');
    };
    // As libsecret does: a locked keychain says "no such entry" to a read.
    const keychain: Keychain = {
      get: async (account) => {
        gate('get', account);
        return this.mood === 'locked' ? null : (this.entries.get(account) ?? null);
      },
      set: async (account, secret) => {
        gate('set', account);
        if (this.mood === 'locked') throw new KeychainError('refused', 'because');
        this.entries.set(account, secret);
      },
      remove: async (account) => {
        gate('remove', account);
        if (this.mood !== 'locked') this.entries.delete(account);
      },
      list: async (beginning) => {
        gate('list', beginning);
        if (this.mood === 'locked') return [];
        return [...this.entries].filter(([account]) => account.startsWith(beginning)).map(([account, secret]) => ({ account, secret }));
      },
    };
    const log = createLog((line) => this.logged.push(line));
    return createVault({ keychain, installation: 'one', log, onState: () => undefined, onLateUnlock: () => undefined });
  }
}

let made = 0;

/** A fresh TOTP seed, each with a key of its own. */
export function totpSeed(members: Partial<Seed> = {}): Seed {
  made += 1;
  const key = Buffer.alloc(20, 0x20);
  key.writeUInt32BE(made);
  return {
    kind: 'totp',
    issuer: `Site ${made}`,
    account: 'alice',
    key,
    algorithm: 'SHA1',
    digits: 6,
    period: 30,
    counter: null,
    ...members,
  };
}

export function hotpSeed(members: Partial<Seed> = {}): Seed {
  return totpSeed({ kind: 'hotp', period: null, counter: 0, ...members });
}
