import { verifyAuthenticationResponse, verifyRegistrationResponse } from '@simplewebauthn/server';
import { expect } from 'vitest';
import type { AssertionJson, RegistrationJson } from '../../src/contract/tokens.ts';
import { ORIGIN } from './ceremonies.ts';

interface Made<T> {
  readonly challenge: string;
  readonly credential: T;
}

/** What `ladder-run.ts` printed, judged as a relying party does. */
export async function checkSteps(steps: Readonly<Record<string, unknown>>): Promise<void> {
  const registered = steps['registered'] as Made<RegistrationJson>;
  const registration = await verifyRegistrationResponse({
    response: registered.credential as unknown as Parameters<typeof verifyRegistrationResponse>[0]['response'],
    expectedChallenge: registered.challenge,
    expectedOrigin: ORIGIN,
    expectedRPID: 'login.example',
    requireUserVerification: false,
  });
  expect(registration.verified).toBe(true);
  expect(registration.registrationInfo?.fmt).toBe('packed');
  const credential = registration.registrationInfo?.credential;
  if (credential === undefined) throw new Error('no credential');
  for (const [name, requireUserVerification] of [
    ['asserted', false],
    ['verified', true],
  ] as const) {
    const { challenge, credential: response } = steps[name] as Made<AssertionJson>;
    const assertion = await verifyAuthenticationResponse({
      response: response as unknown as Parameters<typeof verifyAuthenticationResponse>[0]['response'],
      expectedChallenge: challenge,
      expectedOrigin: ORIGIN,
      expectedRPID: 'login.example',
      credential,
      requireUserVerification,
    });
    expect(assertion.verified).toBe(true);
    expect(assertion.authenticationInfo.userVerified).toBe(requireUserVerification);
    credential.counter = assertion.authenticationInfo.newCounter;
  }
  expect(steps['pin']).toMatchObject({ state: 'set' });
  expect(steps['gone']).toEqual({ outcome: 'token.gone', left: 0 });
}
