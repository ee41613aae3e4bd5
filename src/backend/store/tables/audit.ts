import type { Kysely, Selectable } from 'kysely';
import { type AuditEntry, type AuditEvent, type AuditRow, auditHash } from '../../domain/audit.ts';
import type { Locking } from '../locking.ts';
import type { AuditTable, Schema } from '../schema.ts';

export interface DatedEntry {
  readonly entry: AuditEntry;
  readonly at: number;
}

/**
 * Appends rows to the chain. The head row is taken for the rest of the transaction, so this is the last thing that a
 * transaction does: then nobody can wait for the chain while holding what its holder waits for.
 */
export async function appendToChain(db: Kysely<Schema>, locking: Locking, entries: readonly DatedEntry[]): Promise<void> {
  if (entries.length === 0) return;
  const head = db.selectFrom('auditHead').select(['sequence', 'hash']).where('id', '=', 1);
  let { sequence, hash } = await (locking.rows ? head.forUpdate() : head).executeTakeFirstOrThrow();
  const rows: AuditTable[] = [];
  for (const { entry, at } of entries) {
    const { actor, facts, ...rest } = entry;
    sequence += 1;
    const previousHash = hash;
    hash = auditHash({ ...entry, sequence, at, previousHash });
    rows.push({ ...rest, sequence, at, actorKind: actor.kind, actorId: actor.id, facts: JSON.stringify(facts), previousHash, hash });
  }
  await db.insertInto('audit').values(rows).execute();
  await db.updateTable('auditHead').set({ sequence, hash }).where('id', '=', 1).execute();
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
