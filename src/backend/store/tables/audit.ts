import type { Kysely, Selectable } from 'kysely';
import { type AuditEntry, type AuditEvent, type AuditRow, auditHash } from '../../domain/audit.ts';
import type { Locking } from '../locking.ts';
import { prepared } from '../prepared.ts';
import type { AuditTable, Schema } from '../schema.ts';

export interface DatedEntry {
  readonly entry: AuditEntry;
  readonly at: number;
}

const head = prepared((db) => db.selectFrom('auditHead').select(['sequence', 'hash']).where('id', '=', 1));
const headHeld = prepared((db) => db.selectFrom('auditHead').select(['sequence', 'hash']).where('id', '=', 1).forUpdate());
const insertRow = prepared((db, row: AuditTable) =>
  db.insertInto('audit').values({
    sequence: row.sequence,
    at: row.at,
    event: row.event,
    outcome: row.outcome,
    actorKind: row.actorKind,
    actorId: row.actorId,
    personId: row.personId,
    subjectId: row.subjectId,
    source: row.source,
    reason: row.reason,
    facts: row.facts,
    previousHash: row.previousHash,
    hash: row.hash,
  }),
);
const moveHead = prepared((db, { sequence, hash }: ChainEnd) => db.updateTable('auditHead').set({ sequence, hash }).where('id', '=', 1));

/** Where the chain ends. */
export interface ChainEnd {
  readonly sequence: number;
  readonly hash: string;
}

/**
 * Appends rows to the chain, and answers where it ends now; `end`: what the last call in the same transaction answered. The
 * head row is taken for the rest of the transaction, so this is the last thing that a transaction does: then nobody can wait
 * for the chain while holding what its holder waits for.
 */
export async function appendToChain(
  db: Kysely<Schema>,
  locking: Locking,
  entries: readonly DatedEntry[],
  end: ChainEnd | null,
): Promise<ChainEnd | null> {
  if (entries.length === 0) return end;
  const last = end ?? (await (locking.rows ? headHeld : head)(db, {}))[0];
  if (last === undefined) throw new Error('the trail has no head');
  let { sequence, hash } = last;
  for (const { entry, at } of entries) {
    const { actor, facts, ...rest } = entry;
    sequence += 1;
    const previousHash = hash;
    hash = auditHash({ ...entry, sequence, at, previousHash });
    const text = JSON.stringify(facts);
    await insertRow(db, { ...rest, sequence, at, actorKind: actor.kind, actorId: actor.id, facts: text, previousHash, hash });
  }
  return { sequence, hash };
}

/** Keeps where the chain ends; before the commit, once for all that were appended. */
export async function keepChainEnd(db: Kysely<Schema>, end: ChainEnd | null): Promise<void> {
  if (end !== null) await moveHead(db, end);
}

export async function listChain(db: Kysely<Schema>, from: number, limit: number): Promise<AuditRow[]> {
  const rows = await db.selectFrom('audit').selectAll().where('sequence', '>=', from).orderBy('sequence').limit(limit).execute();
  return rows.map(toRow);
}

function toRow({ actorKind, actorId, facts, event, ...row }: Selectable<AuditTable>): AuditRow {
  return {
    ...row,
    event: event as AuditEvent,
    actor: { kind: actorKind, id: actorId },
    facts: JSON.parse(facts) as AuditRow['facts'],
  };
}
