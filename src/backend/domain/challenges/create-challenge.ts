/** A service asks for a second step. */
import { DoorstepError } from '../../../contract/errors.ts';
import type { Challenge } from '../../../contract/http/shapes.ts';
import { hashNumber, newNumber, STRONG_DIGITS } from '../approvals/number.ts';
import { countPush } from '../approvals/push-limit.ts';
import { mayApprove } from '../approvals/require-desktops.ts';
import type { Caller, Domain } from '../domain.ts';
import { newId } from '../identifiers.ts';
import { type ChallengeRecord, type PersonRecord, type ServiceRecord, type UserVerification, WITHOUT_NUMBER } from '../model.ts';
import { personChanged } from '../people/person-changed.ts';
import { shownText } from '../shown-text.ts';
import { usernameKey } from '../usernames.ts';
import { challengeView, LONGEST_PLACE } from '../views.ts';
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
  const id = newId();
  const number = person !== null && (await isToShowNumber(domain, person, input)) ? newNumber(domain.policy.approvalDigits) : null;
  const challenge: ChallengeRecord = {
    id,
    serviceId: service.id,
    personId: person?.id ?? null,
    place: input.place === undefined ? null : shownText(input.place, LONGEST_PLACE) || null,
    returnTo: input.returnTo ?? null,
    userVerification: input.userVerification ?? 'preferred',
    state: 'pending',
    createdAt: now,
    expiresAt: now + domain.policy.challengeLife,
    endedAt: null,
    result: null,
    ...WITHOUT_NUMBER,
    numberHash: number === null ? null : await hashNumber(domain, id, number),
    numberDigits: number?.length ?? null,
  };
  await domain.store.transaction(async (tx) => {
    if (person !== null) {
      await expireChallenges(tx, now, { personId: person.id });
      await countPush(domain, tx, caller, person.id);
    }
    if (!(await tx.challenges.insert(challenge))) throw new DoorstepError('challenge.pending-exists');
    if (person !== null) {
      await personChanged(tx, person.id);
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
        facts: {
          place: challenge.place,
          userVerification: challenge.userVerification,
          ...(number === null ? {} : { digits: number.length, weak: number.length < STRONG_DIGITS }),
        },
      },
      now,
    );
  });
  return challengeView(challenge, person, domain.organization.origin, now, number);
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

/**
 * A typed number says that the person is there, not that a key has checked it; and nobody knows at which computer a service
 * shows it, so none is told where policy wants another one than the desktop's.
 */
async function isToShowNumber(domain: Domain, person: PersonRecord, { userVerification }: CreateChallengeInput): Promise<boolean> {
  if (userVerification === 'required' || !domain.policy.sameDevice) return false;
  return mayApprove(domain, person, await domain.store.read.authenticators.listOf(person.id));
}
