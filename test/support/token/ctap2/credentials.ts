import { createCipheriv, createDecipheriv, createHmac, randomBytes } from 'node:crypto';
import type { Algorithm } from '../crypto/keys.ts';
import type { StoredCredential } from '../state.ts';
import type { Body } from './body.ts';

/** A credential that can sign now, whether it was kept on the token or came wrapped in its id. */
export interface Credential {
  readonly id: Buffer;
  readonly algorithm: Algorithm;
  readonly privateKey: Buffer;
  readonly credProtect: 1 | 2 | 3;
  /** The kept one, where it is discoverable. */
  readonly stored: StoredCredential | null;
}

/** Bytes of a wrapped id: nonce, tag, algorithm, credProtect, private key. */
export const CREDENTIAL_ID_LENGTH = 12 + 16 + 2 + 32;

/** Packs a private key into a credential id that this token alone opens, and for this relying party alone. */
export function wrapCredential(
  body: Body,
  rpIdHash: Uint8Array,
  algorithm: Algorithm,
  credProtect: number,
  privateKey: Uint8Array,
): Buffer {
  const nonce = randomBytes(12);
  const cipher = createCipheriv('aes-256-gcm', body.state.wrapKey, nonce).setAAD(rpIdHash);
  const sealed = Buffer.concat([cipher.update(Buffer.of(-algorithm, credProtect)), cipher.update(privateKey), cipher.final()]);
  return Buffer.concat([nonce, cipher.getAuthTag(), sealed]);
}

/** Finds the credential with this id for this relying party; null where it is not of this token. */
export function findCredential(body: Body, rpIdHash: Uint8Array, id: Buffer): Credential | null {
  const stored = body.state.credentials.find((credential) => credential.id.equals(id));
  if (stored !== undefined) return stored.rpIdHash.equals(rpIdHash) ? { ...stored, stored } : null;
  if (id.length !== CREDENTIAL_ID_LENGTH) return null;
  try {
    const decipher = createDecipheriv('aes-256-gcm', body.state.wrapKey, id.subarray(0, 12), { authTagLength: 16 });
    decipher.setAAD(rpIdHash).setAuthTag(id.subarray(12, 28));
    const plain = Buffer.concat([decipher.update(id.subarray(28)), decipher.final()]);
    const credProtect = plain[1] === 3 ? 3 : plain[1] === 2 ? 2 : 1;
    return { id, algorithm: plain[0] === 8 ? -8 : -7, privateKey: plain.subarray(2), credProtect, stored: null };
  } catch {
    return null;
  }
}

/** CredRandom of hmac-secret (CTAP 2.1, 12.5): one for use with user verification, one for use without. */
export function credRandom(body: Body, id: Uint8Array, withUv: boolean): Buffer {
  return createHmac('sha256', body.state.wrapKey)
    .update(`hmac-secret ${withUv ? 'uv' : 'up'} `)
    .update(id)
    .digest();
}

export function largeBlobKey(body: Body, id: Uint8Array): Buffer {
  return createHmac('sha256', body.state.wrapKey).update('largeBlobKey ').update(id).digest();
}
