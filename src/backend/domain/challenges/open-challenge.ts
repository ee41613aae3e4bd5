import { DoorstepError } from '../../../contract/errors.ts';
import type { Domain } from '../domain.ts';
import type { ChallengeRecord } from '../model.ts';

/** The pending request `id`, which `personId` may answer. Throws `challenge.not-found`, `challenge.ended`, `challenge.other-person`. */
export async function requireOpenChallenge(domain: Domain, id: string, personId: string): Promise<ChallengeRecord> {
  const challenge = await domain.store.read.challenges.byId(id);
  // A request of the sign-in page is answered by its number and in no other way.
  if (challenge === null || challenge.serviceId === null) throw new DoorstepError('challenge.not-found');
  if (challenge.personId !== null && challenge.personId !== personId) throw new DoorstepError('challenge.other-person');
  if (challenge.state !== 'pending' || challenge.expiresAt <= domain.clock.now()) throw new DoorstepError('challenge.ended');
  return challenge;
}
