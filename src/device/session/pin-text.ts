/** What a PIN may be (CTAP 2.1 section 6.5.1). Pure. */
import { sha256, utf8 } from '../bytes.ts';

/** Bytes: the 64th of the padded PIN is always zero. */
const MAX_BYTES = 63;
const PADDED = 64;
/** No token takes fewer code points, whatever it says. */
const LEAST = 4;

export interface PinText {
  /** UTF-8 of the NFC form. */
  readonly bytes: Uint8Array;
  /** Unicode code points of the NFC form: what minPINLength counts. */
  readonly length: number;
}

export function readPin(typed: string): PinText {
  const normal = typed.normalize('NFC');
  return { bytes: utf8(normal), length: [...normal].length };
}

export type NewPinFault = 'too-short' | 'too-long' | 'ends-in-zero';

/** Whether a new PIN is one that a token with these bounds (code points) must take; null if so. */
export function newPinFault(pin: PinText, bounds: { readonly min: number; readonly max: number }): NewPinFault | null {
  if (pin.length < Math.max(LEAST, bounds.min)) return 'too-short';
  if (pin.bytes.length > MAX_BYTES || pin.length > bounds.max) return 'too-long';
  return pin.bytes.at(-1) === 0 ? 'ends-in-zero' : null;
}

/** Whether this can be the PIN of any token. One that cannot is never sent: it would cost a try. */
export function canBePin(pin: PinText): boolean {
  return newPinFault(pin, { min: LEAST, max: MAX_BYTES }) === null;
}

/** The form in which setPIN and changePIN encrypt a new PIN: 64 bytes, zero padded. */
export function padPin(pin: PinText): Uint8Array {
  const padded = new Uint8Array(PADDED);
  padded.set(pin.bytes);
  return padded;
}

/** First 16 bytes of SHA-256: all that a token ever gets of a PIN that is set. */
export function hashPin(pin: PinText): Uint8Array {
  return sha256(pin.bytes).slice(0, 16);
}
