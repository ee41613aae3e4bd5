/** The attestation object, and what of it a relying party that asked for none may see (WebAuthn Level 3, sections 5.1.3 and 6.5.4). Pure. */
import type { CreationOptionsJson } from '../../contract/tokens.ts';
import { AAGUID_AT } from '../ctap2/auth-data.ts';
import { type CborMap, cborMap, encodeCbor } from '../ctap2/cbor.ts';

export interface Attestation {
  readonly format: string;
  readonly authData: Uint8Array;
  readonly statement: CborMap;
}

const AAGUID_LENGTH = 16;

/**
 * With the conveyance "none" the statement goes and the AAGUID becomes zeros, unless the token attested itself
 * with no AAGUID: there is nothing to hide then, and a signature less to lose.
 */
export function convey(attestation: Attestation, conveyance: NonNullable<CreationOptionsJson['attestation']>): Attestation {
  if (conveyance !== 'none') return attestation;
  const aaguid = attestation.authData.subarray(AAGUID_AT, AAGUID_AT + AAGUID_LENGTH);
  const anonymous = aaguid.every((byte) => byte === 0);
  if (anonymous && attestation.format === 'packed' && !attestation.statement.has('x5c')) return attestation;
  const authData = attestation.authData.slice();
  authData.fill(0, AAGUID_AT, AAGUID_AT + AAGUID_LENGTH);
  return { format: 'none', authData, statement: cborMap([]) };
}

export function encodeAttestation({ format, authData, statement }: Attestation): Uint8Array {
  return encodeCbor(
    cborMap([
      ['fmt', format],
      ['attStmt', statement],
      ['authData', authData],
    ]),
  );
}
