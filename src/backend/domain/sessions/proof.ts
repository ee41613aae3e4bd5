import type { CheckedAnswer } from '../ceremonies/assertion.ts';
import type { Assurance } from '../model.ts';

/** What a person has shown, whichever way: all that a session or a service's request goes by. */
export interface Proof {
  readonly authenticatorId: string;
  /** Of this step alone (RFC 8176), without `pwd` and `mfa`: they depend on what else was shown. */
  readonly amr: readonly string[];
  readonly userVerified: boolean;
  readonly assurance: Assurance;
}

/**
 * What a key has shown: `hwk`, or `swk` where the key can be copied (WebAuthn backup eligibility), and `user` for the touch.
 *
 * Only an answer in the browser is phishing-resistant: there the browser itself ties it to the page. A key that is
 * shown to the desktop answers whoever caused the request, as every out-of-band way does, so it is 'other-device'.
 */
export function proofOfKey({ authenticator, userVerified }: CheckedAnswer, at: 'browser' | 'desktop'): Proof {
  return {
    authenticatorId: authenticator.id,
    amr: [authenticator.backupEligible ? 'swk' : 'hwk', 'user'],
    userVerified,
    assurance: at === 'browser' ? 'phishing-resistant' : 'other-device',
  };
}

/** What a code has shown: one that is read from another device can be read out to anybody. */
export function proofOfCode(authenticatorId: string): Proof {
  return { authenticatorId, amr: ['otp'], userVerified: false, assurance: 'other-device' };
}
