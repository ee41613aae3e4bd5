import { createHash } from 'node:crypto';
import { compactVerify, importJWK } from 'jose';
import { expect, test } from 'vitest';
import { createDeviceKey, exportDeviceKey, importDeviceKey } from '../../../../src/main/sync/device-key.ts';
import { signRequest } from '../../../../src/main/sync/signature.ts';

const url = 'https://id.example/v1/device?x=1';
const read = (part: string): unknown => JSON.parse(Buffer.from(part, 'base64url').toString());

test('the signature holds for another implementation of JOSE, and says what the contract asks for', async () => {
  const key = createDeviceKey();
  const jws = signRequest({
    key,
    deviceId: 'D'.repeat(22),
    generation: 'G'.repeat(22),
    method: 'POST',
    url,
    body: '{"a":1}',
    seconds: 1_800_000_000,
  });
  const { payload, protectedHeader } = await compactVerify(jws, await importJWK(key.publicJwk, 'ES256'), { algorithms: ['ES256'] });
  expect(protectedHeader).toEqual({ alg: 'ES256', typ: 'doorstep-device+jwt' });
  expect(JSON.parse(new TextDecoder().decode(payload))).toEqual({
    sub: 'D'.repeat(22),
    htm: 'POST',
    htu: url,
    iat: 1_800_000_000,
    jti: expect.stringMatching(/^[A-Za-z0-9_-]{22}$/),
    gen: 'G'.repeat(22),
    bsh: createHash('sha256').update('{"a":1}').digest('base64url'),
  });
});

test('the request that pairs carries the public key, and never the private one', () => {
  const key = createDeviceKey();
  const [header = ''] = signRequest({ key, deviceId: '', generation: null, method: 'POST', url, body: '', seconds: 0 }).split('.');
  expect(read(header)).toEqual({ alg: 'ES256', typ: 'doorstep-device+jwt', jwk: key.publicJwk });
  expect(Object.keys(key.publicJwk).sort()).toEqual(['crv', 'kty', 'x', 'y']);
});

test('no two signatures share their number', () => {
  const key = createDeviceKey();
  const numbers = Array.from({ length: 50 }, () => {
    const [, claims = ''] = signRequest({ key, deviceId: 'd', generation: null, method: 'GET', url, body: '', seconds: 0 }).split('.');
    return (read(claims) as { jti: string }).jti;
  });
  expect(new Set(numbers).size).toBe(50);
});

test('a key survives its keychain entry; anything else is no key', () => {
  const key = createDeviceKey();
  expect(importDeviceKey(exportDeviceKey(key))?.publicJwk).toEqual(key.publicJwk);
  for (const text of ['', 'AAAA', 'not base64 at all', exportDeviceKey(key).slice(0, -8)]) expect(importDeviceKey(text)).toBeNull();
});
