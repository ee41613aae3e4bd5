/** A service asks for a second step. */
import { DoorstepError, type ErrorDetail } from '../../../contract/errors.ts';
import type { Challenge } from '../../../contract/http/shapes.ts';
import type { Caller, Domain } from '../domain.ts';
import { newId } from '../identifiers.ts';
import type { ChallengeRecord, PersonRecord, ServiceRecord, UserVerification } from '../model.ts';
import { usernameKey } from '../usernames.ts';
import { challengeView } from '../views.ts';
import { expireChallenges } from './expire-challenges.ts';

export interface CreateChallengeInput {
  readonly username?: string;
  readonly place?: string;
  readonly returnTo?: string;
  readonly userVerification?: UserVerification;
}

/**
 * Throws `service.return-address`, `person.unknown`, `person.disabled`, `challenge.pending-exists` (at most one waits a
 * person), and `request.rate-limited` for a while after the person has denied one.
 */
export async function createChallenge(
  domain: Domain,
  caller: Caller,
  service: ServiceRecord,
  input: CreateChallengeInput,
): Promise<Challenge> {
  requireReturnAddress(service, input);
  const person = input.username === undefined ? null : await requirePerson(domain, input.username);
  const now = domain.clock.now();
  const challenge: ChallengeRecord = {
    id: newId(),
    serviceId: service.id,
    personId: person?.id ?? null,
    place: input.place ?? null,
    returnTo: input.returnTo ?? null,
    userVerification: input.userVerification ?? 'preferred',
    state: 'pending',
    createdAt: now,
    expiresAt: now + domain.policy.challengeLife,
    endedAt: null,
    result: null,
  };
  await domain.store.transaction(async (tx) => {
    if (person !== null) {
      await expireChallenges(tx, now, { personId: person.id });
      refuseAfterDenials(domain, await tx.challenges.lastEndings(person.id, now - 24 * 3_600_000), now);
    }
    if (!(await tx.challenges.insert(challenge))) throw new DoorstepError('challenge.pending-exists');
    if (person !== null) {
      await tx.people.bumpVersion(person.id);
      tx.announce(`person:${person.id}`);
    }
    await tx.audit.append(
      {
        event: 'challenge.created',
        outcome: 'done',
        actor: { kind: 'service', id: service.id },
        personId: person?.id ?? null,
        subjectId: challenge.id,
        source: caller.source,
        reason: null,
        facts: { place: challenge.place, userVerification: challenge.userVerification },
      },
      now,
    );
  });
  return challengeView(challenge, person, domain.organization.origin, now);
}

/** Origin and path must be registered; the query may differ. Anything that is not a plain web address is refused. */
function requireReturnAddress(service: ServiceRecord, { username, returnTo }: CreateChallengeInput): void {
  // Whoever answers a request that names nobody must come back with its code.
  if (returnTo === undefined && username === undefined) throw new DoorstepError('service.return-address', { missing: true });
  if (returnTo === undefined) return;
  const address = URL.canParse(returnTo) ? new URL(returnTo) : null;
  const plain = address !== null && address.username === '' && address.password === '' && /^https?:$/.test(address.protocol);
  if (!plain || !service.returnAddresses.includes(`${address.origin}${address.pathname}`)) {
    throw new DoorstepError('service.return-address');
  }
}

async function requirePerson(domain: Domain, username: string): Promise<PersonRecord> {
  const person = await domain.store.read.people.byUsernameKey(usernameKey(username));
  if (person === null) throw new DoorstepError('person.unknown');
  if (person.disabledAt !== null) throw new DoorstepError('person.disabled');
  return person;
}

/** Endings come newest first: each denial in a row doubles the wait, anything else ends the row. */
function refuseAfterDenials(domain: Domain, endings: readonly ChallengeRecord[], now: number): void {
  const firstOther = endings.findIndex((ending) => ending.state !== 'denied');
  const inARow = firstOther === -1 ? endings.length : firstOther;
  const last = endings[0]?.endedAt;
  if (inARow === 0 || last === null || last === undefined) return;
  const left = last + domain.policy.denialWait * 2 ** Math.min(inARow - 1, 10) - now;
  if (left <= 0) return;
  const detail: ErrorDetail = { retryAfterSeconds: Math.ceil(left / 1_000) };
  throw new DoorstepError('request.rate-limited', detail);
}
