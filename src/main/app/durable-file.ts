/** Small private files that survive a power cut: the old content or the new, never half, never neither. */
import { closeSync, fsyncSync, openSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { DoorstepError } from '../../contract/errors.ts';

/**
 * Replaces the file (mode 0600) and returns once the disk has it.
 *
 * @throws DoorstepError disk.full, file.unwritable
 */
export function writeDurably(file: string, text: string): void {
  const draft = draftOf(file);
  try {
    const opened = openSync(draft, 'w', 0o600);
    try {
      writeFileSync(opened, text);
      fsyncSync(opened);
    } finally {
      closeSync(opened);
    }
    renameSync(draft, file);
    syncFolder(dirname(file));
  } catch (cause) {
    const full = cause instanceof Error && 'code' in cause && (cause.code === 'ENOSPC' || cause.code === 'EDQUOT');
    throw new DoorstepError(full ? 'disk.full' : 'file.unwritable', {}, { cause });
  }
}

/**
 * Removes the file, and what a write that was cut short has left of it, and returns once the disk has forgotten the name.
 *
 * @throws DoorstepError file.unwritable
 */
export function removeDurably(file: string): void {
  try {
    for (const name of [draftOf(file), file]) rmSync(name, { force: true });
    syncFolder(dirname(file));
  } catch (cause) {
    throw new DoorstepError('file.unwritable', {}, { cause });
  }
}

const draftOf = (file: string): string => `${file}.new`;

/** The rename is in the folder; Windows opens no folder and needs none. */
function syncFolder(folder: string): void {
  if (process.platform === 'win32') return;
  const opened = openSync(folder, 'r');
  try {
    fsyncSync(opened);
  } finally {
    closeSync(opened);
  }
}
