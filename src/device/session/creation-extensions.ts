/** Extensions of a registration: what goes to the token and what comes back to the relying party (WebAuthn section 9, CTAP 2.1 section 12). */
import { DoorstepError } from '../../contract/errors.ts';
import { type CborKey, type CborMap, type CborValue, cborMap } from '../ctap2/cbor.ts';
import type { MadeCredential } from '../ctap2/make-credential.ts';
import { bytesOf, type Creation } from './options.ts';
import type { SessionToken } from './token.ts';

const PROTECTION = {
  userVerificationOptional: 1,
  userVerificationOptionalWithCredentialIDList: 2,
  userVerificationRequired: 3,
} as const;

export interface CreationExtensions {
  readonly inputs: CborMap;
  readonly outputs: (made: MadeCredential) => Readonly<Record<string, unknown>>;
}

/**
 * An extension that the token does not know is left out, except where the relying party insists: throws
 * `token.unsupported` then.
 */
export function creationExtensions(token: SessionToken, { extensions }: Creation, residentKey: boolean): CreationExtensions {
  const known = new Set(token.info?.extensions ?? []);
  const insist = (name: string): never => {
    throw new DoorstepError('token.unsupported', { extension: name });
  };
  const inputs: [CborKey, CborValue][] = [];

  const policy = extensions.credentialProtectionPolicy;
  if (policy !== undefined) {
    if (known.has('credProtect')) inputs.push(['credProtect', PROTECTION[policy]]);
    else if (extensions.enforceCredentialProtectionPolicy && policy !== 'userVerificationOptional') insist('credProtect');
  }
  const hmacSecret = extensions.hmacCreateSecret === true && known.has('hmac-secret');
  if (hmacSecret) inputs.push(['hmac-secret', true]);
  if (extensions.minPinLength === true && known.has('minPinLength')) inputs.push(['minPinLength', true]);

  const blob = extensions.credBlob === undefined ? undefined : bytesOf(extensions.credBlob, 'credBlob');
  const blobGoes = blob !== undefined && known.has('credBlob') && blob.length <= (token.info?.maxCredBlobLength ?? 0);
  if (blobGoes) inputs.push(['credBlob', blob]);

  const largeBlobs = known.has('largeBlobKey') && token.option('largeBlobs') === true && residentKey;
  if (extensions.largeBlob?.support === 'required' && !largeBlobs) insist('largeBlobKey');
  if (extensions.largeBlob !== undefined && largeBlobs) inputs.push(['largeBlobKey', true]);

  return {
    inputs: cborMap(inputs),
    outputs: (made) => ({
      ...(extensions.credProps === true ? { credProps: { rk: residentKey } } : {}),
      ...(extensions.hmacCreateSecret === true ? { hmacCreateSecret: made.authData.extensions?.get('hmac-secret') === true } : {}),
      ...(blob === undefined ? {} : { credBlob: made.authData.extensions?.get('credBlob') === true }),
      ...(extensions.largeBlob === undefined ? {} : { largeBlob: { supported: made.largeBlobKey !== undefined } }),
    }),
  };
}
