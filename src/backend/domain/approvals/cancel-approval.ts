import { DoorstepError } from '../../../contract/errors.ts';
import type { Caller, Domain } from '../domain.ts';
import type { ChallengeRecord, SessionRecord } from '../model.ts';
import { personChanged } from '../people/person-changed.ts';
import type { CurrentSession } from '../sessions/current-session.ts';
import type { Transaction } from '../stores.ts';

/**
 * The page is left, or another way is taken. A request of the page's own ends; a service's goes on without a number, and
 * can be answered in the browser. Throws `challenge.not-found`, `challenge.ended`.
 */
export async function cancelApproval(domain: Domain, caller: Caller, { session }: CurrentSession, id: string): Promise<void> {
  await domain.store.transaction(async (tx) => {
    const challenge = await tx.challenges.byId(id);
    if (challenge === null || challenge.sessionId !== session.id) throw new DoorstepError('challenge.not-found');
    if (!(await letGo(domain, tx, caller, challenge))) throw new DoorstepError('challenge.ended');
  });
}

/** Ends what a session has asked the desktops, but not `but`: the session ends, or asks anew. */
export async function cancelApprovalsOf(
  domain: Domain,
  tx: Transaction,
  caller: Caller,
  session: Pick<SessionRecord, 'id'>,
  { but = null }: { but?: string | null } = {},
): Promise<void> {
  for (const challenge of await tx.challenges.pendingOfSession(session.id)) {
    if (challenge.id !== but) await letGo(domain, tx, caller, challenge);
  }
}

async function letGo(domain: Domain, tx: Transaction, caller: Caller, challenge: ChallengeRecord): Promise<boolean> {
  const now = domain.clock.now();
  const { id, personId, sessionId, serviceId } = challenge;
  const gone =
    serviceId !== null && sessionId !== null
      ? await tx.challenges.dropNumber(id, sessionId, now)
      : await tx.challenges.end(id, { state: 'canceled', at: now });
  if (!gone) return false;
  tx.announce(`challenge:${id}`);
  if (personId !== null) {
    await personChanged(tx, personId);
  }
  await tx.audit.append(
    {
      event: serviceId === null ? 'challenge.canceled' : 'challenge.given-back',
      outcome: 'done',
      actor: { kind: 'person', id: personId },
      personId,
      subjectId: id,
      source: caller.source,
      reason: null,
      facts: {},
    },
    now,
  );
  return true;
}
