import type { AuditEntry } from '../audit.ts';
import type { Caller } from '../domain.ts';
import type { AuthenticatorRecord, PersonRecord } from '../model.ts';
import type { Transaction } from '../stores.ts';

/** What a desktop did, or what came out about it: one row of the trail. */
export function auditDevice(
  tx: Transaction,
  caller: Caller,
  { device, person }: { readonly device: AuthenticatorRecord; readonly person: PersonRecord },
  what: Pick<AuditEntry, 'event' | 'facts'>,
  now: number,
): Promise<void> {
  return tx.audit.append(
    {
      outcome: 'done',
      actor: { kind: 'device', id: device.id },
      personId: person.id,
      subjectId: device.id,
      source: caller.source,
      reason: null,
      ...what,
    },
    now,
  );
}
