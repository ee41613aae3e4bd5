import { type AuthenticatorData, readAuthenticatorData } from './authenticator-data.ts';
import { fromBase64Url } from './base64url.ts';
import { readStrictCbor } from './strict-cbor.ts';

export interface AttestationObject {
  readonly format: string;
  readonly data: AuthenticatorData;
  readonly statement: ReadonlyMap<unknown, unknown>;
  /** Certificates of the statement (x5c) as DER, leaf first; null where it has none. */
  readonly chain: readonly Uint8Array[] | null;
}

/** So many certificates at most: real chains have three. */
const MAX_CHAIN = 8;

/** Attestation object (WebAuthn Level 3, 6.5.4), one strict CBOR item and nothing after it; null where it does not fit. */
export function readAttestationObject(attestationObject: string): AttestationObject | null {
  const bytes = fromBase64Url(attestationObject);
  const read = bytes === null ? null : readStrictCbor(bytes, 0);
  if (bytes === null || read?.end !== bytes.length || !(read.item instanceof Map)) return null;
  const format: unknown = read.item.get('fmt');
  const statement: unknown = read.item.get('attStmt');
  const authData: unknown = read.item.get('authData');
  if (typeof format !== 'string' || !(authData instanceof Uint8Array) || !(statement instanceof Map)) return null;
  const data = readAuthenticatorData(authData);
  const chain: unknown = statement.get('x5c');
  if (data === null || (chain !== undefined && !isChain(chain))) return null;
  return { format, data, statement, chain: chain ?? null };
}

function isChain(value: unknown): value is Uint8Array[] {
  return Array.isArray(value) && value.length > 0 && value.length <= MAX_CHAIN && value.every((one) => one instanceof Uint8Array);
}

/** DER of the object identifier of cRLDistributionPoints (2.5.29.31). */
const CRL_DISTRIBUTION_POINTS = Buffer.from('0603551d1f', 'hex');

/**
 * An android-key chain brings its own root, and the library looks up the revocation list that any of its certificates
 * names: whoever makes the certificates would choose an address for the backend to call.
 */
export function mayFetch({ format, chain }: AttestationObject): boolean {
  return format === 'android-key' && (chain ?? []).some((certificate) => Buffer.from(certificate).includes(CRL_DISTRIBUTION_POINTS));
}
