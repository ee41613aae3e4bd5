import { DoorstepError } from '../../../contract/errors.ts';
import type { Challenge } from '../../../contract/http/shapes.ts';
import type { Caller, Domain } from '../domain.ts';
import type { ServiceRecord } from '../model.ts';
import { personChanged } from '../people/person-changed.ts';
import { readChallenge } from './read-challenge.ts';

/** A service takes its request back. Throws `challenge.not-found`, `challenge.ended`. */
export async function cancelChallenge(domain: Domain, caller: Caller, service: ServiceRecord, id: string): Promise<Challenge> {
  const challenge = await domain.store.read.challenges.byId(id);
  if (challenge === null || challenge.serviceId !== service.id) throw new DoorstepError('challenge.not-found');
  await domain.store.transaction(async (tx) => {
    const now = domain.clock.now();
    if (!(await tx.challenges.end(id, { state: 'canceled', at: now }))) throw new DoorstepError('challenge.ended');
    tx.announce(`challenge:${id}`);
    if (challenge.personId !== null) {
      await personChanged(tx, challenge.personId);
    }
    await tx.audit.append(
      {
        event: 'challenge.canceled',
        outcome: 'done',
        actor: { kind: 'service', id: service.id },
        personId: challenge.personId,
        subjectId: id,
        source: caller.source,
        reason: null,
        facts: {},
      },
      now,
    );
  });
  return readChallenge(domain, service, id, null);
}
