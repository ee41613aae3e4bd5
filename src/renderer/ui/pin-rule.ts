/**
 * Bounds of a PIN on the wire (CTAP 2.1, 6.5.5.5: at most 63 bytes of UTF-8, at least the key's own minimum
 * in Unicode code points). The key has the last word; this only spares a trip.
 */
export const PIN_MOST_BYTES = 63;

export type PinFault = { readonly kind: 'short'; readonly typed: number } | { readonly kind: 'long' } | { readonly kind: 'differs' };

/** Length as the key counts it: Unicode code points after NFC. */
export function pinLength(pin: string): number {
  return [...pin.normalize('NFC')].length;
}

/** What is wrong with a new PIN that was typed twice, or null. */
export function newPinFault(pin: string, again: string, minLength: number): PinFault | null {
  const typed = pinLength(pin);
  if (typed < minLength) return { kind: 'short', typed };
  if (new TextEncoder().encode(pin.normalize('NFC')).length > PIN_MOST_BYTES) return { kind: 'long' };
  if (pin.normalize('NFC') !== again.normalize('NFC')) return { kind: 'differs' };
  return null;
}
