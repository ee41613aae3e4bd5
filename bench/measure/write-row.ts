import type { Store } from '../../src/backend/domain/stores.ts';

/** One durable unit of work, the smallest that the backend has: a row of the audit trail. */
export async function writeRow(store: Store, name: string): Promise<void> {
  await store.transaction((tx) =>
    tx.audit.append(
      {
        event: 'password.checked',
        outcome: 'done',
        actor: { kind: 'system', id: null },
        personId: null,
        subjectId: name,
        source: null,
        reason: null,
        facts: {},
      },
      Date.now(),
    ),
  );
}
