/** clientDataJSON, byte for byte (WebAuthn Level 3, section 5.8.1.1). Pure. */
import { utf8 } from '../bytes.ts';

export interface ClientData {
  readonly type: 'webauthn.create' | 'webauthn.get';
  /** base64url without padding. */
  readonly challenge: string;
  readonly origin: string;
}

/**
 * Limited verifiers compare bytes, so the order of the members and the escapes are fixed.
 * A native client is never inside another page: crossOrigin is false and there is no topOrigin.
 */
export function serializeClientData(data: ClientData): Uint8Array {
  return utf8(
    `{"type":${ccdToString(data.type)},"challenge":${ccdToString(data.challenge)},"origin":${ccdToString(data.origin)},"crossOrigin":false}`,
  );
}

/** CCDToString: only the quote, the backslash and the control characters are escaped. */
export function ccdToString(text: string): string {
  let out = '"';
  for (const character of text) {
    const code = character.codePointAt(0) ?? 0;
    if (character === '"' || character === '\\') out += `\\${character}`;
    else if (code < 0x20) out += `\\u${code.toString(16).padStart(4, '0')}`;
    else out += character;
  }
  return `${out}"`;
}
