import { cancelApprovalsOf } from '../approvals/cancel-approval.ts';
import type { Caller, Domain } from '../domain.ts';
import { hashSessionToken } from './token.ts';

/** Ends the session of the token on the server; nothing happens where there is none. */
export async function signOut(domain: Domain, caller: Caller, token: string | null): Promise<void> {
  if (token === null) return;
  const session = await domain.store.read.sessions.byTokenHash(hashSessionToken(token));
  if (session === null) return;
  await domain.store.transaction(async (tx) => {
    if (!(await tx.sessions.remove(session.id))) return;
    await cancelApprovalsOf(domain, tx, caller, session);
    await tx.audit.append(
      {
        event: 'session.ended',
        outcome: 'done',
        actor: { kind: 'person', id: session.personId },
        personId: session.personId,
        subjectId: session.id,
        source: caller.source,
        reason: null,
        facts: {},
      },
      domain.clock.now(),
    );
  });
}
