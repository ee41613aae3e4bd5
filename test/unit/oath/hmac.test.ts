/** Our HMAC of a counter against that of Node's OpenSSL, at every length of a key where something changes. */
import { createHmac } from 'node:crypto';
import { expect, it } from 'vitest';
import type { CodeAlgorithm } from '../../../src/contract/http/shapes.ts';
import { hmac, hmacKey } from '../../../src/oath/hmac.ts';

const NAMES = { SHA1: 'sha1', SHA256: 'sha256', SHA512: 'sha512' } as const;
const COUNTERS = [0, 1, 0xff, 0x7fff_ffff, 0xffff_ffff, 0x1_0000_0000, 0x1_0000_0001, Number.MAX_SAFE_INTEGER];

function theirs(algorithm: CodeAlgorithm, key: Uint8Array, counter: number): string {
  const message = Buffer.alloc(8);
  message.writeBigUInt64BE(BigInt(counter));
  return createHmac(NAMES[algorithm], key).update(message).digest('hex');
}

it.each(['SHA1', 'SHA256', 'SHA512'] as const)('%s', (algorithm) => {
  for (const length of [0, 1, 8, 20, 32, 63, 64, 65, 127, 128, 129, 200]) {
    const key = Buffer.from(Array.from({ length }, (_, at) => (at * 151 + length) & 0xff));
    const ready = hmacKey(key, algorithm);
    for (const counter of COUNTERS) {
      const ours = Buffer.from(hmac(ready, counter), 'latin1').toString('hex');
      expect(ours, `a key of ${length} bytes, counter ${counter}`).toBe(theirs(algorithm, key, counter));
    }
  }
});

it('keeps a copy of the key, and one that is ready as it is', () => {
  const key = Buffer.from('12345678901234567890', 'ascii');
  const before = theirs('SHA1', key, 7);
  const ready = hmacKey(key, 'SHA1');
  key.fill(0);
  expect(Buffer.from(hmac(ready, 7), 'latin1').toString('hex')).toBe(before);
  expect(hmacKey(ready, 'SHA1')).toBe(ready);
});
