/** Finding the session of a browser, and how far it may go. */

import { hasAnyWay, type WayRules, wayRules } from '../authenticators/ways.ts';
import type { Domain } from '../domain.ts';
import type { AuthenticatorRecord, PersonRecord, SessionRecord } from '../model.ts';
import { hashSessionToken } from './token.ts';

export interface CurrentSession {
  readonly session: SessionRecord;
  readonly person: PersonRecord;
  readonly authenticators: readonly AuthenticatorRecord[];
}

/** How far apart the marks of use are kept: a write for each request would cost more than it tells. */
const TOUCH_EVERY = 60_000;

/** The session of a token; null where there is none, where its time is over, or where the account is closed. */
export async function currentSession(domain: Domain, token: string | null): Promise<CurrentSession | null> {
  if (token === null) return null;
  const session = await domain.store.read.sessions.byTokenHash(hashSessionToken(token));
  if (session === null || isOver(domain, session)) return null;
  const person = await domain.store.read.people.byId(session.personId);
  if (person === null || person.disabledAt !== null) return null;
  const authenticators = await domain.store.read.authenticators.listOf(person.id);
  const now = domain.clock.now();
  // Whoever has yet to show the second step has the session's age to go by; and the step itself marks the use.
  const mark = session.state === 'password' ? null : markOfUse(session, now);
  if (mark !== null) await domain.store.transaction((tx) => tx.sessions.touch(session.id, mark));
  return { session: outgrown(session, authenticators, wayRules(domain.policy, person)), person, authenticators };
}

/** The mark that a use leaves now; null: the last one is recent enough. */
export function markOfUse(session: SessionRecord, now: number): number | null {
  return now - session.seenAt >= TOUCH_EVERY ? now : null;
}

function isOver(domain: Domain, session: SessionRecord): boolean {
  const now = domain.clock.now();
  const { sessionIdle, sessionTotal, secondStepWithin } = domain.policy;
  if (now - session.seenAt >= sessionIdle || now - session.createdAt >= sessionTotal) return true;
  return session.state === 'password' && now - session.createdAt >= secondStepWithin;
}

/** A session that began before the first way was there is no longer allowed to add one with the password alone. */
function outgrown(session: SessionRecord, authenticators: readonly AuthenticatorRecord[], rules: WayRules): SessionRecord {
  return session.state === 'enrolling' && hasAnyWay(authenticators, rules) ? { ...session, state: 'password' } : session;
}

/** Whether the second step of a full session is recent enough for a change. */
export function isFresh(domain: Domain, session: SessionRecord): boolean {
  return session.state === 'full' && session.secondStepAt !== null && domain.clock.now() - session.secondStepAt < domain.policy.freshFor;
}
