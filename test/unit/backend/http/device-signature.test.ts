/** Our check of a compact JWS beside jose's: it accepts what jose accepts, and nothing else. */
import { generateKeyPairSync, type KeyObject, randomBytes, sign } from 'node:crypto';
import { compactVerify, importJWK } from 'jose';
import { expect, test } from 'vitest';
import { type PublicPoint, readSignedPayload } from '../../../../src/backend/http/device-signature.ts';

const TYPE = 'doorstep-test+jws';
const pair = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const other = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const point = pointOf(pair.publicKey);
const payload = { sub: 'somebody', more: 'ä' };

function pointOf(key: KeyObject): PublicPoint {
  const { x = '', y = '' } = key.export({ format: 'jwk' });
  return { x, y };
}

interface Form {
  readonly header?: Record<string, unknown>;
  readonly body?: string;
  readonly key?: KeyObject;
  readonly hash?: string;
  readonly encoding?: 'ieee-p1363' | 'der';
}

function signed({
  header = {},
  body = JSON.stringify(payload),
  key = pair.privateKey,
  hash = 'sha256',
  encoding = 'ieee-p1363',
}: Form = {}): string {
  const input = `${Buffer.from(JSON.stringify({ alg: 'ES256', typ: TYPE, ...header })).toString('base64url')}.${Buffer.from(body).toString('base64url')}`;
  return `${input}.${sign(hash, Buffer.from(input), { key, dsaEncoding: encoding }).toString('base64url')}`;
}

async function judge(token: string, key: PublicPoint): Promise<unknown> {
  try {
    const verified = await compactVerify(token, await importJWK({ kty: 'EC', crv: 'P-256', ...key }, 'ES256'), { algorithms: ['ES256'] });
    return verified.protectedHeader.typ === TYPE ? JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(verified.payload)) : null;
  } catch {
    return null;
  }
}

const good = signed();
const [head = '', body = '', signature = ''] = good.split('.');
const changed = (bytes: Buffer, at: number): string => {
  const copy = Buffer.from(bytes);
  copy[at] = (copy[at] ?? 0) ^ 1;
  return copy.toString('base64url');
};
const raw = Buffer.from(signature, 'base64url');

test.each<[string, string, PublicPoint]>([
  ['signed with another key', signed({ key: other.privateKey }), point],
  ['asked of another key', good, pointOf(other.publicKey)],
  ['asked of a point that is none of the curve', good, { x: point.x, y: randomBytes(32).toString('base64url') }],
  ['asked of no point', good, { x: '', y: '' }],
  ['another algorithm in the header', signed({ header: { alg: 'ES384' } }), point],
  ['no algorithm', signed({ header: { alg: 'none' } }), point],
  ['a symmetric algorithm', signed({ header: { alg: 'HS256' } }), point],
  ['no signature', `${head}.${body}.`, point],
  ['two parts', `${head}.${body}`, point],
  ['four parts', `${good}.${signature}`, point],
  ['a signature in DER', signed({ encoding: 'der' }), point],
  ['a signature over another hash', signed({ hash: 'sha384' }), point],
  ['a signature of zeros', `${head}.${body}.${Buffer.alloc(64).toString('base64url')}`, point],
  ['a short signature', `${head}.${body}.${raw.subarray(1).toString('base64url')}`, point],
  ['a long signature', `${head}.${body}.${Buffer.concat([raw, Buffer.alloc(1)]).toString('base64url')}`, point],
  ['an extension that must be understood', signed({ header: { crit: ['exp'], exp: 1 } }), point],
  ['an empty list of extensions', signed({ header: { crit: [] } }), point],
  ['a payload that is not encoded', signed({ header: { crit: ['b64'], b64: false } }), point],
  ['another type', signed({ header: { typ: 'JWT' } }), point],
  ['a payload that is no JSON', signed({ body: '{' }), point],
  ['a header that is no JSON', `e30x.${body}.${signature}`, point],
  ['nothing', '', point],
])('%s: refused by both', async (_, token, key) => {
  expect(await judge(token, key)).toBeNull();
  expect(readSignedPayload(token, TYPE, key)).toBeNull();
});

test('what is signed is read by both, whatever else its header says', async () => {
  for (const token of [good, signed({ header: { kid: 'x', jwk: { kty: 'EC' } } })]) {
    expect(await judge(token, point)).toEqual(payload);
    expect(readSignedPayload(token, TYPE, point)).toEqual(payload);
  }
});

test('no byte of the signature, the header or the payload can be changed', () => {
  for (let at = 0; at < 64; at += 1) expect(readSignedPayload(`${head}.${body}.${changed(raw, at)}`, TYPE, point)).toBeNull();
  for (const [part, other] of [
    [head, (one: string) => `${one}.${body}`],
    [body, (one: string) => `${head}.${one}`],
  ] as const) {
    const bytes = Buffer.from(part, 'base64url');
    for (let at = 0; at < bytes.length; at += 1)
      expect(readSignedPayload(`${other(changed(bytes, at))}.${signature}`, TYPE, point)).toBeNull();
  }
});
