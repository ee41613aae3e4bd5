import { DoorstepError, type ErrorCode } from '../../../contract/errors.ts';
import type { Authenticator } from '../../../contract/http/shapes.ts';
import { type Asker, actorOf } from '../ceremonies/asker.ts';
import type { Caller, Domain } from '../domain.ts';
import type { AuthenticatorRecord } from '../model.ts';
import { personChanged } from '../people/person-changed.ts';
import { shownText } from '../shown-text.ts';
import type { Made, Transaction } from '../stores.ts';
import { authenticatorView, LONGEST_NAME } from '../views.ts';
import { isWorkingWay, wayRules } from './ways.ts';

export interface AuthenticatorChange {
  readonly id: string;
  readonly name?: string;
  readonly preferred?: true;
  /** When it was made, for one that was made at a desktop; absent: now, and then it wins over whatever there is. */
  readonly at?: number;
}

/** 'superseded': the same was changed later, elsewhere. */
export type Changed =
  | { readonly outcome: 'done'; readonly authenticator: AuthenticatorRecord }
  | { readonly outcome: 'superseded' | 'gone' }
  | { readonly outcome: 'refused'; readonly code: ErrorCode };

/**
 * Renames an authenticator or makes it first choice. Throws `authenticator.not-found`, `request.malformed` for a name of
 * which nothing can be shown, and `authenticator.suspended` or `approval.no-desktop`: only a working way can be first choice.
 */
export async function changeAuthenticator(
  domain: Domain,
  caller: Caller,
  asker: Asker,
  change: Omit<AuthenticatorChange, 'at'>,
): Promise<Authenticator> {
  const changed = await domain.store.transaction(async (tx) => {
    await tx.authenticators.lockWaysOf(asker.person.id);
    return applyChange(domain, tx, caller, asker, change);
  });
  if (changed.outcome === 'done') return authenticatorView(changed.authenticator);
  throw new DoorstepError(changed.outcome === 'refused' ? changed.code : 'authenticator.not-found');
}

/** The same inside a transaction that holds the person's ways (`lockWaysOf`). Of two that touch the same, the later one stands. */
export async function applyChange(
  domain: Domain,
  tx: Transaction,
  caller: Caller,
  asker: Asker,
  change: AuthenticatorChange,
): Promise<Changed> {
  const found = await tx.authenticators.byId(change.id);
  if (found === null || found.personId !== asker.person.id) return { outcome: 'refused', code: 'authenticator.not-found' };
  if (found.state === 'removed') return { outcome: 'gone' };
  const person = (await tx.people.byId(asker.person.id)) ?? asker.person;
  const now = domain.clock.now();
  let { name, preferred } = found;
  if (change.name !== undefined) {
    name = shownText(change.name, LONGEST_NAME);
    if (name === '') return { outcome: 'refused', code: 'request.malformed' };
    const made = madeAt(domain, asker, change, { at: found.namedAt, by: found.namedBy });
    if (!(await tx.authenticators.rename(found.id, name, made))) return { outcome: 'superseded' };
  }
  if (change.preferred) {
    const rules = wayRules(domain.policy, person);
    if (found.kind === 'desktop' && !rules.approvals) return { outcome: 'refused', code: 'approval.no-desktop' };
    if (!isWorkingWay(found, rules)) return { outcome: 'refused', code: 'authenticator.suspended' };
    const made = madeAt(domain, asker, change, { at: person.preferredAt, by: person.preferredBy });
    if (made.at < (person.preferredAt ?? 0)) return { outcome: 'superseded' };
    if (!(await tx.authenticators.prefer(person.id, found.id, made))) return { outcome: 'gone' };
    preferred = true;
  }
  await personChanged(tx, person.id);
  await tx.audit.append(
    {
      event: 'authenticator.changed',
      outcome: 'done',
      actor: actorOf(asker),
      personId: person.id,
      subjectId: found.id,
      source: caller.source,
      reason: null,
      facts: {
        renamed: change.name !== undefined,
        preferred: change.preferred === true,
        ...(change.at === undefined ? {} : { madeAt: change.at }),
      },
    },
    now,
  );
  return { outcome: 'done', authenticator: { ...found, name, preferred } };
}

/**
 * When this change counts as made, beside the one that stands. The changes of one desktop come in the order in which they
 * were made there: its next one is later than its last, whatever the clocks say, which may have been set back between them.
 */
function madeAt(
  domain: Domain,
  asker: Asker,
  { at }: AuthenticatorChange,
  stands: { readonly at: number | null; readonly by: string | null },
): Made {
  const by = asker.kind === 'device' ? asker.device.id : null;
  const last = stands.at ?? 0;
  if (at === undefined) return { at: Math.max(domain.clock.now(), last), by };
  return { at: by !== null && by === stands.by ? Math.max(at, last) : at, by };
}
