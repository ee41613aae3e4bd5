/** U2F authentication and the check whose key handle it is (FIDO U2F Raw Message Formats 1.2, section 5). */
import { DoorstepError } from '../../contract/errors.ts';
import { concat } from '../bytes.ts';
import type { CallOptions, Link } from '../link.ts';
import { INSTRUCTION, STATUS_WORD, sendApdu, statusWordError } from './apdu.ts';

const CONTROL = { enforceTouchAndSign: 0x03, checkOnly: 0x07 } as const;
/** The length of a key handle is one byte. */
const MAX_KEY_HANDLE = 255;

export interface U2fSignature {
  /** User presence byte; bit 0 set means touched. */
  readonly presence: number;
  readonly counter: number;
  /** ECDSA signature, DER. */
  readonly signature: Uint8Array;
}

function message(challenge: Uint8Array, application: Uint8Array, keyHandle: Uint8Array): Uint8Array {
  return concat(challenge, application, Uint8Array.of(keyHandle.length), keyHandle);
}

/** Whether the token made this key handle for this application. Nobody has to touch anything. */
export async function isMine(link: Link, application: Uint8Array, keyHandle: Uint8Array, options: CallOptions = {}): Promise<boolean> {
  if (keyHandle.length > MAX_KEY_HANDLE) return false;
  const challenge = new Uint8Array(32);
  const { statusWord } = await sendApdu(
    link,
    INSTRUCTION.authenticate,
    CONTROL.checkOnly,
    message(challenge, application, keyHandle),
    options,
  );
  switch (statusWord) {
    // "Conditions not satisfied" is how check-only says yes.
    case STATUS_WORD.touchNeeded:
      return true;
    case STATUS_WORD.wrongData:
    case STATUS_WORD.wrongLength:
      return false;
    case STATUS_WORD.ok:
      throw new DoorstepError('token.misbehaved', { reason: 'signed-unasked' });
    default:
      throw statusWordError(statusWord);
  }
}

/** 'touch-needed' until somebody has touched: ask again. Throws for every other refusal. */
export async function authenticate(
  link: Link,
  challenge: Uint8Array,
  application: Uint8Array,
  keyHandle: Uint8Array,
  options: CallOptions = {},
): Promise<U2fSignature | 'touch-needed'> {
  if (keyHandle.length > MAX_KEY_HANDLE) throw new DoorstepError('token.no-credentials');
  const request = message(challenge, application, keyHandle);
  const { statusWord, data } = await sendApdu(link, INSTRUCTION.authenticate, CONTROL.enforceTouchAndSign, request, options);
  if (statusWord === STATUS_WORD.touchNeeded) return 'touch-needed';
  if (statusWord !== STATUS_WORD.ok) throw statusWordError(statusWord);
  if (data.length < 6) throw new DoorstepError('token.misbehaved', { reason: 'u2f-signature' });
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
  return { presence: view.getUint8(0), counter: view.getUint32(1), signature: data.slice(5) };
}
