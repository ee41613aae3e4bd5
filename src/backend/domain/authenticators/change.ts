import { DoorstepError } from '../../../contract/errors.ts';
import type { Authenticator } from '../../../contract/http/shapes.ts';
import { type Asker, actorOf } from '../ceremonies/asker.ts';
import type { Caller, Domain } from '../domain.ts';
import { authenticatorView } from '../views.ts';
import { isWorkingWay, wayRules } from './ways.ts';

/** Renames an authenticator or makes it first choice. Throws `authenticator.not-found`; only a working way can be first choice. */
export async function changeAuthenticator(
  domain: Domain,
  caller: Caller,
  asker: Asker,
  change: { id: string; name?: string; preferred?: true },
): Promise<Authenticator> {
  return domain.store.transaction(async (tx) => {
    const found = await tx.authenticators.byId(change.id);
    if (found === null || found.personId !== asker.person.id || found.state === 'removed') {
      throw new DoorstepError('authenticator.not-found');
    }
    if (change.name !== undefined && !(await tx.authenticators.rename(found.id, change.name, domain.clock.now()))) {
      throw new DoorstepError('authenticator.not-found');
    }
    if (change.preferred) {
      const rules = wayRules(domain.policy, asker.person);
      if (found.kind === 'desktop' && !rules.approvals) throw new DoorstepError('authenticator.not-a-way');
      if (!isWorkingWay(found, rules)) throw new DoorstepError('authenticator.suspended');
      if (!(await tx.authenticators.prefer(asker.person.id, found.id, domain.clock.now())))
        throw new DoorstepError('authenticator.not-found');
    }
    await tx.people.bumpVersion(asker.person.id);
    tx.announce(`person:${asker.person.id}`);
    await tx.audit.append(
      {
        event: 'authenticator.changed',
        outcome: 'done',
        actor: actorOf(asker),
        personId: asker.person.id,
        subjectId: found.id,
        source: caller.source,
        reason: null,
        facts: { renamed: change.name !== undefined, preferred: change.preferred === true },
      },
      domain.clock.now(),
    );
    return authenticatorView({ ...found, name: change.name ?? found.name, preferred: change.preferred ?? found.preferred });
  });
}
