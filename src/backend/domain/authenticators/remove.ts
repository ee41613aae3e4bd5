import { DoorstepError, type ErrorCode } from '../../../contract/errors.ts';
import type { RemovalWipe } from '../../../contract/http/sync.ts';
import { type Asker, actorOf } from '../ceremonies/asker.ts';
import type { Caller, Domain } from '../domain.ts';
import type { AuthenticatorRecord } from '../model.ts';
import { personChanged } from '../people/person-changed.ts';
import type { Transaction } from '../stores.ts';
import { hasWorkingWay, isWay, isWorkingKey, isWorkingWay, wayRules } from './ways.ts';

/**
 * Ends an authenticator at once: from the commit on it opens nothing, the sessions that were opened with it end, and
 * a removed desktop is refused and its stream of events closed; `wipe` says how much it is then told to forget. Throws
 * `authenticator.not-found`, `authenticator.last-way`.
 */
export async function removeAuthenticator(domain: Domain, caller: Caller, asker: Asker, { id, wipe = 'doorstep' }: Removal): Promise<void> {
  const refused = await domain.store.transaction(async (tx) => {
    await tx.authenticators.lockWaysOf(asker.person.id);
    return applyRemoval(domain, tx, caller, asker, { id, wipe });
  });
  if (refused !== null) throw new DoorstepError(refused);
}

export interface Removal {
  readonly id: string;
  /** 'everything' for a computer that was lost, 'doorstep' for one that the person still has. */
  readonly wipe?: RemovalWipe;
}

/** The same inside a transaction that holds the person's ways (`lockWaysOf`); null: done. */
export async function applyRemoval(
  domain: Domain,
  tx: Transaction,
  caller: Caller,
  asker: Asker,
  { id, wipe = 'doorstep' }: Removal,
): Promise<ErrorCode | null> {
  const all = await tx.authenticators.listOf(asker.person.id);
  const target = all.find((one) => one.id === id);
  if (target === undefined) return 'authenticator.not-found';
  const person = (await tx.people.byId(asker.person.id)) ?? asker.person;
  // A computer takes the codes along that it gives: it forgets their seeds, or whoever has it now knows them.
  const held = all.filter(({ heldBy }) => heldBy === id);
  const gone = [target, ...held];
  const others = all.filter((one) => !gone.includes(one));
  const rules = wayRules(domain.policy, person);
  if (gone.some((one) => isWay(one, rules)) && !hasWorkingWay(others, rules)) {
    await audit(domain, tx, caller, asker, target, 'authenticator.last-way');
    return 'authenticator.last-way';
  }
  for (const one of gone) {
    await tx.authenticators.remove(one.id, domain.clock.now(), one.kind === 'desktop' ? wipe : null);
    await tx.codes.remove(one.id);
    await tx.spareCodes.removeAll(one.id);
    await tx.sessions.removeShownWith(one.id, asker.kind === 'session' ? asker.session.id : null);
  }
  // The strongest that is left.
  const heir = gone.some(({ preferred }) => preferred)
    ? (others.find(isWorkingKey) ?? others.find((one) => isWorkingWay(one, rules)))
    : undefined;
  // Nobody has chosen it: a first choice that was made offline before this moment still counts.
  if (heir !== undefined) await tx.authenticators.prefer(person.id, heir.id, { at: person.preferredAt ?? 0, by: person.preferredBy });
  await personChanged(tx, person.id);
  await audit(domain, tx, caller, asker, target, null, target.kind === 'desktop' ? { wipe } : {});
  for (const one of held) await audit(domain, tx, caller, asker, one, null, { with: id });
  return null;
}

async function audit(
  domain: Domain,
  tx: Transaction,
  caller: Caller,
  asker: Asker,
  target: AuthenticatorRecord,
  reason: ErrorCode | null,
  facts: Readonly<Record<string, string>> = {},
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
      facts: { kind: target.kind, ...facts },
    },
    domain.clock.now(),
  );
}
