import { createCipheriv, createDecipheriv, createECDH, createHmac, type ECDH, hkdfSync, randomBytes, timingSafeEqual } from 'node:crypto';
import type { Cbor, CborMap } from '../cbor.ts';
import { sha256 } from '../state.ts';
import { Status, StatusError } from '../status.ts';

/** The authenticator's half of a PIN/UV auth protocol (CTAP 2.1, 6.5.6 and 6.5.7). */
export class PinProtocol {
  readonly version: 1 | 2;
  token: Buffer = randomBytes(32);
  #pair: ECDH = newPair();

  constructor(version: 1 | 2) {
    this.version = version;
  }

  /** A new key agreement key, after a wrong PIN and at power-up. */
  regenerate(): void {
    this.#pair = newPair();
  }

  resetToken(): void {
    this.token = randomBytes(32);
  }

  /** The COSE key that getKeyAgreement answers. */
  keyAgreement(): CborMap {
    const point = this.#pair.getPublicKey();
    return new Map<number, Cbor>([
      [1, 2],
      [3, -25],
      [-1, 1],
      [-2, new Uint8Array(point.subarray(1, 33))],
      [-3, new Uint8Array(point.subarray(33, 65))],
    ]);
  }

  /**
   * The secret shared with the platform whose public COSE key this is. A point that is not on the curve is refused.
   * @throws StatusError INVALID_PARAMETER
   */
  decapsulate(cose: Cbor | undefined): Buffer {
    if (!(cose instanceof Map)) throw new StatusError(Status.INVALID_PARAMETER);
    const x = cose.get(-2);
    const y = cose.get(-3);
    const shape = cose.get(1) === 2 && cose.get(3) === -25 && cose.get(-1) === 1;
    if (!shape || !(x instanceof Uint8Array) || !(y instanceof Uint8Array) || x.length !== 32 || y.length !== 32) {
      throw new StatusError(Status.INVALID_PARAMETER);
    }
    let z: Buffer;
    try {
      z = this.#pair.computeSecret(Buffer.concat([Buffer.of(4), x, y]));
    } catch {
      throw new StatusError(Status.INVALID_PARAMETER);
    }
    if (this.version === 1) return sha256(z);
    const derive = (info: string): Buffer => Buffer.from(hkdfSync('sha256', z, Buffer.alloc(32), info, 32));
    return Buffer.concat([derive('CTAP2 HMAC key'), derive('CTAP2 AES key')]);
  }

  encrypt(secret: Uint8Array, plain: Uint8Array): Buffer {
    const iv = this.version === 1 ? Buffer.alloc(16) : randomBytes(16);
    const cipher = createCipheriv('aes-256-cbc', this.#aesKey(secret), iv).setAutoPadding(false);
    const out = Buffer.concat([cipher.update(plain), cipher.final()]);
    return this.version === 1 ? out : Buffer.concat([iv, out]);
  }

  /** @throws StatusError INVALID_PARAMETER where the length fits no block. */
  decrypt(secret: Uint8Array, sealed: Uint8Array): Buffer {
    const iv = this.version === 1 ? Buffer.alloc(16) : sealed.subarray(0, 16);
    const body = this.version === 1 ? sealed : sealed.subarray(16);
    if (iv.length !== 16 || body.length === 0 || body.length % 16 !== 0) throw new StatusError(Status.INVALID_PARAMETER);
    const decipher = createDecipheriv('aes-256-cbc', this.#aesKey(secret), iv).setAutoPadding(false);
    return Buffer.concat([decipher.update(body), decipher.final()]);
  }

  verify(key: Uint8Array, message: Uint8Array, mac: Uint8Array): boolean {
    const whole = createHmac('sha256', key.subarray(0, 32)).update(message).digest();
    const expected = this.version === 1 ? whole.subarray(0, 16) : whole;
    return mac.length === expected.length && timingSafeEqual(expected, mac);
  }

  #aesKey(secret: Uint8Array): Uint8Array {
    return this.version === 1 ? secret : secret.subarray(32);
  }
}

function newPair(): ECDH {
  const pair = createECDH('prime256v1');
  pair.generateKeys();
  return pair;
}
