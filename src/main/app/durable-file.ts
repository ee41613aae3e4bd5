/** Small private files that survive a power cut: the old content or the new, never half, never neither. */
import { closeSync, fsyncSync, openSync, renameSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { DoorstepError } from '../../contract/errors.ts';

/**
 * Replaces the file (mode 0600) and returns once the disk has it.
 *
 * @throws DoorstepError disk.full, file.unwritable
 */
export function writeDurably(file: string, text: string): void {
  const draft = `${file}.new`;
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
