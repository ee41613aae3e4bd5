import { verify, X509Certificate } from 'node:crypto';
import type { AttestationObject } from './attestation-object.ts';
import { readCredentialKey } from './cose-key.ts';

/**
 * FIDO U2F attestation statement (WebAuthn Level 3, 8.6). The library refuses an AAGUID that is not zero here, which the
 * specification's own test vector has, so this one is checked by us.
 */
export function u2fStatementHolds({ data, chain, statement }: AttestationObject, clientDataHash: Uint8Array): boolean {
  const signature = statement.get('sig');
  const [certificate] = chain ?? [];
  // Step 2: exactly one certificate, with a P-256 key.
  if (certificate === undefined || chain?.length !== 1 || !(signature instanceof Uint8Array) || data.attested === null) return false;
  const attestationKey = new X509Certificate(Buffer.from(certificate)).publicKey;
  if (attestationKey.asymmetricKeyDetails?.namedCurve !== 'prime256v1') return false;
  // Step 4: the credential's key in the raw form of ANSI X9.62.
  const credentialKey = readCredentialKey(data.attested.publicKey);
  if (credentialKey?.algorithm !== -7) return false;
  const { x = '', y = '' } = credentialKey.key.export({ format: 'jwk' });
  const point = Buffer.concat([Buffer.from([0x04]), Buffer.from(x, 'base64url'), Buffer.from(y, 'base64url')]);
  // Steps 5 and 6.
  const signed = Buffer.concat([Buffer.from([0x00]), data.rpIdHash, clientDataHash, data.attested.credentialId, point]);
  return verify('sha256', signed, attestationKey, signature);
}
