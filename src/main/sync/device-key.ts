/** The key of this computer: P-256, made here, kept in the keychain, its private half never leaves the main process. */
import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import type { DeviceJwk } from '../../contract/http/shapes.ts';
import type { Parsed } from '../../contract/parse.ts';

export interface DeviceKey {
  readonly privateKey: KeyObject;
  readonly publicJwk: Parsed<typeof DeviceJwk>;
}

/** A fresh key. */
export function createDeviceKey(): DeviceKey {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  return fromPrivate(privateKey);
}

/** The key as one line of text for its keychain entry: PKCS #8 (RFC 5958), base64. */
export function exportDeviceKey(key: DeviceKey): string {
  return key.privateKey.export({ type: 'pkcs8', format: 'der' }).toString('base64');
}

/** The key from its keychain entry, or null where the text is not a P-256 key. */
export function importDeviceKey(text: string): DeviceKey | null {
  try {
    const privateKey = createPrivateKey({ key: Buffer.from(text, 'base64'), type: 'pkcs8', format: 'der' });
    if (privateKey.asymmetricKeyDetails?.namedCurve !== 'prime256v1') return null;
    return fromPrivate(privateKey);
  } catch {
    return null;
  }
}

function fromPrivate(privateKey: KeyObject): DeviceKey {
  const { x, y } = createPublicKey(privateKey).export({ format: 'jwk' });
  if (x === undefined || y === undefined) throw new TypeError('an EC public key has both coordinates');
  return { privateKey, publicJwk: { kty: 'EC', crv: 'P-256', x, y } };
}
