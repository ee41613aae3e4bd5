/** A token as the windows see it. Pure. */

import type { ErrorCode } from '../../contract/errors.ts';
import type { PinState, TokenSummary } from '../../contract/tokens.ts';
import { hex } from '../bytes.ts';
import type { SessionToken, TokenIdentity } from './token.ts';

/** CTAP 2.1 section 6.5.1: no token takes a shorter PIN. */
const LEAST_PIN = 4;

const NOTHING: TokenSummary['can'] = {
  wink: false,
  userVerification: false,
  passkeys: false,
  managePasskeys: false,
  renamePasskeys: false,
  fingerprints: false,
  alwaysUv: false,
  minPinLength: false,
  enterpriseAttestation: false,
  largeBlobs: false,
};

/** A token whose getInfo is not read (yet): `failed` says why, null while it is being opened. */
export function unreadSummary(identity: TokenIdentity, failed: ErrorCode | null): TokenSummary {
  return {
    ...identity,
    state: failed === null ? { kind: 'opening' } : { kind: 'failed', code: failed },
    protocol: 'unknown',
    versions: [],
    aaguid: null,
    pin: { state: 'unsupported', retries: null, minLength: LEAST_PIN },
    can: NOTHING,
    passkeysLeft: null,
  };
}

export function summaryOf(token: SessionToken): TokenSummary {
  const { info, link } = token;
  const common = { ...token.identity, state: { kind: 'ready' } } as const;
  if (info === null) {
    return {
      ...unreadSummary(token.identity, null),
      ...common,
      protocol: 'u2f',
      versions: ['U2F_V2'],
      can: { ...NOTHING, wink: link.capabilities.wink },
    };
  }
  const managed = token.option('credMgmt') === true;
  return {
    ...common,
    protocol: 'fido2',
    versions: info.versions,
    aaguid: hex(info.aaguid),
    pin: { state: pinState(token), retries: token.retries, minLength: info.minPinLength },
    can: {
      wink: link.capabilities.wink,
      userVerification: token.option('clientPin') !== undefined || token.option('uv') !== undefined,
      passkeys: token.option('rk') === true,
      managePasskeys: managed || token.option('credentialMgmtPreview') === true,
      renamePasskeys: managed,
      fingerprints: token.option('bioEnroll') !== undefined || token.option('userVerificationMgmtPreview') !== undefined,
      alwaysUv: token.option('alwaysUv') === true,
      minPinLength: token.option('setMinPINLength') === true,
      enterpriseAttestation: token.option('ep') !== undefined,
      largeBlobs: token.option('largeBlobs') === true,
    },
    passkeysLeft: info.remainingDiscoverableCredentials ?? null,
  };
}

function pinState(token: SessionToken): PinState {
  const set = token.option('clientPin');
  if (set === undefined) return 'unsupported';
  if (!set) return 'not-set';
  if (token.known?.retries === 0) return 'blocked';
  if (token.known?.lockedUntilReplug === true) return 'locked-until-replug';
  return token.ctap2.forcePinChange ? 'must-change' : 'set';
}
