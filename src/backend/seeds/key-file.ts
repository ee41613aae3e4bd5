/**
 * The file of the keys that seal seeds: outside the database, for this account alone. One key a line, the newest last:
 *
 *     doorstep-seed-key ID MADE KEY
 *
 * KEY is 256 random bits, base64url; MADE is when it was made (RFC 3339); ID follows from the key, so that a key that was
 * swapped for another one is noticed. A last line that begins with `doorstep-seed-key-next` is a key that opens already
 * and does not seal yet: it is brought to every machine first. The file is only ever replaced as a whole.
 */
import { createHmac, createSecretKey, type KeyObject, randomBytes } from 'node:crypto';
import {
  chmodSync,
  closeSync,
  fsyncSync,
  linkSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  statSync,
  unlinkSync,
  writeSync,
} from 'node:fs';
import { dirname } from 'node:path';
import { DoorstepError } from '../../contract/errors.ts';

export interface SeedKey {
  readonly id: string;
  readonly made: string;
  /** Made ready: from plain bytes, OpenSSL makes it anew for each seed, which takes longer than all the rest of opening one. */
  readonly key: KeyObject;
  /** Prepared: seals nothing yet. */
  readonly isNext: boolean;
}

const WORD = 'doorstep-seed-key';
const NEXT_WORD = 'doorstep-seed-key-next';
const LENGTH = 32;

export function newSeedKey(now: number, isNext = false): SeedKey {
  const key = createSecretKey(randomBytes(LENGTH));
  return { id: idOf(key), made: new Date(now).toISOString(), key, isNext };
}

function idOf(key: KeyObject): string {
  return createHmac('sha256', key).update('doorstep seed key').digest('base64url').slice(0, 11);
}

/** The keys, oldest first. Throws `code.seed-key-missing` with the reason: 'absent', 'unreadable', 'open-to-others', 'malformed'. */
export function readKeyFile(file: string): readonly SeedKey[] {
  let text: string;
  try {
    // On Windows the mode says nothing; there the folder's own access list keeps others out.
    if (process.platform !== 'win32' && (statSync(file).mode & 0o077) !== 0) throw missing(file, 'open-to-others');
    text = readFileSync(file, 'utf8');
  } catch (error) {
    if (error instanceof DoorstepError) throw error;
    throw missing(file, (error as NodeJS.ErrnoException).code === 'ENOENT' ? 'absent' : 'unreadable');
  }
  const keys = text.split('\n').flatMap((line) => (line.trim() === '' ? [] : [readLine(file, line)]));
  if (!keys.some(({ isNext }) => !isNext)) throw missing(file, 'malformed');
  return keys;
}

function readLine(file: string, line: string): SeedKey {
  const [word, id = '', made = '', text = ''] = line.trim().split(/\s+/);
  const key = createSecretKey(Buffer.from(text, 'base64url'));
  const isOfForm = (word === WORD || word === NEXT_WORD) && key.symmetricKeySize === LENGTH && !Number.isNaN(Date.parse(made));
  if (!isOfForm || id !== idOf(key)) throw missing(file, 'malformed');
  return { id, made, key, isNext: word === NEXT_WORD };
}

function lineOf({ id, made, key, isNext }: SeedKey): string {
  return `${isNext ? NEXT_WORD : WORD} ${id} ${made} ${key.export().toString('base64url')}\n`;
}

function missing(file: string, reason: string): DoorstepError {
  return new DoorstepError('code.seed-key-missing', { file, reason });
}

/** Makes the file with one key, unless there is one: of several processes that start together, one makes it. */
export function makeKeyFile(file: string, now: number): void {
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  const draft = writeDraft(file, [newSeedKey(now)]);
  try {
    linkSync(draft, file);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  } finally {
    unlinkSync(draft);
  }
  syncFolder(file);
}

/** Replaces the file at once and durably. */
export function writeKeyFile(file: string, keys: readonly SeedKey[]): void {
  renameSync(writeDraft(file, keys), file);
  syncFolder(file);
}

function writeDraft(file: string, keys: readonly SeedKey[]): string {
  const draft = `${file}.${process.pid}.${randomBytes(4).toString('hex')}`;
  const descriptor = openSync(draft, 'wx', 0o600);
  try {
    writeSync(descriptor, keys.map(lineOf).join(''));
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
  chmodSync(draft, 0o600);
  return draft;
}

function syncFolder(file: string): void {
  if (process.platform === 'win32') return;
  const folder = openSync(dirname(file), 'r');
  try {
    fsyncSync(folder);
  } finally {
    closeSync(folder);
  }
}
