import type { Session } from '../../../contract/http/shapes.ts';
import { kindsOfWays, wayRules } from '../authenticators/ways.ts';
import { returnCode } from '../challenges/return-code.ts';
import type { Domain } from '../domain.ts';
import type { ChallengeRecord } from '../model.ts';
import { personView } from '../views.ts';
import { type CurrentSession, currentSession } from './current-session.ts';

/**
 * What the sign-in page is told. A request of a service wants a key of its own: while it is pending, a session that
 * is 'full' for everything else is described as 'password', so that the page asks for the second step again.
 */
export async function describeSession(domain: Domain, current: CurrentSession | null, challengeId: string | null): Promise<Session> {
  const id = challengeId ?? current?.session.challengeId ?? null;
  const challenge = id === null ? null : await domain.store.read.challenges.byId(id);
  const service = challenge === null || challenge.serviceId === null ? null : await domain.store.read.services.byId(challenge.serviceId);
  const shown = { organization: domain.organization, service: service === null ? null : { name: service.name } };
  if (current === null) return { ...shown, state: 'none', person: null, ways: [], preferred: null, returnTo: null };
  const { session, person, authenticators } = current;
  const stillAsked = challenge !== null && isPending(challenge, domain.clock.now());
  const rules = wayRules(domain.policy, person);
  const kinds = kindsOfWays(authenticators, rules);
  // Only a key verifies its user.
  const ways = stillAsked && challenge.userVerification === 'required' ? kinds.filter((kind) => kind === 'security-key') : kinds;
  const preferred = authenticators.find((one) => one.preferred)?.kind ?? null;
  const state = session.state === 'full' && stillAsked ? 'password' : session.state;
  return {
    ...shown,
    state,
    person: personView(person),
    ways,
    preferred: preferred !== null && ways.includes(preferred) ? preferred : null,
    returnTo: state === 'full' && challenge !== null && answeredBy(challenge, current) ? returnAddress(challenge, current) : null,
  };
}

/** What the browser with this bearer token is told. */
export async function tellSession(domain: Domain, token: string | null, challengeId: string | null = null): Promise<Session> {
  return describeSession(domain, await currentSession(domain, token), challengeId);
}

/** What the browser is told whose session `who` has just become full under `token`: known without another look where no service asked. */
export async function tellSteppedUp(domain: Domain, who: CurrentSession, token: string, challengeId: string | null): Promise<Session> {
  if (challengeId !== null || who.session.challengeId !== null) return tellSession(domain, token);
  return describeSession(domain, { ...who, session: { ...who.session, state: 'full' } }, null);
}

function isPending(challenge: ChallengeRecord, now: number): boolean {
  return challenge.state === 'pending' && challenge.expiresAt > now;
}

function answeredBy(challenge: ChallengeRecord, { session, person }: CurrentSession): boolean {
  return challenge.state === 'approved' && challenge.personId === person.id && session.challengeId === challenge.id;
}

/** The service's own address with `challenge=ID`, by which it finds its request, and where it named nobody the `code` that it needs. */
function returnAddress(challenge: ChallengeRecord, { session }: CurrentSession): string | null {
  if (challenge.returnTo === null) return null;
  const address = new URL(challenge.returnTo);
  address.searchParams.set('challenge', challenge.id);
  if (typeof challenge.result?.returnCodeHash === 'string') address.searchParams.set('code', returnCode(session, challenge.id));
  return address.href;
}
