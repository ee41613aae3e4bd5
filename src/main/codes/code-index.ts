/**
 * What the app keeps of its codes in a plain file: order, names, forms and counters, no secret. Each change is on the
 * disk before anyone is told of it, so that a counter that was shown is never forgotten.
 */
import { existsSync, readFileSync, renameSync } from 'node:fs';
import type { CodeAlgorithm } from '../../contract/http/shapes.ts';
import type { Digits } from '../../oath/form.ts';
import { removeDurably, writeDurably } from '../app/durable-file.ts';

/** A code of the person's own Doorstep account. */
export interface CodeOwner {
  readonly person: string;
  readonly authenticatorId: string;
  /** Whether the backend is known to have taken one code. Until then it is no code to show. */
  readonly proved: boolean;
}

export interface IndexEntry {
  readonly id: string;
  readonly kind: 'totp' | 'hotp';
  readonly issuer: string;
  readonly account: string;
  readonly name: string;
  readonly algorithm: CodeAlgorithm;
  readonly digits: Digits;
  /** Seconds; null for HOTP. */
  readonly period: number | null;
  /** The next counter; null for TOTP. */
  readonly counter: number | null;
  readonly owner: CodeOwner | null;
  /** When the person removed it, ms since 1970; its seed is still to go. */
  readonly removedAt: number | null;
}

export interface CodeIndex {
  get(): readonly IndexEntry[];
  /** Replaces all. @throws DoorstepError disk.full, file.unwritable; then nothing has changed */
  set(entries: readonly IndexEntry[]): void;
  /** Removes the index, and one that was put aside: both say whose customer the person is. @throws DoorstepError file.unwritable */
  forget(): void;
}

const VERSION = 1;

/**
 * Opens the index. A file that cannot be understood is put aside under another name, never overwritten; what it listed is
 * found again in the keychain. `onBroken` is told of it.
 */
export function openCodeIndex(file: string, onBroken: () => void): CodeIndex {
  const broken = `${file}.broken`;
  let entries: readonly IndexEntry[] = [];
  if (existsSync(file)) {
    const read = parseIndex(readFileSync(file, 'utf8'));
    if (read === null) {
      onBroken();
      renameSync(file, broken);
    } else {
      entries = read;
    }
  }
  return {
    get: () => entries,
    set(next) {
      writeDurably(file, `${JSON.stringify({ version: VERSION, codes: next }, null, 1)}\n`);
      entries = next;
    },
    forget() {
      for (const name of [broken, file]) removeDurably(name);
      entries = [];
    },
  };
}

/** The entries of an index file, or null where it is none. */
export function parseIndex(text: string): readonly IndexEntry[] | null {
  try {
    const parsed: unknown = JSON.parse(text);
    if (!isRecord(parsed) || parsed['version'] !== VERSION || !Array.isArray(parsed['codes'])) return null;
    const codes: unknown[] = parsed['codes'];
    return codes.every(isEntry) && new Set(codes.map(({ id }) => id)).size === codes.length ? codes : null;
  } catch {
    return null;
  }
}

function isEntry(value: unknown): value is IndexEntry {
  if (!isRecord(value)) return false;
  const { id, kind, issuer, account, name, algorithm, digits, period, counter, owner, removedAt } = value;
  return (
    typeof id === 'string' &&
    /^[A-Za-z0-9_-]{22}$/.test(id) &&
    [issuer, account, name].every((text) => typeof text === 'string') &&
    (algorithm === 'SHA1' || algorithm === 'SHA256' || algorithm === 'SHA512') &&
    (digits === 6 || digits === 8) &&
    (kind === 'totp' ? isCount(period) && counter === null : kind === 'hotp' && period === null && isCount(counter)) &&
    (owner === null || isOwner(owner)) &&
    (removedAt === null || isCount(removedAt))
  );
}

function isOwner(value: unknown): value is CodeOwner {
  return (
    isRecord(value) &&
    typeof value['person'] === 'string' &&
    typeof value['authenticatorId'] === 'string' &&
    typeof value['proved'] === 'boolean'
  );
}

const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0;

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
