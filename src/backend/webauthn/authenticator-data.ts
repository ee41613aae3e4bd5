import { endOfStrictCbor } from './strict-cbor.ts';

/** Authenticator data (WebAuthn Level 3, 6.1). */
export interface AuthenticatorData {
  readonly rpIdHash: Uint8Array;
  readonly userPresent: boolean;
  readonly userVerified: boolean;
  readonly backupEligible: boolean;
  readonly backedUp: boolean;
  readonly counter: number;
  readonly attested: {
    readonly aaguid: Uint8Array;
    readonly credentialId: Uint8Array;
    /** COSE_Key */
    readonly publicKey: Uint8Array;
  } | null;
}

const MAX_CREDENTIAL_ID = 1023;
const FLAG = { up: 0x01, uv: 0x04, be: 0x08, bs: 0x10, at: 0x40, ed: 0x80 };

/** Parses strictly: every length checked, every CBOR item in CTAP2 form, no byte left over. Null where it does not fit. */
export function readAuthenticatorData(bytes: Uint8Array): AuthenticatorData | null {
  if (bytes.length < 37) return null;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const flags = view.getUint8(32);
  let position = 37;
  let attested: AuthenticatorData['attested'] = null;
  if (flags & FLAG.at) {
    if (bytes.length < 55) return null;
    const length = view.getUint16(53);
    const keyStart = 55 + length;
    if (length === 0 || length > MAX_CREDENTIAL_ID || keyStart >= bytes.length || !isMap(bytes, keyStart)) return null;
    const keyEnd = endOfStrictCbor(bytes, keyStart);
    if (keyEnd === null) return null;
    attested = {
      aaguid: bytes.subarray(37, 53),
      credentialId: bytes.subarray(55, keyStart),
      publicKey: bytes.subarray(keyStart, keyEnd),
    };
    position = keyEnd;
  }
  if (flags & FLAG.ed) {
    const end = isMap(bytes, position) ? endOfStrictCbor(bytes, position) : null;
    if (end === null) return null;
    position = end;
  }
  if (position !== bytes.length) return null;
  return {
    rpIdHash: bytes.subarray(0, 32),
    userPresent: (flags & FLAG.up) !== 0,
    userVerified: (flags & FLAG.uv) !== 0,
    backupEligible: (flags & FLAG.be) !== 0,
    backedUp: (flags & FLAG.bs) !== 0,
    counter: view.getUint32(33),
    attested,
  };
}

function isMap(bytes: Uint8Array, at: number): boolean {
  return (bytes[at] ?? 0) >> 5 === 5;
}
