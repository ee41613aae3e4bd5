import { hash } from 'node:crypto';

/** Every event that the trail knows. Stable names: people and programs read them. */
export const AUDIT_EVENTS = {
  'organization.created': 'The first-run organization was made.',
  'person.created': 'A person was added.',
  'person.disabled': 'An account was closed.',
  'password.checked': 'A password was right or wrong.',
  'session.second-step': 'A second step of a sign-in was right or wrong.',
  'session.ended': 'A person signed out.',
  'authenticator.added': 'A key or a computer was added, or was refused.',
  'authenticator.changed': 'A key or a computer was renamed or made first choice.',
  'authenticator.removed': 'A key or a computer was removed, or that was refused.',
  'authenticator.suspended': 'A way was stopped.',
  'code.enrollment-begun': 'A new source of codes was made; it opens nothing before one code is proved.',
  'spare-codes.made': 'A new sheet of spare codes was made; the one before stopped working.',
  'spare-code.used': 'A spare code was used up.',
  'seed-key.added': 'A new key seals the seeds from now on.',
  'seed-key.forgotten': 'A key that seals no seed any more was taken away.',
  'authenticator.tried': 'A key was tried by its owner.',
  'authenticator.counter-regressed': 'A key answered with an old counter.',
  'pairing.code-made': 'A code that connects a computer was made.',
  'pairing.refused': 'A wrong code was typed to connect a computer.',
  'service.created': 'A service was added.',
  'service.key-replaced': 'A service got a new key.',
  'challenge.created': 'A service, or the sign-in page, asked for a second step.',
  'challenge.taken-over': 'The sign-in page shows a number of its own for the request of a service.',
  'challenge.given-back': 'The sign-in page does so no longer.',
  'challenge.approved': 'A request was approved.',
  'challenge.refused': 'An answer to a request was not right.',
  'challenge.denied': 'A request was denied.',
  'challenge.expired': 'A request ran out of time.',
  'challenge.canceled': 'A request was taken back, or the number was typed wrong too often.',
  'approval.bombing': 'A person was asked too often without approving: nobody may ask for a while.',
  'approval.stopped': 'A person said "this wasn’t me": their computers approve nothing any more.',
  'approval.resumed': 'Requests were opened again.',
  'device.ahead': 'A computer knew more than the database, which was restored from a backup: look what was removed since.',
  'device.copied': 'The key of a computer was used from a copy; it is stopped.',
  'metadata.accepted': 'A metadata file was taken into use.',
} as const;
export type AuditEvent = keyof typeof AUDIT_EVENTS;

/** What one decision or change leaves in the trail. Never a secret. */
export interface AuditEntry {
  readonly event: AuditEvent;
  readonly outcome: 'done' | 'refused';
  readonly actor: { readonly kind: 'person' | 'device' | 'service' | 'system' | 'anonymous'; readonly id: string | null };
  /** Whose account it is about. */
  readonly personId: string | null;
  /** What it is about: an authenticator, a challenge, a service. */
  readonly subjectId: string | null;
  /** Network address that the request came from. */
  readonly source: string | null;
  /** Why it was refused: an error code. */
  readonly reason: string | null;
  readonly facts: Readonly<Record<string, string | number | boolean | null>>;
}

export interface AuditRow extends AuditEntry {
  /** 1 for the first row; no number is left out. */
  readonly sequence: number;
  readonly at: number;
  readonly previousHash: string;
  readonly hash: string;
}

/** Stands before the first row. */
export const CHAIN_START = '0'.repeat(64);

/** The bytes that a row's hash covers: a JSON array in a fixed order, the facts sorted by name. */
export function auditHash(row: Omit<AuditRow, 'hash'>): string {
  const facts = Object.entries(row.facts).sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
  const covered = [
    row.sequence,
    row.at,
    row.event,
    row.outcome,
    row.actor.kind,
    row.actor.id,
    row.personId,
    row.subjectId,
    row.source,
    row.reason,
    facts,
    row.previousHash,
  ];
  return hash('sha256', JSON.stringify(covered), 'hex');
}

export type ChainVerdict =
  | { readonly ok: true; readonly rows: number; readonly head: string }
  | { readonly ok: false; readonly at: number };

/** Checks rows from the first on: numbers without a gap, each row bound to the one before. `at` is the first row that does not hold. */
export function verifyChain(rows: Iterable<AuditRow>): ChainVerdict {
  let expected = 1;
  let previous = CHAIN_START;
  for (const row of rows) {
    if (row.sequence !== expected || row.previousHash !== previous || row.hash !== auditHash(row)) return { ok: false, at: expected };
    previous = row.hash;
    expected += 1;
  }
  return { ok: true, rows: expected - 1, head: previous };
}
