import type { Cbor, CborMap } from '../cbor.ts';
import type { Body } from './body.ts';
import { CREDENTIAL_ID_LENGTH } from './credentials.ts';

/** authenticatorGetInfo (CTAP 2.1, 6.4). */
export function getInfo(body: Body): CborMap {
  const { profile, state } = body;
  const u2f = profile.u2f && !state.alwaysUv;
  const info = new Map<number, Cbor>([
    [0x01, [...(u2f ? ['U2F_V2'] : []), ...profile.versions]],
    [0x03, Buffer.from(profile.aaguid, 'hex')],
    [0x04, options(body)],
    [0x05, profile.maxMsgSize],
    [0x08, CREDENTIAL_ID_LENGTH],
    [0x09, ['usb']],
    [
      0x0a,
      profile.algorithms.map(
        (alg): CborMap =>
          new Map<string, Cbor>([
            ['alg', alg],
            ['type', 'public-key'],
          ]),
      ),
    ],
    [0x0e, profile.firmwareVersion],
  ]);
  if (profile.extensions.length > 0) info.set(0x02, [...profile.extensions]);
  if (profile.pinProtocols.length > 0) info.set(0x06, [...profile.pinProtocols]);
  if (profile.maxCredentialCountInList !== null) info.set(0x07, profile.maxCredentialCountInList);
  if (profile.largeBlobs) info.set(0x0b, profile.maxSerializedLargeBlobArray);
  if (profile.authnrCfg) {
    info.set(0x0c, state.forcePinChange);
    info.set(0x10, profile.maxRpIdsForSetMinPinLength);
  }
  if (profile.clientPin) info.set(0x0d, state.minPinLength);
  if (profile.extensions.includes('credBlob')) info.set(0x0f, profile.maxCredBlobLength);
  if (body.hasSensor) {
    info.set(0x11, 3);
    info.set(0x12, 2);
  }
  if (profile.rk && profile.credMgmt !== 'none' && profile.credMgmt !== 'preview')
    info.set(0x14, profile.maxDiscoverable - state.credentials.length);
  return info;
}

/** Absent: unsupported. False: supported and not set up. True: set up. */
function options(body: Body): CborMap {
  const { profile, state } = body;
  const map = new Map<string, Cbor>([
    ['plat', false],
    ['rk', profile.rk],
    ['up', true],
  ]);
  if (profile.clientPin) map.set('clientPin', state.pin !== null);
  if (profile.pinUvAuthToken) map.set('pinUvAuthToken', true);
  if (profile.noMcGaPermissionsWithClientPin) map.set('noMcGaPermissionsWithClientPin', true);
  if (body.hasSensor) {
    map.set('uv', body.uvConfigured);
    if (profile.bio !== 'preview') map.set('bioEnroll', body.uvConfigured);
    if (profile.bio !== 'full') map.set('userVerificationMgmtPreview', body.uvConfigured);
  }
  if (profile.credMgmt === 'full' || profile.credMgmt === 'both') map.set('credMgmt', true);
  if (profile.credMgmt === 'preview' || profile.credMgmt === 'both') map.set('credentialMgmtPreview', true);
  if (profile.authnrCfg) {
    map.set('authnrCfg', true);
    map.set('setMinPINLength', true);
  }
  if (profile.alwaysUv !== 'unsupported') map.set('alwaysUv', state.alwaysUv);
  if (profile.makeCredUvNotRqd) map.set('makeCredUvNotRqd', !state.alwaysUv);
  if (profile.largeBlobs) map.set('largeBlobs', true);
  if (profile.ep) map.set('ep', state.enterprise);
  return map;
}
