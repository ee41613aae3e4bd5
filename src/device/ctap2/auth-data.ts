/** Authenticator data (WebAuthn Level 3, section 6.1). Pure. */
import { DoorstepError } from '../../contract/errors.ts';
import { type CborMap, decodeCborPrefix, isCborMap } from './cbor.ts';

export const FLAG = { up: 0x01, uv: 0x04, be: 0x08, bs: 0x10, at: 0x40, ed: 0x80 } as const;

export const AAGUID_AT = 37;
const AAGUID_LENGTH = 16;
/** WebAuthn section 6.5.1: credential ids have at most 1023 bytes. */
const MAX_CREDENTIAL_ID = 1023;

export interface AuthenticatorData {
  readonly bytes: Uint8Array;
  readonly rpIdHash: Uint8Array;
  readonly flags: number;
  readonly signCount: number;
  readonly attested: {
    readonly aaguid: Uint8Array;
    readonly credentialId: Uint8Array;
    readonly publicKey: CborMap;
  } | null;
  readonly extensions: CborMap | null;
}

function wrong(why: string): DoorstepError {
  return new DoorstepError('token.misbehaved', { reason: 'authenticator-data', why });
}

/** Throws `token.misbehaved` unless `bytes` are exactly what their flags announce. */
export function parseAuthenticatorData(bytes: Uint8Array): AuthenticatorData {
  if (bytes.length < AAGUID_AT) throw wrong('short');
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const flags = view.getUint8(32);
  if ((flags & FLAG.bs) !== 0 && (flags & FLAG.be) === 0) throw wrong('backup-flags');
  let at = AAGUID_AT;
  let attested: AuthenticatorData['attested'] = null;
  if ((flags & FLAG.at) !== 0) {
    if (bytes.length < at + AAGUID_LENGTH + 2) throw wrong('short');
    const aaguid = bytes.slice(at, at + AAGUID_LENGTH);
    const length = view.getUint16(at + AAGUID_LENGTH);
    at += AAGUID_LENGTH + 2;
    if (length === 0 || length > MAX_CREDENTIAL_ID || bytes.length < at + length) throw wrong('credential-id');
    const credentialId = bytes.slice(at, at + length);
    const key = decodeCborPrefix(bytes, at + length);
    if (!isCborMap(key.value)) throw wrong('public-key');
    at = key.end;
    attested = { aaguid, credentialId, publicKey: key.value };
  }
  let extensions: CborMap | null = null;
  if ((flags & FLAG.ed) !== 0) {
    const decoded = decodeCborPrefix(bytes, at);
    if (!isCborMap(decoded.value)) throw wrong('extensions');
    extensions = decoded.value;
    at = decoded.end;
  }
  if (at !== bytes.length) throw wrong('trailing-bytes');
  return { bytes, rpIdHash: bytes.slice(0, 32), flags, signCount: view.getUint32(33), attested, extensions };
}
