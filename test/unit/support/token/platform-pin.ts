import { createCipheriv, createDecipheriv, createECDH, createHash, createHmac, hkdfSync, randomBytes } from 'node:crypto';
import type { Cbor, CborMap } from '../../../support/token/cbor.ts';
import { type BareHost, map } from './host.ts';

/** The platform's half of the PIN/UV auth protocols, as small as the token's own tests need it. */
export class PlatformPin {
  readonly version: 1 | 2;
  readonly #host: BareHost;
  readonly #cid: number;

  constructor(host: BareHost, cid: number, version: 1 | 2 = 2) {
    this.#host = host;
    this.#cid = cid;
    this.version = version;
  }

  async secret(): Promise<{ key: CborMap; secret: Buffer }> {
    const answer = await this.call([1, this.version], [2, 2]);
    const peer = answer.map.get(1) as CborMap;
    const pair = createECDH('prime256v1');
    const point = pair.generateKeys();
    const z = pair.computeSecret(Buffer.concat([Buffer.of(4), peer.get(-2) as Uint8Array, peer.get(-3) as Uint8Array]));
    const derive = (info: string): Buffer => Buffer.from(hkdfSync('sha256', z, Buffer.alloc(32), info, 32));
    return {
      key: map([1, 2], [3, -25], [-1, 1], [-2, point.subarray(1, 33)], [-3, point.subarray(33)]),
      secret:
        this.version === 1 ? createHash('sha256').update(z).digest() : Buffer.concat([derive('CTAP2 HMAC key'), derive('CTAP2 AES key')]),
    };
  }

  encrypt(secret: Buffer, plain: Uint8Array): Buffer {
    const iv = this.version === 1 ? Buffer.alloc(16) : randomBytes(16);
    const cipher = createCipheriv('aes-256-cbc', this.version === 1 ? secret : secret.subarray(32), iv).setAutoPadding(false);
    const sealed = Buffer.concat([cipher.update(plain), cipher.final()]);
    return this.version === 1 ? sealed : Buffer.concat([iv, sealed]);
  }

  decrypt(secret: Buffer, sealed: Uint8Array): Buffer {
    const iv = this.version === 1 ? Buffer.alloc(16) : sealed.subarray(0, 16);
    const decipher = createDecipheriv('aes-256-cbc', this.version === 1 ? secret : secret.subarray(32), iv).setAutoPadding(false);
    return Buffer.concat([decipher.update(this.version === 1 ? sealed : sealed.subarray(16)), decipher.final()]);
  }

  mac(key: Buffer, message: Uint8Array): Buffer {
    const whole = createHmac('sha256', key.subarray(0, 32)).update(message).digest();
    return this.version === 1 ? whole.subarray(0, 16) : whole;
  }

  async set(pin: string | Buffer): Promise<number> {
    const { key, secret } = await this.secret();
    const sealed = this.encrypt(secret, padded(pin));
    return (await this.call([1, this.version], [2, 3], [3, key], [4, this.mac(secret, sealed)], [5, sealed])).status;
  }

  async change(from: string, to: string): Promise<number> {
    const { key, secret } = await this.secret();
    const sealed = this.encrypt(secret, padded(to));
    const hash = this.encrypt(secret, hashed(from));
    const mac = this.mac(secret, Buffer.concat([sealed, hash]));
    return (await this.call([1, this.version], [2, 4], [3, key], [4, mac], [5, sealed], [6, hash])).status;
  }

  /** A token with permissions (09), or the legacy one (05) without. */
  async token(pin: string, permissions?: number, rpId?: string): Promise<{ status: number; token: Buffer }> {
    const { key, secret } = await this.secret();
    const answer = await this.call(
      [1, this.version],
      [2, permissions === undefined ? 5 : 9],
      [3, key],
      [6, this.encrypt(secret, hashed(pin))],
      ...(permissions === undefined ? [] : [[9, permissions] as [number, Cbor]]),
      ...(rpId === undefined ? [] : [[10, rpId] as [number, Cbor]]),
    );
    const sealed = answer.map.get(2) as Uint8Array | undefined;
    return { status: answer.status, token: sealed === undefined ? Buffer.alloc(0) : this.decrypt(secret, sealed) };
  }

  async retries(): Promise<{ retries: Cbor | undefined; powerCycle: Cbor | undefined }> {
    const { map: answer } = await this.call([2, 1]);
    return { retries: answer.get(3), powerCycle: answer.get(4) };
  }

  call(...pairs: [number, Cbor][]): Promise<{ status: number; map: CborMap }> {
    return this.#host.ctap2(this.#cid, 0x06, map(...pairs));
  }
}

function padded(pin: string | Buffer): Buffer {
  const out = Buffer.alloc(64);
  Buffer.from(pin).copy(out);
  return out;
}

function hashed(pin: string): Buffer {
  return createHash('sha256').update(pin).digest().subarray(0, 16);
}
