/** One credential's large blob among those of a token (CTAP 2.1 section 6.10.3; WebAuthn section 10.1.5). */
import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { deflateRawSync, inflateRawSync } from 'node:zlib';
import { concat, utf8 } from '../bytes.ts';
import { type CborValue, cborMap } from '../ctap2/cbor.ts';
import { unwrap } from '../ctap2/command.ts';
import {
  type BlobArray,
  blobEntry,
  capacity,
  parseBlobArray,
  readLargeBlobs,
  serializeBlobArray,
  writeLargeBlobs,
} from '../ctap2/large-blobs.ts';
import type { Ceremony } from './human.ts';
import type { SessionToken } from './token.ts';
import type { UserProof } from './user-proof.ts';

const TAG = 16;
/** Bytes: what an entry may unpack to, so that a small one cannot fill the memory. */
const MOST = 65_536;

function associatedData(size: number): Uint8Array {
  const length = new Uint8Array(8);
  new DataView(length.buffer).setBigUint64(0, BigInt(size), true);
  return concat(utf8('blob'), length);
}

/** The entry for `blob` under a credential's largeBlobKey (32 bytes). */
export function sealBlob(key: Uint8Array, blob: Uint8Array, nonce: Uint8Array = new Uint8Array(randomBytes(12))): CborValue {
  const cipher = createCipheriv('aes-256-gcm', key, nonce);
  cipher.setAAD(associatedData(blob.length));
  const sealed = concat(cipher.update(deflateRawSync(blob)), cipher.final(), cipher.getAuthTag());
  return cborMap([
    [1, sealed],
    [2, nonce],
    [3, blob.length],
  ]);
}

/** The blob in an entry, or null where the entry belongs to another credential. */
export function openBlob(key: Uint8Array, entry: CborValue): Uint8Array | null {
  const parts = blobEntry(entry);
  if (parts === null || parts.ciphertext.length < TAG || parts.size > MOST) return null;
  const body = parts.ciphertext.length - TAG;
  try {
    const decipher = createDecipheriv('aes-256-gcm', key, parts.nonce, { authTagLength: TAG });
    decipher.setAAD(associatedData(parts.size)).setAuthTag(parts.ciphertext.subarray(body));
    const packed = Buffer.concat([decipher.update(parts.ciphertext.subarray(0, body)), decipher.final()]);
    const blob = new Uint8Array(inflateRawSync(packed, { maxOutputLength: MOST }));
    return blob.length === parts.size ? blob : null;
  } catch {
    // Not this credential's: every entry is tried, and only the right key opens one.
    return null;
  }
}

async function readArray(token: SessionToken, { signal }: Ceremony): Promise<BlobArray> {
  return parseBlobArray(unwrap(await readLargeBlobs(token.link, token.ctap2, { signal })));
}

/** The blob of the credential with this largeBlobKey, or null. */
export async function readBlob(token: SessionToken, key: Uint8Array, ceremony: Ceremony): Promise<Uint8Array | null> {
  for (const entry of await readArray(token, ceremony)) {
    const blob = openBlob(key, entry);
    if (blob !== null) return blob;
  }
  return null;
}

/** Stores `blob` in place of the credential's last one; false where it does not fit. */
export async function writeBlob(
  token: SessionToken,
  key: Uint8Array,
  blob: Uint8Array,
  proof: UserProof,
  ceremony: Ceremony,
): Promise<boolean> {
  const others = (await readArray(token, ceremony)).filter((entry) => openBlob(key, entry) === null);
  const serialized = serializeBlobArray([...others, sealBlob(key, blob)]);
  if (serialized.length > capacity(token.ctap2)) return false;
  const blobProof = proof.kind === 'token' ? proof : undefined;
  return (await writeLargeBlobs(token.link, token.ctap2, serialized, blobProof, { signal: ceremony.signal })).ok;
}
