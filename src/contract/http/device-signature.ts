/**
 * How a paired desktop signs a request: header `Doorstep-Device`, a compact JWS (RFC 7515), ES256, after
 * the manner of DPoP (RFC 9449) with the body bound too.
 *
 * Protected header: `{ "alg": "ES256", "typ": "doorstep-device+jwt" }`, and for pairing also `jwk`
 * (the public key that is being paired).
 */
export const DEVICE_SIGNATURE_HEADER = 'doorstep-device';
export const DEVICE_SIGNATURE_TYPE = 'doorstep-device+jwt';
/** A signature is good for this long before and after the backend's clock, in seconds. */
export const DEVICE_SIGNATURE_WINDOW = 60;

export interface DeviceClaims {
  /** Device id; for pairing the empty string. */
  readonly sub: string;
  /** HTTP method, upper case. */
  readonly htm: string;
  /** Origin and path with query, as sent: `https://id.example/v1/device`. */
  readonly htu: string;
  /** Seconds since 1970. */
  readonly iat: number;
  /** 128 random bits, base64url; refused the second time. */
  readonly jti: string;
  /** The generation of the key that this device was last given (see `sync.ts`); absent before the first. */
  readonly gen?: string;
  /** base64url of SHA-256 of the body bytes (of nothing where there is no body). */
  readonly bsh: string;
}
