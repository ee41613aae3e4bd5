/** A security key and its browser in software, small and obedient: it does exactly what a test tells it to, right or wrong. */
import { createHash, generateKeyPairSync, type KeyObject, randomBytes, sign } from 'node:crypto';
import { type CborValue, encodeCbor } from './cbor.ts';

const sha256 = (data: Uint8Array | string): Buffer => createHash('sha256').update(data).digest();
const base64url = (data: Uint8Array): string => Buffer.from(data).toString('base64url');

export interface CreationOptions {
  readonly challenge: string;
  readonly rp: { readonly id: string };
  readonly user: { readonly id: string };
  readonly excludeCredentials?: readonly { readonly id: string }[];
}
export interface RequestOptions {
  readonly challenge: string;
  readonly rpId: string;
  readonly allowCredentials?: readonly { readonly id: string }[];
}

/** What to do otherwise than a good key and a good browser would. */
export interface Twist {
  readonly clientData?: Readonly<Record<string, unknown>>;
  readonly rpId?: string;
  readonly flags?: number;
  readonly counter?: number;
  /** Bytes after the authenticator data. */
  readonly trailing?: Uint8Array;
  readonly userHandle?: string | null;
  readonly authData?: (bytes: Buffer) => Buffer;
  readonly signature?: (bytes: Buffer) => Buffer;
}

export type Attest = (signed: { authData: Buffer; clientDataHash: Buffer; credentialKey: KeyObject }) => {
  readonly fmt: string;
  readonly attStmt: ReadonlyMap<string, CborValue>;
};

export const UP = 0x01;
export const UV = 0x04;
export const BE = 0x08;
export const BS = 0x10;
const AT = 0x40;

export interface SoftwareKeyOptions {
  readonly aaguid?: Uint8Array;
  readonly flags?: number;
  readonly attest?: Attest;
  /** False: the counter stays zero, as on tokens that have none. */
  readonly counts?: boolean;
}

/** Packed self attestation (WebAuthn Level 3, 8.2). */
export const selfAttest: Attest = ({ authData, clientDataHash, credentialKey }) => ({
  fmt: 'packed',
  attStmt: new Map<string, CborValue>([
    ['alg', -7],
    ['sig', sign('sha256', Buffer.concat([authData, clientDataHash]), credentialKey)],
  ]),
});

export const attestNothing: Attest = () => ({ fmt: 'none', attStmt: new Map() });

export class SoftwareKey {
  readonly credentialId = randomBytes(32);
  readonly #privateKey: KeyObject;
  readonly #publicKey: KeyObject;
  readonly #options: SoftwareKeyOptions;
  counter = 0;

  constructor(options: SoftwareKeyOptions = {}) {
    this.#options = options;
    const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    this.#privateKey = privateKey;
    this.#publicKey = publicKey;
  }

  get id(): string {
    return base64url(this.credentialId);
  }

  coseKey(): Buffer {
    const jwk = this.#publicKey.export({ format: 'jwk' });
    return encodeCbor(
      new Map<number, CborValue>([
        [1, 2],
        [3, -7],
        [-1, 1],
        [-2, Buffer.from(jwk.x ?? '', 'base64url')],
        [-3, Buffer.from(jwk.y ?? '', 'base64url')],
      ]),
    );
  }

  /** RegistrationResponseJSON. */
  register(options: CreationOptions, origin: string, twist: Twist = {}) {
    const clientDataJSON = clientData('webauthn.create', options.challenge, origin, twist);
    const attested = Buffer.concat([
      this.#options.aaguid ?? Buffer.alloc(16),
      Buffer.from([this.credentialId.length >> 8, this.credentialId.length & 0xff]),
      this.credentialId,
      this.coseKey(),
    ]);
    let authData = this.#authData(twist.rpId ?? options.rp.id, (twist.flags ?? this.#flags()) | AT, twist, attested);
    authData = twist.authData?.(authData) ?? authData;
    const { fmt, attStmt } = (this.#options.attest ?? attestNothing)({
      authData,
      clientDataHash: sha256(clientDataJSON),
      credentialKey: this.#privateKey,
    });
    const attestationObject = encodeCbor(
      new Map<string, CborValue>([
        ['fmt', fmt],
        ['attStmt', attStmt],
        ['authData', authData],
      ]),
    );
    return {
      id: this.id,
      rawId: this.id,
      type: 'public-key' as const,
      clientExtensionResults: {},
      response: { clientDataJSON: base64url(clientDataJSON), attestationObject: base64url(attestationObject), transports: ['usb'] },
    };
  }

  /** AuthenticationResponseJSON. */
  assert(options: RequestOptions, origin: string, twist: Twist = {}) {
    const clientDataJSON = clientData('webauthn.get', options.challenge, origin, twist);
    if (this.#options.counts !== false) this.counter += 1;
    let authData = this.#authData(twist.rpId ?? options.rpId, twist.flags ?? this.#flags(), twist);
    authData = twist.authData?.(authData) ?? authData;
    const signature = sign('sha256', Buffer.concat([authData, sha256(clientDataJSON)]), this.#privateKey);
    return {
      id: this.id,
      rawId: this.id,
      type: 'public-key' as const,
      clientExtensionResults: {},
      response: {
        clientDataJSON: base64url(clientDataJSON),
        authenticatorData: base64url(authData),
        signature: base64url(twist.signature?.(signature) ?? signature),
        ...(twist.userHandle === undefined ? {} : { userHandle: twist.userHandle }),
      },
    };
  }

  #flags(): number {
    return this.#options.flags ?? UP;
  }

  #authData(rpId: string, flags: number, twist: Twist, attested: Buffer = Buffer.alloc(0)): Buffer {
    const counter = Buffer.alloc(4);
    counter.writeUInt32BE(twist.counter ?? this.counter);
    return Buffer.concat([sha256(rpId), Buffer.from([flags]), counter, attested, twist.trailing ?? Buffer.alloc(0)]);
  }
}

function clientData(type: string, challenge: string, origin: string, twist: Twist): Buffer {
  return Buffer.from(JSON.stringify({ type, challenge, origin, crossOrigin: false, ...twist.clientData }));
}
