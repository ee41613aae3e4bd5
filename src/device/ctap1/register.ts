/** U2F registration (FIDO U2F Raw Message Formats 1.2, section 4). */
import { DoorstepError } from '../../contract/errors.ts';
import { concat } from '../bytes.ts';
import type { CallOptions, Link } from '../link.ts';
import { INSTRUCTION, STATUS_WORD, sendApdu, statusWordError } from './apdu.ts';
import { derLength } from './der.ts';

const RESERVED = 0x05;
const POINT_LENGTH = 65;

export interface U2fRegistration {
  /** Uncompressed P-256 point, 65 bytes. */
  readonly publicKey: Uint8Array;
  readonly keyHandle: Uint8Array;
  /** X.509, DER. */
  readonly certificate: Uint8Array;
  /** ECDSA signature, DER. */
  readonly signature: Uint8Array;
}

/** 'touch-needed' until somebody has touched: ask again. Throws for every other refusal. */
export async function register(
  link: Link,
  challenge: Uint8Array,
  application: Uint8Array,
  options: CallOptions = {},
): Promise<U2fRegistration | 'touch-needed'> {
  const { statusWord, data } = await sendApdu(link, INSTRUCTION.register, 0, concat(challenge, application), options);
  if (statusWord === STATUS_WORD.touchNeeded) return 'touch-needed';
  if (statusWord !== STATUS_WORD.ok) throw statusWordError(statusWord);
  return decodeRegistration(data);
}

/** Throws `token.misbehaved` for bytes that are no registration. */
export function decodeRegistration(data: Uint8Array): U2fRegistration {
  const wrong = () => new DoorstepError('token.misbehaved', { reason: 'u2f-registration' });
  const handleAt = 1 + POINT_LENGTH + 1;
  if (data.length < handleAt || data[0] !== RESERVED || data[1] !== 0x04) throw wrong();
  const handleLength = data[handleAt - 1] ?? 0;
  const certificateAt = handleAt + handleLength;
  const certificateLength = derLength(data.subarray(certificateAt));
  if (handleLength === 0 || certificateLength === null) throw wrong();
  const signatureAt = certificateAt + certificateLength;
  const signature = data.slice(signatureAt);
  if (derLength(signature) !== signature.length) throw wrong();
  return {
    publicKey: data.slice(1, 1 + POINT_LENGTH),
    keyHandle: data.slice(handleAt, certificateAt),
    certificate: data.slice(certificateAt, signatureAt),
    signature,
  };
}
