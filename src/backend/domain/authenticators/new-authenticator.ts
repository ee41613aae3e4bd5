import { newId } from '../identifiers.ts';
import type { AuthenticatorRecord } from '../model.ts';

type Given = Pick<AuthenticatorRecord, 'personId' | 'kind' | 'name' | 'addedAt' | 'addedFrom'>;

/** A new authenticator, active unless `rest` says otherwise; what its kind does not have is empty. */
export function newAuthenticator(given: Given, rest: Partial<AuthenticatorRecord> = {}): AuthenticatorRecord {
  return {
    id: newId(),
    state: 'active',
    suspendedBecause: null,
    preferred: false,
    namedAt: null,
    namedBy: null,
    lastUsedAt: null,
    lastUsedFrom: null,
    removedAt: null,
    removedWipe: null,
    credentialId: null,
    publicKey: null,
    counter: 0,
    transports: [],
    aaguid: null,
    attestation: null,
    model: null,
    backupEligible: false,
    backedUp: false,
    counterAlarmAt: null,
    deviceKey: null,
    platform: null,
    generation: null,
    nextGenerations: null,
    lastGeneration: null,
    generationAt: null,
    codeForm: null,
    spareCodesLeft: null,
    heldBy: null,
    ...given,
    ...rest,
  };
}
