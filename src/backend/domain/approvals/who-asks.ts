import type { Domain } from '../domain.ts';
import type { ChallengeRecord } from '../model.ts';
import { shownText } from '../shown-text.ts';
import { LONGEST_NAME } from '../views.ts';

/** The name that both the page and the desktop show: of the service, or of the organization for its own sign-in page. */
export async function whoAsks(domain: Domain, challenge: Pick<ChallengeRecord, 'serviceId' | 'forChallengeId'>): Promise<string> {
  const behind = challenge.forChallengeId === null ? null : await domain.store.read.challenges.byId(challenge.forChallengeId);
  const id = challenge.serviceId ?? behind?.serviceId ?? null;
  const service = id === null ? null : await domain.store.read.services.byId(id);
  return shownText(service?.name ?? domain.organization.name, LONGEST_NAME);
}
