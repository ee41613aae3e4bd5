/** An assertion as the relying party gets it (AuthenticationResponseJSON, WebAuthn Level 3, section 5.1.8). Pure. */
import type { AssertionJson } from '../../contract/tokens.ts';
import { toBase64url } from '../bytes.ts';
import type { Request } from './options.ts';

export interface Signed {
  readonly credentialId: Uint8Array;
  readonly authenticatorData: Uint8Array;
  readonly signature: Uint8Array;
  readonly userHandle: Uint8Array | undefined;
  readonly extensions: Readonly<Record<string, unknown>>;
}

export function assertionJson(request: Request, signed: Signed): AssertionJson {
  const id = toBase64url(signed.credentialId);
  return {
    id,
    rawId: id,
    type: 'public-key',
    authenticatorAttachment: 'cross-platform',
    response: {
      clientDataJSON: toBase64url(request.clientDataJson),
      authenticatorData: toBase64url(signed.authenticatorData),
      signature: toBase64url(signed.signature),
      ...(signed.userHandle === undefined ? {} : { userHandle: toBase64url(signed.userHandle) }),
    },
    clientExtensionResults: signed.extensions,
  };
}
