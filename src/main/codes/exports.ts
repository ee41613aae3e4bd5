/** Exports to a file that the person chooses, and imports from one. */
import { randomBytes } from 'node:crypto';
import { open, readFile, rename, rm } from 'node:fs/promises';
import { DoorstepError } from '../../contract/errors.ts';
import type { CodeStore } from './code-store.ts';
import { LARGEST_EXPORT, openExport, sealExport } from './export-file.ts';
import type { ExportGuard } from './export-guard.ts';

export interface Exports {
  /** Rejects like the guard's `pass`, with seed.gone where a seed is missing, with file.unwritable or disk.full. */
  write(passphrase: string, pin: string | undefined): Promise<{ path: string; count: number } | null>;
  /** Rejects with export.malformed, export.wrong-passphrase, keychain.*, seed.too-many. */
  read(passphrase: string): Promise<{ added: number; known: number } | null>;
}

export interface ExportsOptions {
  readonly codes: CodeStore;
  readonly guard: ExportGuard;
  /** Path of a new file that the person chose, or null. */
  readonly chooseNewFile: () => Promise<string | null>;
  readonly chooseFile: () => Promise<string | null>;
  readonly now?: () => number;
}

/** Who typed a passphrase wrong need not find the file again, for so long (milliseconds). */
const REMEMBERED = 120_000;

export function createExports({ codes, guard, chooseNewFile, chooseFile, now = Date.now }: ExportsOptions): Exports {
  let again: { readonly path: string; readonly until: number } | null = null;
  return {
    async write(passphrase, pin) {
      await guard.pass(pin);
      const kept = await codes.seeds();
      if (kept.length < codes.list().length) throw new DoorstepError('seed.gone', { missing: codes.list().length - kept.length });
      const path = await chooseNewFile();
      if (path === null) return null;
      // HOTP: what has been shown here must not be shown again elsewhere.
      const text = await sealExport(
        kept.map(({ entry, seed }) => ({ seed: { ...seed, counter: entry.counter }, name: entry.name })),
        passphrase,
      );
      await writeWhole(path, text);
      return { path, count: kept.length };
    },
    async read(passphrase) {
      const path = again !== null && now() < again.until ? again.path : await chooseFile();
      again = null;
      if (path === null) return null;
      const text = await readWhole(path);
      const found = await openExport(text, passphrase).catch((error: unknown) => {
        if (error instanceof DoorstepError && error.code === 'export.wrong-passphrase') again = { path, until: now() + REMEMBERED };
        throw error;
      });
      const before = new Set(codes.entries().map(({ id }) => id));
      const ids = await codes.add(found);
      const added = new Set(ids.filter((id) => !before.has(id))).size;
      return { added, known: ids.length - added };
    },
  };
}

/** All of it or nothing: a file cut short would look like an export until the day it is needed. */
async function writeWhole(path: string, text: string): Promise<void> {
  // The folder may be one that others write to: nobody can have put anything at this name before.
  const draft = `${path}.${randomBytes(6).toString('hex')}.part`;
  try {
    const file = await open(draft, 'wx', 0o600);
    try {
      await file.writeFile(text);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(draft, path);
  } catch (cause) {
    await rm(draft, { force: true }).catch(() => undefined);
    const full = cause instanceof Error && 'code' in cause && (cause.code === 'ENOSPC' || cause.code === 'EDQUOT');
    throw new DoorstepError(full ? 'disk.full' : 'file.unwritable', {}, { cause });
  }
}

async function readWhole(path: string): Promise<string> {
  try {
    const file = await open(path, 'r');
    try {
      const stat = await file.stat();
      if (!stat.isFile() || stat.size > LARGEST_EXPORT) throw new DoorstepError('export.malformed');
    } finally {
      await file.close();
    }
    return await readFile(path, 'utf8');
  } catch (error) {
    if (error instanceof DoorstepError) throw error;
    throw new DoorstepError('export.malformed', {}, { cause: error });
  }
}
