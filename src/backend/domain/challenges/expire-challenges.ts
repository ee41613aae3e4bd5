import { personChanged } from '../people/person-changed.ts';
import type { Transaction } from '../stores.ts';

/** Ends the requests whose time is over, one row of the trail each; of several processes exactly one ends each. */
export async function expireChallenges(tx: Transaction, now: number, scope: { personId?: string; id?: string } = {}): Promise<number> {
  const ended = await tx.challenges.expire(now, scope);
  for (const challenge of ended) {
    tx.announce(`challenge:${challenge.id}`);
    if (challenge.personId !== null) {
      await personChanged(tx, challenge.personId);
    }
    await tx.audit.append(
      {
        event: 'challenge.expired',
        outcome: 'done',
        actor: { kind: 'system', id: null },
        personId: challenge.personId,
        subjectId: challenge.id,
        source: null,
        reason: null,
        facts: {},
      },
      now,
    );
  }
  return ended.length;
}
