/** Records for the stores of tests and benches, where nobody comes by through the pages: each call says what is special of one. */
import type { CodeRecord, SealedSeed } from '../../src/backend/domain/codes/model.ts';
import { hashSecret, newId } from '../../src/backend/domain/identifiers.ts';
import type { AuthenticatorRecord, ServiceRecord, SessionRecord } from '../../src/backend/domain/model.ts';
import { hashSessionToken } from '../../src/backend/domain/sessions/token.ts';

/** A session that has shown the password and nothing else. `token` is the bearer's, `at` its beginning. */
export function sessionRecord(
  { personId, token, at }: { readonly personId: string; readonly token: string; readonly at: number },
  more: Partial<SessionRecord> = {},
): SessionRecord {
  return {
    id: newId(),
    tokenHash: hashSessionToken(token),
    personId,
    state: 'password',
    challengeId: null,
    createdAt: at,
    seenAt: at,
    secondStepAt: null,
    authenticatorId: null,
    source: '::1',
    ...more,
  };
}

/** A service that sends nobody anywhere. */
export function serviceRecord({ name, key, at }: { readonly name: string; readonly key: string; readonly at: number }): ServiceRecord {
  return { id: newId(), name, keyHash: hashSecret(key), returnAddresses: [], disabledAt: null, createdAt: at };
}

/** The secret side of an authenticator that gives codes, none of which was used. */
export function codeRecord(
  { id, personId, kind, codeForm }: AuthenticatorRecord,
  sealed: SealedSeed,
  more: Partial<CodeRecord> = {},
): CodeRecord {
  if ((kind !== 'totp' && kind !== 'hotp') || codeForm === null) throw new Error(`a ${kind} gives no codes`);
  return {
    authenticatorId: id,
    personId,
    kind,
    ...codeForm,
    ...sealed,
    lastPosition: -1,
    drift: 0,
    failures: 0,
    blockedUntil: 0,
    candidate: null,
    candidateAt: null,
    ...more,
  };
}
