import { createHash, randomBytes } from 'node:crypto';
import { chmodSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { type Attestation, newAttestation } from './attestation.ts';
import type { Algorithm } from './crypto/keys.ts';
import type { Profile } from './profile.ts';

/** What survives a power cycle. Buffers throughout, so that the file form is one rule. */
export interface TokenState {
  readonly attestation: Attestation;
  /** Wraps credentials that are not kept on the token, and derives hmac-secret and largeBlobKey values. */
  readonly wrapKey: Buffer;
  counter: number;
  /** `hash` is LEFT(SHA-256(PIN), 16), `length` counts code points. */
  pin: { readonly hash: Buffer; readonly length: number } | null;
  pinRetries: number;
  uvRetries: number;
  forcePinChange: boolean;
  minPinLength: number;
  minPinRpIds: string[];
  alwaysUv: boolean;
  enterprise: boolean;
  /** Discoverable credentials, oldest first. */
  credentials: StoredCredential[];
  largeBlobs: Buffer;
  templates: { readonly id: Buffer; name: string }[];
}

export interface CredentialUser {
  readonly id: Buffer;
  readonly name?: string;
  readonly displayName?: string;
}

export interface StoredCredential {
  readonly id: Buffer;
  readonly algorithm: Algorithm;
  readonly privateKey: Buffer;
  readonly rpId: string;
  readonly rpIdHash: Buffer;
  user: CredentialUser;
  readonly credProtect: 1 | 2 | 3;
  readonly credBlob: Buffer | null;
  readonly largeBlobKey: boolean;
}

export const MAX_UV_RETRIES = 3;

export function sha256(...parts: Uint8Array[]): Buffer {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(part);
  return hash.digest();
}

/** An empty serialized large-blob array: an empty CBOR array and its truncated hash (CTAP 2.1, 6.10). */
export function emptyLargeBlobs(): Buffer {
  const array = Buffer.of(0x80);
  return Buffer.concat([array, sha256(array).subarray(0, 16)]);
}

/** A token fresh from the factory, or after a reset: the attestation stays, all else is new. */
export function freshState(profile: Profile, attestation: Attestation = newAttestation(profile.aaguid)): TokenState {
  return {
    attestation,
    wrapKey: randomBytes(32),
    counter: 0,
    pin: null,
    pinRetries: profile.maxPinRetries,
    uvRetries: MAX_UV_RETRIES,
    forcePinChange: false,
    minPinLength: profile.minPinLength,
    minPinRpIds: [],
    alwaysUv: profile.alwaysUv === 'on',
    enterprise: false,
    credentials: [],
    largeBlobs: emptyLargeBlobs(),
    templates: [],
  };
}

const FORMAT = 'doorstep-practice-key-1';
const WARNING = 'Keys of a software authenticator for practice. They protect nothing: whoever reads this file has them.';

/** Writes the state, readable by its owner alone, in one step. */
export function saveState(path: string, state: TokenState): void {
  const draft = `${path}.new`;
  writeFileSync(draft, `${JSON.stringify({ format: FORMAT, warning: WARNING, state }, toText, 1)}\n`, { mode: 0o600 });
  chmodSync(draft, 0o600);
  renameSync(draft, path);
}

/** Reads what `saveState` wrote; null where there is no file. Throws where the file is another thing. */
export function loadState(path: string): TokenState | null {
  let raw: string;
  try {
    raw = readFileSync(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
  const file = JSON.parse(raw, fromText) as {
    format?: string;
    state?: TokenState;
  };
  if (file.format !== FORMAT || file.state === undefined) throw new Error(`${path} is not the state of a practice key`);
  return file.state;
}

/** Buffers come here as what Buffer.toJSON makes of them. */
function toText(_key: string, value: unknown): unknown {
  const bytes = typeof value === 'object' && value !== null && 'type' in value && value.type === 'Buffer' && 'data' in value;
  return bytes ? { base64: Buffer.from(value.data as number[]).toString('base64') } : value;
}

function fromText(_key: string, value: unknown): unknown {
  const bytes = typeof value === 'object' && value !== null && 'base64' in value && typeof value.base64 === 'string';
  return bytes ? Buffer.from(value.base64 as string, 'base64') : value;
}
