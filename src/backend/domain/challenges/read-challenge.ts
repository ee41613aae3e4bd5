import { DoorstepError } from '../../../contract/errors.ts';
import type { Challenge } from '../../../contract/http/shapes.ts';
import type { Domain } from '../domain.ts';
import { hashSecret } from '../identifiers.ts';
import type { ServiceRecord } from '../model.ts';
import { challengeView } from '../views.ts';

/**
 * A request as its service sees it. Another service's request is not there: `challenge.not-found`. The answer to one
 * that named nobody is told for the `code` of its way back alone: `challenge.return-code`.
 */
export async function readChallenge(domain: Domain, service: ServiceRecord, id: string, code: string | null): Promise<Challenge> {
  const challenge = await domain.store.read.challenges.byId(id);
  if (challenge === null || challenge.serviceId !== service.id) throw new DoorstepError('challenge.not-found');
  const wanted = challenge.result?.returnCodeHash ?? null;
  if (wanted !== null && (code === null || hashSecret(code) !== wanted)) throw new DoorstepError('challenge.return-code');
  const person = challenge.personId === null ? null : await domain.store.read.people.byId(challenge.personId);
  return challengeView(challenge, person, domain.organization.origin, domain.clock.now());
}
