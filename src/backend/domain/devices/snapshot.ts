import type { DeviceSnapshot, WaitingChallenge } from '../../../contract/http/shapes.ts';
import { instant } from '../clock.ts';
import type { Domain } from '../domain.ts';
import { authenticatorView, personView, waitingChallengeView } from '../views.ts';
import type { CurrentDevice } from './device-request.ts';

/** All that a paired desktop shows. The version is read first: a change in between makes it look older, never newer. */
export async function deviceSnapshot(domain: Domain, { device, person }: CurrentDevice): Promise<DeviceSnapshot> {
  const now = domain.clock.now();
  const current = (await domain.store.read.people.byId(person.id)) ?? person;
  const authenticators = await domain.store.read.authenticators.listOf(person.id);
  const challenges: WaitingChallenge[] = [];
  for (const challenge of await domain.store.read.challenges.pendingOf(person.id, now)) {
    const service = await domain.store.read.services.byId(challenge.serviceId);
    if (service !== null) challenges.push(waitingChallengeView(challenge, service));
  }
  return {
    version: current.version,
    serverTime: instant(now),
    deviceId: device.id,
    person: personView(current),
    organization: domain.organization,
    authenticators: authenticators.map(authenticatorView),
    challenges,
    policy: { approvals: false, approvalsStopped: false, codes: false },
  };
}
