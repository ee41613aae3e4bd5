/** Seals seeds with AES-256-GCM (NIST SP 800-38D): 96 random bits of nonce, and the seed's own id bound in. */
import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { statSync } from 'node:fs';
import { DoorstepError } from '../../contract/errors.ts';
import type { SealedSeed } from '../domain/codes/model.ts';
import type { SeedVault } from '../domain/codes/seeds.ts';
import { readKeyFile, type SeedKey } from './key-file.ts';

const CIPHER = 'aes-256-gcm';
const NONCE = 12;
const TAG = 16;

/** Keeps the keys of one file; takes up keys that are added while it runs. */
export class FileSeedVault implements SeedVault {
  readonly #file: string;
  #keys: readonly SeedKey[] = [];
  /** Every key that the file has ever had while this process ran: a file that was swapped by mistake stops nobody. */
  readonly #known = new Map<string, SeedKey>();
  #state = '';

  /** Throws `code.seed-key-missing`. */
  constructor(file: string) {
    this.#file = file;
    this.#read();
  }

  /** The one that seals. */
  get newest(): SeedKey {
    const key = this.#keys.findLast(({ isNext }) => !isNext);
    if (key === undefined) throw new DoorstepError('code.seed-key-missing', { file: this.#file, reason: 'malformed' });
    return key;
  }

  has(id: string): boolean {
    return this.#keys.some((key) => key.id === id);
  }

  seal(seed: Uint8Array, id: string): SealedSeed {
    // Seals are rare, and must be made with the key that a rotation has just added.
    if (this.#hasChanged()) this.#read();
    const { key, id: seedKeyId } = this.newest;
    const nonce = randomBytes(NONCE);
    const cipher = createCipheriv(CIPHER, key, nonce, { authTagLength: TAG }).setAAD(boundTo(seedKeyId, id));
    const sealed = Buffer.concat([nonce, cipher.update(seed), cipher.final(), cipher.getAuthTag()]);
    return { sealed: sealed.toString('base64url'), seedKeyId };
  }

  open({ sealed, seedKeyId }: SealedSeed, id: string): Uint8Array {
    const bytes = Buffer.from(sealed, 'base64url');
    const key = this.#find(seedKeyId);
    try {
      const decipher = createDecipheriv(CIPHER, key.key, bytes.subarray(0, NONCE), { authTagLength: TAG });
      decipher.setAAD(boundTo(seedKeyId, id)).setAuthTag(bytes.subarray(bytes.length - TAG));
      return Buffer.concat([decipher.update(bytes.subarray(NONCE, bytes.length - TAG)), decipher.final()]);
    } catch {
      // Changed in the database, or moved to another row.
      throw new DoorstepError('code.seed-key-missing', { file: this.#file, reason: 'does-not-open' });
    }
  }

  #find(id: string): SeedKey {
    const known = this.#known.get(id);
    if (known !== undefined) return known;
    this.#read();
    const added = this.#known.get(id);
    if (added === undefined) throw new DoorstepError('code.seed-key-missing', { file: this.#file, reason: 'key-absent', key: id });
    return added;
  }

  #read(): void {
    const state = this.#look();
    this.#keys = readKeyFile(this.#file);
    for (const key of this.#keys) this.#known.set(key.id, key);
    this.#state = state;
  }

  #hasChanged(): boolean {
    return this.#look() !== this.#state;
  }

  #look(): string {
    const { mtimeMs, size, ino } = statSync(this.#file, { throwIfNoEntry: false }) ?? { mtimeMs: 0, size: 0, ino: 0 };
    return `${mtimeMs} ${size} ${ino}`;
  }
}

function boundTo(keyId: string, id: string): Buffer {
  return Buffer.from(`doorstep seed\n${keyId}\n${id}`);
}
