import { DoorstepError, ERRORS } from '../../contract/errors.ts';

const REASONS: Readonly<Record<string, string>> = {
  absent: 'The file is not there.',
  unreadable: 'This account may not read the file.',
  'open-to-others': 'Other accounts may read the file: take that away with chmod 600.',
  malformed: 'The file is cut off, or was changed.',
  'key-absent': 'The file does not have the key that this database is sealed with.',
  'does-not-open': 'A seed does not open with its key: it was changed in the database, or belongs to another row.',
};

/** What an administrator reads where the keys of the seeds do not do; null for any other failure. */
export function seedFault(error: unknown): string | null {
  if (!(error instanceof DoorstepError) || error.code !== 'code.seed-key-missing') return null;
  const { file, reason, key } = error.detail;
  const { title, remedy } = ERRORS[error.code];
  const which = typeof key === 'string' ? ` (key ${key})` : '';
  return `${title} ${REASONS[String(reason)] ?? ''}${which}\nFile: ${String(file)}\n${remedy}`;
}
