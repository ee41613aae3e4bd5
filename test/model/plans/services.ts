/** A service asks, and takes its request back. */
import { cancelChallenge } from '../../../src/backend/domain/challenges/cancel-challenge.ts';
import { createChallenge } from '../../../src/backend/domain/challenges/create-challenge.ts';
import type { Act } from '../acts.ts';
import { BROWSER, type Plan, pickLast } from '../plan.ts';
import type { Scene } from '../scene.ts';
import { isOpen, type ModelChallenge } from '../state.ts';
import { demand } from '../violation.ts';

export function serviceAsks(scene: Scene, { wantsKey }: Act & { act: 'service-asks' }): Plan {
  const { person, now } = scene;
  const { domain, service } = scene.world;
  const may = !person.disabled && !person.challenges.some((one) => isOpen(one, now));
  const wanted = wantsKey ? ('required' as const) : ('preferred' as const);
  return {
    run: () => createChallenge(domain, BROWSER, service, { username: person.record.username, userVerification: wanted }),
    settle: (outcome, alone) => {
      if (!outcome.ok) {
        if (alone) demand(!may || outcome.code === 'request.rate-limited', `a service could not ask: ${outcome.code}`);
        return;
      }
      demand(may || !alone, 'a service asked while it could not');
      const { id, number, expiresAt } = outcome.value as { id: string; number: string | null; expiresAt: string };
      if (alone)
        demand(
          (number !== null) === (scene.mayApprove() && !wantsKey),
          'a number is shown where nobody could type it, or none where somebody could',
        );
      person.challenges.push(
        newChallenge({
          id,
          kind: 'service',
          serviceName: service.name,
          wantsKey,
          behind: null,
          expiresAt: Date.parse(expiresAt),
          number,
          session: null,
        }),
      );
    },
  };
}

export function serviceCancels(scene: Scene, act: Act & { act: 'service-cancels' }): Plan | null {
  const { domain, service } = scene.world;
  const challenge = pickLast(
    scene.person.challenges.filter(({ kind }) => kind === 'service'),
    act.challenge,
  );
  if (challenge === null) return null;
  const promised = isOpen(challenge, scene.now);
  return {
    run: () => cancelChallenge(domain, BROWSER, service, challenge.id),
    settle: (outcome, alone) => {
      if (outcome.ok) scene.end(challenge, 'canceled', promised);
      else if (alone) demand(!promised, `the service could not take its request back: ${outcome.code}`);
    },
  };
}

export function newChallenge(
  from: Pick<ModelChallenge, 'id' | 'kind' | 'serviceName' | 'wantsKey' | 'behind' | 'expiresAt' | 'number' | 'session'>,
): ModelChallenge {
  return { ...from, state: 'pending', oldNumbers: [], tries: 0, approvedAt: 0, approvedBy: null, redeemed: false, unsure: false };
}
