import { DoorstepError, type ErrorCode } from '../../../contract/errors.ts';
import { type Asker, actorOf } from '../ceremonies/asker.ts';
import type { Caller, Domain } from '../domain.ts';
import type { AuthenticatorRecord } from '../model.ts';
import type { Transaction } from '../stores.ts';
import { hasWorkingWay, isWay, isWorkingWay, wayRules } from './ways.ts';

/**
 * Ends an authenticator at once: from the commit on it opens nothing, the sessions that were opened with it end, and
 * a removed desktop is refused and its stream of events closed. Throws `authenticator.not-found`, `authenticator.last-way`.
 */
export async function removeAuthenticator(domain: Domain, caller: Caller, asker: Asker, id: string): Promise<void> {
  const refused = await domain.store.transaction(async (tx): Promise<ErrorCode | null> => {
    await tx.authenticators.lockWaysOf(asker.person.id);
    const all = await tx.authenticators.listOf(asker.person.id);
    const target = all.find((one) => one.id === id);
    if (target === undefined) return 'authenticator.not-found';
    const others = all.filter((one) => one.id !== id);
    const rules = wayRules(domain.policy, asker.person);
    if (isWay(target, rules) && !hasWorkingWay(others, rules)) {
      await audit(domain, tx, caller, asker, target, 'authenticator.last-way');
      return 'authenticator.last-way';
    }
    await tx.authenticators.remove(id, domain.clock.now(), null);
    await tx.sessions.removeShownWith(id, asker.kind === 'session' ? asker.session.id : null);
    const heir = target.preferred ? others.find((one) => isWorkingWay(one, rules)) : undefined;
    if (heir !== undefined) await tx.authenticators.prefer(asker.person.id, heir.id, asker.person.preferredAt ?? 0);
    await tx.people.bumpVersion(asker.person.id);
    tx.announce(`person:${asker.person.id}`);
    await audit(domain, tx, caller, asker, target, null);
    return null;
  });
  if (refused !== null) throw new DoorstepError(refused);
}

async function audit(
  domain: Domain,
  tx: Transaction,
  caller: Caller,
  asker: Asker,
  target: AuthenticatorRecord,
  reason: ErrorCode | null,
): Promise<void> {
  await tx.audit.append(
    {
      event: 'authenticator.removed',
      outcome: reason === null ? 'done' : 'refused',
      actor: actorOf(asker),
      personId: asker.person.id,
      subjectId: target.id,
      source: caller.source,
      reason,
      facts: { kind: target.kind },
    },
    domain.clock.now(),
  );
}
