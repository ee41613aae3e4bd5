/** Checks the signature of a paired desktop's request: see `contract/http/device-signature.ts` for its form. */
import { createHash, createPublicKey, type KeyObject, verify } from 'node:crypto';
import type { FastifyRequest } from 'fastify';
import { decodeJwt, decodeProtectedHeader } from 'jose';
import { DoorstepError } from '../../contract/errors.ts';
import {
  DEVICE_SIGNATURE_HEADER,
  DEVICE_SIGNATURE_TYPE,
  DEVICE_SIGNATURE_WINDOW,
  type DeviceClaims,
} from '../../contract/http/device-signature.ts';
import { instant } from '../domain/clock.ts';

export interface PublicPoint {
  readonly x: string;
  readonly y: string;
}

export interface SignedRequest {
  readonly token: string;
  readonly claims: DeviceClaims;
  /** The key in the header: only of a request that pairs. */
  readonly key: PublicPoint | null;
}

/** What the header says, not yet proved. Throws `device.signature-wrong`. */
export function readDeviceSignature(request: FastifyRequest): SignedRequest {
  const token = request.headers[DEVICE_SIGNATURE_HEADER];
  if (typeof token !== 'string' || token.length > 4096) throw new DoorstepError('device.signature-wrong');
  try {
    const header = decodeProtectedHeader(token);
    const claims = readClaims(decodeJwt(token));
    if (header.alg !== 'ES256' || header.typ !== DEVICE_SIGNATURE_TYPE || claims === null)
      throw new DoorstepError('device.signature-wrong');
    const { jwk } = header;
    const key = jwk?.kty === 'EC' && jwk.crv === 'P-256' && jwk.x !== undefined && jwk.y !== undefined ? { x: jwk.x, y: jwk.y } : null;
    return { token, claims, key };
  } catch {
    throw new DoorstepError('device.signature-wrong');
  }
}

function readClaims(claims: Record<string, unknown>): DeviceClaims | null {
  const { sub, htm, htu, iat, jti, gen, bsh } = claims;
  const texts = [sub, htm, htu, jti, bsh].every((one) => typeof one === 'string');
  // 128 random bits are 22 letters of base64url.
  const fit = texts && typeof iat === 'number' && Number.isFinite(iat) && /^[A-Za-z0-9_-]{22,86}$/.test(String(jti));
  const fitGeneration = gen === undefined || (typeof gen === 'string' && /^[A-Za-z0-9_-]{22}$/.test(gen));
  return fit && fitGeneration ? (claims as unknown as DeviceClaims) : null;
}

export interface ExpectedRequest {
  readonly method: string;
  /** Origin, path and query as the app sent them. */
  readonly address: string;
  readonly body: Buffer | null;
  readonly key: PublicPoint;
  readonly now: number;
}

/**
 * Proves that the holder of `key` signed exactly this request now. Throws `device.signature-wrong`, or `clock.wrong` with
 * the backend's time where all else holds: then the desktop can say by how much its clock is wrong.
 */
export function proveDeviceSignature(signed: SignedRequest, expected: ExpectedRequest): void {
  const { claims } = signed;
  if (!signatureHolds(signed.token, expected.key)) throw new DoorstepError('device.signature-wrong');
  const bodyHash = createHash('sha256')
    .update(expected.body ?? '')
    .digest('base64url');
  if (claims.htm !== expected.method || claims.htu !== expected.address || claims.bsh !== bodyHash) {
    throw new DoorstepError('device.signature-wrong');
  }
  if (Math.abs(expected.now / 1_000 - claims.iat) > DEVICE_SIGNATURE_WINDOW) {
    throw new DoorstepError('clock.wrong', { serverTime: instant(expected.now) });
  }
}

/** The payload of a compact JWS that the holder of `key` signed, of the type `typ`; null where it is anything else. */
export function readSignedPayload(token: string, typ: string, key: PublicPoint): unknown {
  try {
    if (decodeProtectedHeader(token).typ !== typ || !signatureHolds(token, key)) return null;
    const payload = Buffer.from(token.split('.')[1] ?? '', 'base64url');
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(payload));
  } catch {
    return null;
  }
}

/** Keys that were used lately, so that they are not imported for each request. */
const imported = new Map<string, KeyObject>();
const MOST_KEYS = 1_000;

function publicKeyOf(point: PublicPoint): KeyObject {
  const name = `${point.x}.${point.y}`;
  const known = imported.get(name);
  if (known !== undefined) return known;
  const key = createPublicKey({ key: { kty: 'EC', crv: 'P-256', ...point }, format: 'jwk' });
  if (imported.size >= MOST_KEYS) imported.delete(imported.keys().next().value ?? '');
  imported.set(name, key);
  return key;
}

/** RFC 7515, 3.1: three parts in base64url without padding; the signature of ES256 has 64 bytes (RFC 7518, 3.4). */
const COMPACT = /^([A-Za-z0-9_-]+\.[A-Za-z0-9_-]+)\.([A-Za-z0-9_-]{86})$/;

/**
 * RFC 7515, 5.2, for ES256 alone. Not jose's: with WebCrypto each check goes to another thread and back, which makes whoever
 * approves wait for half as long again.
 */
function signatureHolds(token: string, point: PublicPoint): boolean {
  const [, signed, signature] = COMPACT.exec(token) ?? [];
  if (signed === undefined || signature === undefined) return false;
  try {
    const { alg, crit } = decodeProtectedHeader(token);
    // 4.1.11: there is no extension that is understood here.
    if (alg !== 'ES256' || crit !== undefined) return false;
    const key = { key: publicKeyOf(point), dsaEncoding: 'ieee-p1363' } as const;
    return verify('sha256', Buffer.from(signed, 'ascii'), key, Buffer.from(signature, 'base64url'));
  } catch {
    // The point may be none of the curve.
    return false;
  }
}
