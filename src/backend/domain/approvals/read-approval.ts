import { DoorstepError } from '../../../contract/errors.ts';
import type { ApprovalStatus } from '../../../contract/http/approvals.ts';
import { instant } from '../clock.ts';
import type { Domain } from '../domain.ts';
import type { CurrentSession } from '../sessions/current-session.ts';

/** What has become of a request, for the session that began it alone: `challenge.not-found`. */
export async function readApproval(domain: Domain, { session }: CurrentSession, id: string): Promise<ApprovalStatus> {
  const challenge = await domain.store.read.challenges.byId(id);
  if (challenge === null || challenge.sessionId !== session.id) throw new DoorstepError('challenge.not-found');
  const overdue = challenge.state === 'pending' && challenge.expiresAt <= domain.clock.now();
  return { id, state: overdue ? 'expired' : challenge.state, expiresAt: instant(challenge.expiresAt) };
}
