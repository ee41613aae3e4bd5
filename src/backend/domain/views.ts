/** From what is stored to what the API carries. */
import type { Authenticator, Challenge, Person, WaitingChallenge } from '../../contract/http/shapes.ts';
import { instant } from './clock.ts';
import type { AuthenticatorRecord, ChallengeRecord, PersonRecord, ServiceRecord } from './model.ts';

export function personView(person: PersonRecord): Person {
  return { id: person.id, username: person.username, displayName: person.displayName };
}

export function authenticatorView(authenticator: AuthenticatorRecord): Authenticator {
  return {
    id: authenticator.id,
    kind: authenticator.kind,
    name: authenticator.name,
    state: authenticator.state,
    suspendedBecause: null,
    code: null,
    spareCodesLeft: null,
    preferred: authenticator.preferred,
    model: authenticator.model,
    aaguid: authenticator.aaguid,
    attestation: authenticator.attestation,
    credentialId: authenticator.credentialId,
    addedAt: instant(authenticator.addedAt),
    lastUsedAt: authenticator.lastUsedAt === null ? null : instant(authenticator.lastUsedAt),
    lastUsedFrom: authenticator.lastUsedFrom,
  };
}

export function waitingChallengeView(challenge: ChallengeRecord, service: ServiceRecord): WaitingChallenge {
  return {
    id: challenge.id,
    serviceName: service.name,
    place: challenge.place,
    asked: null,
    number: null,
    byKey: true,
    createdAt: instant(challenge.createdAt),
    expiresAt: instant(challenge.expiresAt),
  };
}

export function challengeView(challenge: ChallengeRecord, person: PersonRecord | null, origin: string, now: number): Challenge {
  const overdue = challenge.state === 'pending' && challenge.expiresAt <= now;
  return {
    id: challenge.id,
    state: overdue ? 'expired' : challenge.state,
    createdAt: instant(challenge.createdAt),
    expiresAt: instant(challenge.expiresAt),
    signInUrl: `${origin}/sign-in?challenge=${challenge.id}`,
    number: null,
    result:
      challenge.state === 'approved' && challenge.result !== null && person !== null
        ? {
            amr: [...challenge.result.amr],
            authenticatorId: challenge.result.authenticatorId,
            assurance: challenge.result.assurance,
            userVerified: challenge.result.userVerified,
            person: personView(person),
          }
        : null,
  };
}
