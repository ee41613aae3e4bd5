import type { PersonRecord } from '../model.ts';
import type { Proof } from '../sessions/proof.ts';
import type { ChallengeEnding } from '../stores.ts';

/**
 * How an approved request ends, and what its service learns.
 *
 * `amr` (RFC 8176): `pwd` where the password was shown to us, what the proof names, and `mfa` where two factors were
 * shown, the PIN of the key counting as one.
 */
export function approval(from: {
  person: PersonRecord;
  proof: Proof;
  withPassword: boolean;
  now: number;
  returnCodeHash: string | null;
}): ChallengeEnding {
  const { proof, withPassword } = from;
  return {
    state: 'approved',
    at: from.now,
    personId: from.person.id,
    result: {
      authenticatorId: proof.authenticatorId,
      amr: [...(withPassword ? ['pwd'] : []), ...proof.amr, ...(withPassword || proof.userVerified ? ['mfa'] : [])],
      assurance: proof.assurance,
      userVerified: proof.userVerified,
      returnCodeHash: from.returnCodeHash,
    },
  };
}
