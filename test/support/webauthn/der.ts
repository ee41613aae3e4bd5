/** Just enough DER (X.690) and X.509 (RFC 5280) to make the certificates of the W3C vectors. */
import { createHash } from 'node:crypto';
import { P256, publicPoint, signDeterministic } from './deterministic-ecdsa.ts';

export function der(tag: number, ...contents: readonly Uint8Array[]): Buffer {
  const body = Buffer.concat(contents);
  const length =
    body.length < 0x80 ? [body.length] : body.length < 0x100 ? [0x81, body.length] : [0x82, body.length >> 8, body.length & 0xff];
  return Buffer.concat([Buffer.from([tag, ...length]), body]);
}

export const sequence = (...parts: readonly Uint8Array[]): Buffer => der(0x30, ...parts);
export const octets = (...parts: readonly Uint8Array[]): Buffer => der(0x04, ...parts);
export const set = (...parts: readonly Uint8Array[]): Buffer => der(0x31, ...parts);
export const TRUE = Buffer.from('0101ff', 'hex');

export function integer(value: number | Uint8Array): Buffer {
  if (typeof value === 'number') {
    const hex = value.toString(16);
    return integer(Buffer.from(hex.length % 2 === 0 ? hex : `0${hex}`, 'hex'));
  }
  const bytes = Buffer.from(value);
  return der(0x02, (bytes[0] ?? 0) >= 0x80 ? Buffer.concat([Buffer.from([0]), bytes]) : bytes);
}

export function oid(dotted: string): Buffer {
  const [first = 0, second = 0, ...rest] = dotted.split('.').map(Number);
  const base128 = (value: number): number[] => {
    const bytes = [value & 0x7f];
    for (let left = Math.floor(value / 128); left > 0; left = Math.floor(left / 128)) bytes.unshift((left & 0x7f) | 0x80);
    return bytes;
  };
  return der(0x06, Buffer.from([first * 40 + second, ...rest].flatMap((arc) => base128(arc))));
}

export function name(...attributes: readonly (readonly [string, string])[]): Buffer {
  return sequence(
    ...attributes.map(([type, value]) => set(sequence(oid(type), der(type === '2.5.4.6' ? 0x13 : 0x0c, Buffer.from(value, 'utf8'))))),
  );
}

export function extension(id: string, critical: boolean, value: Uint8Array): Buffer {
  return sequence(oid(id), ...(critical ? [TRUE] : []), octets(value));
}

const ECDSA_SHA256 = sequence(oid('1.2.840.10045.4.3.2'));

export function publicKeyInfo(secret: Uint8Array): Buffer {
  const { x, y } = publicPoint(P256, secret);
  return sequence(sequence(oid('1.2.840.10045.2.1'), oid('1.2.840.10045.3.1.7')), der(0x03, Buffer.from([0, 4]), x, y));
}

/** RFC 5280, 4.2.1.2, method 1. */
export function keyId(secret: Uint8Array): Buffer {
  const { x, y } = publicPoint(P256, secret);
  return createHash('sha1')
    .update(Buffer.concat([Buffer.from([4]), x, y]))
    .digest();
}

export interface CertificateShape {
  readonly serial: Uint8Array;
  readonly issuer: Buffer;
  readonly subject: Buffer;
  /** GeneralizedTime, or UTCTime where it has 13 letters. */
  readonly notBefore: string;
  readonly notAfter: string;
  /** Private scalar (P-256) of the subject. */
  readonly subjectSecret: Uint8Array;
  readonly issuerSecret: Uint8Array;
  readonly extensions: readonly Buffer[];
}

const time = (text: string): Buffer => der(text.length === 13 ? 0x17 : 0x18, Buffer.from(text, 'ascii'));

export function certificate(shape: CertificateShape): Buffer {
  const body = sequence(
    der(0xa0, integer(2)),
    integer(shape.serial),
    ECDSA_SHA256,
    shape.issuer,
    sequence(time(shape.notBefore), time(shape.notAfter)),
    shape.subject,
    publicKeyInfo(shape.subjectSecret),
    der(0xa3, sequence(...shape.extensions)),
  );
  const signature = signDeterministic(P256, shape.issuerSecret, body);
  return sequence(body, ECDSA_SHA256, der(0x03, Buffer.from([0]), signature));
}

export const basicConstraints = (ca: boolean): Buffer => extension('2.5.29.19', true, sequence(...(ca ? [TRUE] : [])));
/** keyCertSign and cRLSign, or digitalSignature. */
export const keyUsage = (ca: boolean): Buffer =>
  extension('2.5.29.15', true, ca ? Buffer.from('03020106', 'hex') : Buffer.from('03020780', 'hex'));
export const subjectKeyId = (secret: Uint8Array): Buffer => extension('2.5.29.14', false, octets(keyId(secret)));
export const authorityKeyId = (secret: Uint8Array): Buffer => extension('2.5.29.35', false, sequence(der(0x80, keyId(secret))));
