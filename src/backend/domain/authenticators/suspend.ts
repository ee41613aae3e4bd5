import type { Caller, Domain } from '../domain.ts';
import type { AuthenticatorRecord, PersonRecord } from '../model.ts';
import { personChanged } from '../people/person-changed.ts';
import type { Transaction } from '../stores.ts';

/** A hundred failures in a row stop this authenticator, and no other way of the person (NIST SP 800-63B-4, 3.2.2). */
export async function suspendAfterFailures(
  domain: Domain,
  tx: Transaction,
  caller: Caller,
  person: PersonRecord,
  { id, kind }: Pick<AuthenticatorRecord, 'id' | 'kind'>,
): Promise<void> {
  if (!(await tx.authenticators.suspend(id, 'too-many-failures'))) return;
  await personChanged(tx, person.id);
  await tx.audit.append(
    {
      event: 'authenticator.suspended',
      outcome: 'done',
      actor: { kind: 'system', id: null },
      personId: person.id,
      subjectId: id,
      source: caller.source,
      reason: 'code.locked',
      facts: { kind, because: 'too-many-failures' },
    },
    domain.clock.now(),
  );
}
