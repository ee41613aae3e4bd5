import { DoorstepError } from '../../../contract/errors.ts';
import type { Domain } from '../domain.ts';
import type { AuthenticatorRecord, PersonRecord } from '../model.ts';

function hasDesktop(authenticators: readonly AuthenticatorRecord[]): boolean {
  return authenticators.some(({ kind, state }) => kind === 'desktop' && state === 'active');
}

/** Whether a number that is shown for this person could be typed anywhere. */
export function mayApprove(domain: Domain, person: PersonRecord, authenticators: readonly AuthenticatorRecord[]): boolean {
  return domain.policy.approvals && person.approvalsStoppedAt === null && hasDesktop(authenticators);
}

/** Throws `approval.no-desktop`, also where policy lets no desktop approve, and `approval.stopped`. */
export function requireDesktops(domain: Domain, person: PersonRecord, authenticators: readonly AuthenticatorRecord[]): void {
  if (!domain.policy.approvals || !hasDesktop(authenticators)) throw new DoorstepError('approval.no-desktop');
  if (person.approvalsStoppedAt !== null) throw new DoorstepError('approval.stopped');
}
