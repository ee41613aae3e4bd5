/** From what is stored to what the API carries. */
import type { Authenticator, Challenge, Person, WaitingChallenge } from '../../contract/http/shapes.ts';
import { instant } from './clock.ts';
import type { AuthenticatorRecord, ChallengeRecord, PersonRecord } from './model.ts';
import { shownText } from './shown-text.ts';

/** Letters of a name, and of a place, at most where people are shown it. */
export const LONGEST_NAME = 64;
export const LONGEST_PLACE = 128;

export function personView(person: PersonRecord): Person {
  return { id: person.id, username: person.username, displayName: person.displayName };
}

export function authenticatorView(authenticator: AuthenticatorRecord): Authenticator {
  return {
    id: authenticator.id,
    kind: authenticator.kind,
    name: shownText(authenticator.name, LONGEST_NAME),
    state: authenticator.state,
    suspendedBecause: authenticator.suspendedBecause,
    code: authenticator.codeForm,
    spareCodesLeft: authenticator.spareCodesLeft,
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

/** `serviceName` as `whoAsks` says it, `tries` of the number at most. */
export function waitingChallengeView(challenge: ChallengeRecord, serviceName: string, tries: number): WaitingChallenge {
  const { place, askedAddress, askedBrowser, numberHash, numberDigits, numberTries } = challenge;
  return {
    id: challenge.id,
    serviceName,
    place: place === null ? null : shownText(place, LONGEST_PLACE),
    asked: askedAddress === null ? null : { address: askedAddress, browser: askedBrowser },
    number: numberHash === null || numberDigits === null ? null : { digits: numberDigits, triesLeft: Math.max(tries - numberTries, 0) },
    byKey: answersByKey(challenge),
    createdAt: instant(challenge.createdAt),
    expiresAt: instant(challenge.expiresAt),
  };
}

/** Where a page shows a number, only the number will do: it alone ties the answer to that page. */
export function answersByKey({ serviceId, sessionId }: ChallengeRecord): boolean {
  return serviceId !== null && sessionId === null;
}

export function challengeView(
  challenge: ChallengeRecord,
  person: PersonRecord | null,
  origin: string,
  now: number,
  number: string | null = null,
): Challenge {
  const overdue = challenge.state === 'pending' && challenge.expiresAt <= now;
  return {
    id: challenge.id,
    state: overdue ? 'expired' : challenge.state,
    createdAt: instant(challenge.createdAt),
    expiresAt: instant(challenge.expiresAt),
    signInUrl: `${origin}/sign-in?challenge=${challenge.id}`,
    number,
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
