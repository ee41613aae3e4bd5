/** HMAC-based one-time passwords (RFC 4226), with the hash functions that RFC 6238, 1.2 allows. */
import type { Form } from './form.ts';
import { type HmacKey, hmac, hmacKey } from './hmac.ts';

const MODULUS = { 6: 1_000_000, 8: 100_000_000 } as const;
const TWO_TO_32 = 0x1_0000_0000;

/** Reused for each code: an HMAC has read its message before the next is written. */
const message = new Uint8Array(8);
const view = new DataView(message.buffer);

/**
 * The code of `counter` (0 to 2^53-1), zero-padded to the form's digits.
 * @example hotp(seed.key, 0, { algorithm: 'SHA1', digits: 6 }) // '755224' for RFC 4226's own secret
 */
export function hotp(key: Uint8Array | HmacKey, counter: number, form: Form): string {
  if (!Number.isSafeInteger(counter) || counter < 0) throw new RangeError('a counter is an integer from 0 to 2^53-1');
  return hotpValue(hmacKey(key), counter, form).toString().padStart(form.digits, '0');
}

/** The code of `counter` as a number: RFC 4226, 5.3. `counter` is not checked. */
export function hotpValue(key: HmacKey, counter: number, form: Form): number {
  // 5.1: the counter is eight bytes, high-order byte first.
  view.setUint32(0, Math.floor(counter / TWO_TO_32));
  view.setUint32(4, counter >>> 0);
  const hash = hmac(form.algorithm, key, message);
  // 5.3, step 2: the low four bits of the last byte say where to read; RFC 6238, 1.2 keeps "the last" for longer hashes.
  const offset = byte(hash, hash.length - 1) & 0xf;
  const snum =
    ((byte(hash, offset) & 0x7f) << 24) | (byte(hash, offset + 1) << 16) | (byte(hash, offset + 2) << 8) | byte(hash, offset + 3);
  // 5.3, step 3
  return snum % MODULUS[form.digits];
}

function byte(bytes: Uint8Array, at: number): number {
  return bytes[at] as number;
}
