/** States of the app to look at: a person, their keys, and what is plugged in. */
import type { CodeEntry, ShownCode } from '../../../src/contract/codes.ts';
import type { Authenticator, WaitingChallenge } from '../../../src/contract/http/shapes.ts';
import type { AppState } from '../../../src/contract/ipc.ts';
import type { TokenSummary } from '../../../src/contract/tokens.ts';
import { firstState } from '../../../src/main/app/state-store.ts';
import { authenticator } from '../../support/shapes.ts';

const id = (name: string) => name.padEnd(22, '0');
const MINUTE = 60_000;

export const inMinutes = (minutes: number) => new Date(Date.now() + minutes * MINUTE).toISOString();

const way = (name: string, more: Partial<Authenticator>) =>
  authenticator({ id: id(name.replaceAll(' ', '-')), name, attestation: 'unverified', credentialId: id(name), ...more });

export const blueKey = way('Blue key', { preferred: true, model: 'YubiKey 5 NFC', lastUsedAt: inMinutes(-90) });
export const spareKey = way('Spare key', { lastUsedAt: '2026-05-12T10:00:00.000Z' });
export const officePc = way('Office PC', { kind: 'desktop', credentialId: null, attestation: null });

export const spareCodes = way('Spare codes', {
  kind: 'recovery-codes',
  spareCodesLeft: 8,
  credentialId: null,
  attestation: null,
});
export const whiteToken = way('White code token', {
  kind: 'hotp',
  code: { algorithm: 'SHA1', digits: 6, period: null },
  credentialId: null,
  attestation: null,
});
export const ownCodes = way('Codes on Office PC', {
  kind: 'totp',
  code: { algorithm: 'SHA1', digits: 6, period: 30 },
  credentialId: null,
  attestation: null,
});

const code = (issuer: string, account: string, more: Partial<CodeEntry> = {}): CodeEntry => ({
  id: id(issuer.replaceAll(' ', '-')),
  kind: 'totp',
  issuer,
  account,
  name: '',
  algorithm: 'SHA1',
  digits: 6,
  period: 30,
  authenticatorId: null,
  state: 'ready',
  ...more,
});

export const northmoorCode = code('Northmoor University', 'amina.yusuf', { name: 'Northmoor sign-in', authenticatorId: ownCodes.id });
export const libraryCode = code('Library', 'ay1042');
export const payrollCode = code('Payroll', 'Yusuf, A.', { digits: 8 });
export const doorCode = code('Workshop door', '', { kind: 'hotp', period: null });
export const goneCode = code('Old portal', 'amina', { state: 'gone' });

/** A code that lives from `from` on for its period, both in milliseconds. */
export const shownCode = (entry: CodeEntry, from: number, code: string, next: string): ShownCode => ({
  id: entry.id,
  code,
  next,
  from,
  until: from + (entry.period ?? 30) * 1000,
});

export const token: TokenSummary = {
  id: 'usb-1',
  source: 'usb',
  product: 'YubiKey 5 NFC',
  manufacturer: 'Yubico',
  serial: null,
  state: { kind: 'ready' },
  protocol: 'fido2',
  versions: ['FIDO_2_1', 'U2F_V2'],
  aaguid: '2fc0579f811347eab116bb5a8db9202a',
  pin: { state: 'set', retries: 8, minLength: 6 },
  can: {
    wink: true,
    userVerification: true,
    passkeys: true,
    managePasskeys: true,
    renamePasskeys: true,
    fingerprints: false,
    alwaysUv: false,
    minPinLength: false,
    enterpriseAttestation: false,
    largeBlobs: false,
  },
  passkeysLeft: 22,
};

const nothing: TokenSummary['can'] = {
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

export const practiceToken: TokenSummary = {
  ...token,
  id: 'practice-1',
  source: 'practice',
  product: 'Practice key',
  manufacturer: 'Doorstep',
  pin: { state: 'not-set', retries: null, minLength: 4 },
};

export const oldToken: TokenSummary = {
  ...token,
  id: 'usb-2',
  product: 'U2F Zero',
  manufacturer: '',
  protocol: 'u2f',
  versions: ['U2F_V2'],
  aaguid: null,
  pin: { state: 'unsupported', retries: null, minLength: 4 },
  can: nothing,
  passkeysLeft: null,
};

export const openingToken: TokenSummary = { ...oldToken, id: 'usb-3', product: 'USB key', state: { kind: 'opening' }, protocol: 'unknown' };
export const failedToken: TokenSummary = {
  ...openingToken,
  id: 'usb-4',
  product: 'Nitrokey 3',
  state: { kind: 'failed', code: 'token.no-permission' },
};

export const vpn: WaitingChallenge = {
  id: id('vpn-request'),
  serviceName: 'VPN',
  place: 'the Leeds area',
  asked: null,
  number: null,
  byKey: true,
  createdAt: inMinutes(-1),
  expiresAt: inMinutes(9),
};

/** A request of the sign-in page, answered by its number. */
export const approvalRequest: WaitingChallenge = {
  ...vpn,
  id: id('library-request'),
  serviceName: 'Library',
  asked: { address: '192.0.2.7', browser: 'Firefox on Windows' },
  number: { digits: 6, triesLeft: 3 },
  byKey: false,
};

export const unpaired: AppState = {
  ...firstState('0.1.0', 'https://id.northmoor.example', false),
  keychain: 'ready',
  pairing: { state: 'none' },
  connection: 'online',
  clockSkew: 0,
  policy: { approvals: true, approvalsStopped: false, codes: true },
  settings: { startAtLogin: false },
};

export const paired: AppState = {
  ...unpaired,
  pairing: {
    state: 'paired',
    deviceId: officePc.id,
    person: { id: id('amina'), username: 'amina.yusuf', displayName: 'Amina Yusuf' },
    organization: { name: 'Northmoor University', origin: 'https://id.northmoor.example', rpId: 'id.northmoor.example' },
  },
  authenticators: [blueKey, spareKey, officePc],
  checkedAt: inMinutes(-2),
};
