/** ECDSA with the nonce of RFC 6979, which the W3C vectors are signed with; Node signs with a random one. */
import { createECDH, createHash, createHmac } from 'node:crypto';

export interface Curve {
  readonly name: 'prime256v1' | 'secp384r1' | 'secp521r1';
  readonly jwk: 'P-256' | 'P-384' | 'P-521';
  readonly hash: 'sha256' | 'sha384' | 'sha512';
  /** Order of the base point. */
  readonly order: bigint;
  /** Bytes of a coordinate. */
  readonly size: number;
}

export const P256: Curve = {
  name: 'prime256v1',
  jwk: 'P-256',
  hash: 'sha256',
  order: 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n,
  size: 32,
};
export const P384: Curve = {
  name: 'secp384r1',
  jwk: 'P-384',
  hash: 'sha384',
  order: 0xffffffffffffffffffffffffffffffffffffffffffffffffc7634d81f4372ddf581a0db248b0a77aecec196accc52973n,
  size: 48,
};
export const P521: Curve = {
  name: 'secp521r1',
  jwk: 'P-521',
  hash: 'sha512',
  order:
    0x01fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffa51868783bf2f966b7fcc0148f709a5d03bb5c9b8899c47aebb6fb71e91386409n,
  size: 66,
};

const toInt = (bytes: Uint8Array): bigint => BigInt(`0x${Buffer.from(bytes).toString('hex') || '0'}`);
const toBytes = (value: bigint, size: number): Buffer => Buffer.from(value.toString(16).padStart(size * 2, '0'), 'hex');

/** RFC 6979, 2.3.2: the leftmost bits of the bytes. */
function bitsToInt(bytes: Uint8Array, bits: number): bigint {
  const excess = bytes.length * 8 - bits;
  return excess > 0 ? toInt(bytes) >> BigInt(excess) : toInt(bytes);
}

function inverse(value: bigint, modulus: bigint): bigint {
  let [a, b, x, y] = [value % modulus, modulus, 1n, 0n];
  while (a > 1n) {
    const quotient = b / a;
    [a, b, x, y] = [b % a, a, y - quotient * x, x];
  }
  return ((x % modulus) + modulus) % modulus;
}

/** Private scalar to the two coordinates. */
export function publicPoint(curve: Curve, secret: Uint8Array): { x: Buffer; y: Buffer } {
  const ecdh = createECDH(curve.name);
  ecdh.setPrivateKey(toBytes(toInt(secret), curve.size));
  const point = ecdh.getPublicKey();
  return { x: point.subarray(1, 1 + curve.size), y: point.subarray(1 + curve.size) };
}

function derInteger(value: bigint): Buffer {
  const hex = value.toString(16);
  const bytes = Buffer.from(hex.length % 2 === 0 ? hex : `0${hex}`, 'hex');
  const padded = (bytes[0] ?? 0) >= 0x80 ? Buffer.concat([Buffer.from([0]), bytes]) : bytes;
  return Buffer.concat([Buffer.from([0x02, padded.length]), padded]);
}

export function derSignature(r: bigint, s: bigint): Buffer {
  const body = Buffer.concat([derInteger(r), derInteger(s)]);
  return Buffer.concat([Buffer.from(body.length < 0x80 ? [0x30, body.length] : [0x30, 0x81, body.length]), body]);
}

/** DER signature over `data` (RFC 6979, 3.2). */
export function signDeterministic(curve: Curve, secret: Uint8Array, data: Uint8Array): Buffer {
  const { order, hash } = curve;
  const bits = order.toString(2).length;
  const orderSize = Math.ceil(bits / 8);
  const digest = createHash(hash).update(data).digest();
  const d = toInt(secret);
  const seed = Buffer.concat([toBytes(d, orderSize), toBytes(bitsToInt(digest, bits) % order, orderSize)]);
  let v = Buffer.alloc(digest.length, 1);
  let k = Buffer.alloc(digest.length, 0);
  const hmac = (...parts: Uint8Array[]): Buffer<ArrayBuffer> => Buffer.from(createHmac(hash, k).update(Buffer.concat(parts)).digest());
  for (const round of [0, 1]) {
    k = hmac(v, Buffer.from([round]), seed);
    v = hmac(v);
  }
  for (;;) {
    let t = Buffer.alloc(0);
    while (t.length < orderSize) {
      v = hmac(v);
      t = Buffer.concat([t, v]);
    }
    const nonce = bitsToInt(t.subarray(0, orderSize), bits);
    if (nonce > 0n && nonce < order) {
      const r = toInt(publicPoint(curve, toBytes(nonce, curve.size)).x) % order;
      const s = (inverse(nonce, order) * (bitsToInt(digest, bits) + r * d)) % order;
      if (r !== 0n && s !== 0n) return derSignature(r, s);
    }
    k = hmac(v, Buffer.from([0]));
    v = hmac(v);
  }
}
