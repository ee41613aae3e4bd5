import { DoorstepError } from '../../../contract/errors.ts';
import type { DeviceSnapshot, WaitingChallenge } from '../../../contract/http/shapes.ts';
import { whoAsks } from '../approvals/who-asks.ts';
import { instant } from '../clock.ts';
import type { Domain } from '../domain.ts';
import { shownText } from '../shown-text.ts';
import { authenticatorView, LONGEST_NAME, personView, waitingChallengeView } from '../views.ts';
import type { CurrentDevice } from './device-request.ts';

/** A window that shows a request hears of its end within this time, or was away; milliseconds. */
const ENDED_LATELY = 5 * 60_000;

/** What all desktops of a person show, and which desktops these are. */
export interface PersonSnapshot {
  readonly shown: Omit<DeviceSnapshot, 'deviceId'>;
  /** Ids of those that are not removed or stopped. */
  readonly desktops: ReadonlySet<string>;
}

/**
 * Null where the account is closed. The version is read first and the time last: a change in between makes it look older,
 * never newer, and nothing in it is later than its time. Every text in it is fit to be shown.
 */
export async function personSnapshot(domain: Domain, personId: string): Promise<PersonSnapshot | null> {
  const now = domain.clock.now();
  const person = await domain.store.read.people.byId(personId);
  if (person === null || person.disabledAt !== null) return null;
  const authenticators = await domain.store.read.authenticators.listOf(personId);
  const challenges: WaitingChallenge[] = [];
  for (const challenge of await domain.store.read.challenges.pendingOf(personId, now)) {
    challenges.push(waitingChallengeView(challenge, await whoAsks(domain, challenge), domain.policy.approvalTries));
  }
  const ended = await domain.store.read.challenges.lastEndings(personId, now - ENDED_LATELY);
  const { username, displayName, id } = personView(person);
  return {
    shown: {
      version: person.version,
      serverTime: instant(domain.clock.now()),
      person: { id, username: shownText(username, LONGEST_NAME), displayName: shownText(displayName, LONGEST_NAME) },
      organization: domain.organization,
      authenticators: authenticators.map(authenticatorView),
      challenges,
      ended: ended.map((each) => ({ id: each.id, state: each.state, authenticatorId: each.result?.authenticatorId ?? null })),
      policy: {
        approvals: domain.policy.approvals,
        approvalsStopped: person.approvalsStoppedAt !== null,
        codes: domain.policy.codes.allowed,
      },
    },
    desktops: new Set(authenticators.flatMap(({ id, kind, state }) => (kind === 'desktop' && state === 'active' ? [id] : []))),
  };
}

/** All that a paired desktop shows. Throws `person.disabled` where the account was closed meanwhile. */
export async function deviceSnapshot(
  domain: Domain,
  { device, person }: Pick<CurrentDevice, 'device' | 'person'>,
): Promise<DeviceSnapshot> {
  const snapshot = await personSnapshot(domain, person.id);
  if (snapshot === null) throw new DoorstepError('person.disabled');
  return { ...snapshot.shown, deviceId: device.id };
}
