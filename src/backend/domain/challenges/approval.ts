import type { CheckedAnswer } from '../ceremonies/assertion.ts';
import type { Assurance, PersonRecord } from '../model.ts';
import type { ChallengeEnding } from '../stores.ts';

/**
 * How an approved request ends, and what its service learns.
 *
 * `amr` (RFC 8176): `pwd` where the password was shown to us; `hwk`, or `swk` where the key can be copied (WebAuthn
 * backup eligibility); `user` for the touch; `mfa` where two factors were shown, the PIN of the key counting as one.
 *
 * Only an answer in the browser is phishing-resistant: there the browser itself ties it to the page. A key that is
 * shown to the desktop answers whoever caused the request, as every out-of-band way does, so it is 'other-device'.
 */
export function approval(from: {
  person: PersonRecord;
  checked: CheckedAnswer;
  at: 'browser' | 'desktop';
  now: number;
  returnCodeHash: string | null;
}): ChallengeEnding {
  const { authenticator, userVerified } = from.checked;
  const withPassword = from.at === 'browser';
  const assurance: Assurance = from.at === 'browser' ? 'phishing-resistant' : 'other-device';
  return {
    state: 'approved',
    at: from.now,
    personId: from.person.id,
    result: {
      authenticatorId: authenticator.id,
      amr: [
        ...(withPassword ? ['pwd'] : []),
        authenticator.backupEligible ? 'swk' : 'hwk',
        'user',
        ...(withPassword || userVerified ? ['mfa'] : []),
      ],
      assurance,
      userVerified,
      returnCodeHash: from.returnCodeHash,
    },
  };
}
