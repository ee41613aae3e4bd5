/** What this computer signs: its requests, as `contract/http/device-signature.ts` lays down, and its answers to requests. */
import { createHash, randomBytes, sign } from 'node:crypto';
import { APPROVAL_STATEMENT_TYPE, type ApprovalStatement } from '../../contract/http/approvals.ts';
import { DEVICE_SIGNATURE_TYPE, type DeviceClaims } from '../../contract/http/device-signature.ts';
import type { DeviceKey } from './device-key.ts';

export interface SignedRequest {
  readonly key: DeviceKey;
  /** Empty for the request that pairs: then the public key is carried in the header. */
  readonly deviceId: string;
  /** Of the key, as the backend gave it last; null before the first. */
  readonly generation: string | null;
  readonly method: string;
  /** Origin and path with query, as sent. */
  readonly url: string;
  /** The body's bytes as sent; empty where there is none. */
  readonly body: string;
  /** The backend's time, seconds since 1970. */
  readonly seconds: number;
}

/** The value of the signature header: a compact JWS. */
export function signRequest({ key, deviceId, generation, method, url, body, seconds }: SignedRequest): string {
  const header = { alg: 'ES256', typ: DEVICE_SIGNATURE_TYPE, ...(deviceId === '' ? { jwk: key.publicJwk } : {}) };
  const claims: DeviceClaims = {
    sub: deviceId,
    htm: method,
    htu: url,
    iat: seconds,
    jti: randomBytes(16).toString('base64url'),
    ...(generation === null ? {} : { gen: generation }),
    bsh: createHash('sha256').update(body, 'utf8').digest('base64url'),
  };
  return signCompact(key, header, claims);
}

/** What this computer says to a request, as `contract/http/approvals.ts` lays down: a compact JWS. */
export function signStatement(key: DeviceKey, statement: ApprovalStatement): string {
  return signCompact(key, { alg: 'ES256', typ: APPROVAL_STATEMENT_TYPE }, statement);
}

/** A compact JWS (RFC 7515, 3.1), ES256 (RFC 7518, 3.4). */
function signCompact(key: DeviceKey, header: object, payload: object): string {
  const input = `${encode(header)}.${encode(payload)}`;
  // RFC 7518 wants R and S side by side, where OpenSSL's default is DER.
  const signature = sign('sha256', Buffer.from(input, 'ascii'), { key: key.privateKey, dsaEncoding: 'ieee-p1363' });
  return `${input}.${signature.toString('base64url')}`;
}

function encode(value: object): string {
  return Buffer.from(JSON.stringify(value), 'utf8').toString('base64url');
}
