/** What every new way has in common, whichever kind it is. */
import { DoorstepError } from '../../../contract/errors.ts';
import type { Asker } from '../ceremonies/asker.ts';
import { requireActive } from '../devices/device-request.ts';
import type { Domain } from '../domain.ts';
import type { AuthenticatorRecord } from '../model.ts';
import { passwordLock } from '../people/password-step.ts';
import { markOfUse } from '../sessions/current-session.ts';
import { hashSessionToken } from '../sessions/token.ts';
import type { Transaction } from '../stores.ts';
import { hasAnyWay, hasWorkingWay, wayRules } from './ways.ts';

export interface AddedWay {
  readonly record: AuthenticatorRecord;
  /** The person had no working way before: this one is the first choice. */
  readonly isFirst: boolean;
}

/**
 * Stores a new active authenticator. `token`, for a session that has only shown the password: the first way makes it full
 * under this new bearer token; `session.second-step-missing` where another first way came before. 'taken': somebody has
 * enrolled this credential already. Throws `device.removed` and so on where the desktop that adds it may not go on,
 * `person.disabled`, and what a lock of the password says that began after it was shown.
 */
export async function addWay(
  domain: Domain,
  tx: Transaction,
  asker: Asker,
  { added, token }: { added: AuthenticatorRecord; token: string | null },
): Promise<AddedWay | 'session.second-step-missing' | 'taken'> {
  const now = domain.clock.now();
  await tx.authenticators.lockWaysOf(asker.person.id);
  // A removal that was acknowledged while this was on its way came first.
  if (asker.kind === 'device') await requireActive(tx, asker.device.id);
  const rules = wayRules(domain.policy, asker.person);
  const known = await tx.authenticators.listOf(asker.person.id);
  const locked = token === null ? null : await passwordLock(domain, tx, asker.person);
  if (locked !== null) throw locked;
  // Two sessions may both have begun with the password alone: only one of them adds the first way.
  if (token !== null && hasAnyWay(known, rules)) return 'session.second-step-missing';
  const isFirst = !hasWorkingWay(known, rules);
  const record = { ...added, preferred: isFirst };
  if (!(await tx.authenticators.insert(record))) return 'taken';
  if (token !== null && asker.kind === 'session') {
    const change = {
      tokenHash: hashSessionToken(token),
      challengeId: asker.session.challengeId,
      authenticatorId: record.id,
      at: now,
      seenAt: markOfUse(asker.session, now),
    };
    if (!(await tx.sessions.stepUp(asker.session.id, change))) throw new DoorstepError('session.missing');
  }
  if (!(await tx.people.bumpOpen(asker.person.id))) throw new DoorstepError('person.disabled');
  tx.announce(`person:${asker.person.id}`);
  return { record, isFirst };
}
