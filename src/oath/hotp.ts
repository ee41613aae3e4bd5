/** HMAC-based one-time passwords (RFC 4226), with the hash functions that RFC 6238, 1.2 allows. */
import type { Form } from './form.ts';
import { type HmacKey, hmac, hmacKey } from './hmac.ts';

const MODULUS = { 6: 1_000_000, 8: 100_000_000 } as const;

/**
 * The code of `counter` (0 to 2^53-1), zero-padded to the form's digits.
 * @example hotp(seed.key, 0, { algorithm: 'SHA1', digits: 6 }) // '755224' for RFC 4226's own secret
 */
export function hotp(key: Uint8Array | HmacKey, counter: number, form: Form): string {
  if (!Number.isSafeInteger(counter) || counter < 0) throw new RangeError('a counter is an integer from 0 to 2^53-1');
  return hotpValue(hmacKey(key, form.algorithm), counter, form).toString().padStart(form.digits, '0');
}

/** The code of `counter` as a number: RFC 4226, 5.3. `counter` is not checked. */
export function hotpValue(key: HmacKey, counter: number, form: Form): number {
  const hash = hmac(key, counter);
  // 5.3, step 2: the low four bits of the last byte say where to read; RFC 6238, 1.2 keeps "the last" for longer hashes.
  const offset = byte(hash, hash.length - 1) & 0xf;
  const snum =
    ((byte(hash, offset) & 0x7f) << 24) | (byte(hash, offset + 1) << 16) | (byte(hash, offset + 2) << 8) | byte(hash, offset + 3);
  // 5.3, step 3
  return snum % MODULUS[form.digits];
}

function byte(hash: string, at: number): number {
  return hash.charCodeAt(at);
}
