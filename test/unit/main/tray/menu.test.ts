import { expect, test } from 'vitest';
import type { CodeEntry } from '../../../../src/contract/codes.ts';
import type { Authenticator } from '../../../../src/contract/http/shapes.ts';
import type { AppState } from '../../../../src/contract/ipc.ts';
import type { TokenSummary } from '../../../../src/contract/tokens.ts';
import { firstState } from '../../../../src/main/app/state-store.ts';
import { trayLook, trayMenu, trayTooltip } from '../../../../src/main/tray/menu.ts';

const well: AppState = {
  ...firstState('1.0.0', 'https://id.example', false),
  keychain: 'ready',
  connection: 'online',
  pairing: {
    state: 'paired',
    deviceId: 'd',
    person: { id: 'p', username: 'amina', displayName: 'Amina' },
    organization: { name: 'N', origin: 'https://id.example', rpId: 'id.example' },
  },
};
const challenge = { id: 'c', serviceName: 'VPN', place: null, asked: null, number: null, byKey: true, createdAt: '', expiresAt: '' };
const labels = (state: AppState) => trayMenu(state).map((item) => (item.kind === 'separator' ? '-' : item.label));

test.each<[Partial<AppState>, string, string]>([
  [{}, 'ready', 'Doorstep: ready'],
  [{ connection: 'offline' }, 'offline', 'Doorstep: no connection. Codes and keys still work.'],
  [{ keychain: 'locked' }, 'needs-care', 'Doorstep: the keychain is locked'],
  [{ keychain: 'absent' }, 'needs-care', 'Doorstep: no keychain found'],
  [{ connection: 'removed' }, 'needs-care', 'Doorstep: this computer was removed'],
  [{ connection: 'clock-wrong' }, 'needs-care', 'Doorstep: the clock of this computer is wrong'],
  [{ pairing: { state: 'none' } }, 'needs-care', 'Doorstep: this computer is not connected yet'],
  [{ fault: { code: 'token.process-down', detail: {} } }, 'needs-care', 'Doorstep: something to mend'],
  [{ challenges: [challenge], connection: 'offline' }, 'waiting', 'Doorstep: 1 request is waiting'],
  [{ challenges: [challenge, challenge] }, 'waiting', 'Doorstep: 2 requests are waiting'],
])('%j looks %s', (change, look, tooltip) => {
  expect(trayLook({ ...well, ...change })).toBe(look);
  expect(trayTooltip({ ...well, ...change })).toBe(tooltip);
});

const token = (product: string, id = 't') => ({ id, product }) as TokenSummary;
const code = (name: string, kind: 'totp' | 'hotp' = 'totp', state: 'ready' | 'gone' = 'ready') =>
  ({ id: `code-${name}`, kind, issuer: name, account: 'amina', name: '', state }) as CodeEntry;

test('the menu: what waits, the codes, the keys, the way out', () => {
  const codes = [code('Northmoor'), code('Counter', 'hotp'), code('Lost', 'totp', 'gone'), code('Library')];
  expect(labels({ ...well, challenges: [challenge], tokens: [token('Blue key')], codes })).toEqual([
    '1 request is waiting',
    'Review: VPN asks, is this you?',
    '-',
    'Copy code: Northmoor',
    'Copy code: Library',
    'All codes…',
    '-',
    'Blue key: plugged in',
    'I lost a key…',
    '-',
    'Open Doorstep',
    'Settings…',
    'Quit',
  ]);
  expect(labels(well)).toEqual(['All codes…', '-', 'No key is plugged in', 'I lost a key…', '-', 'Open Doorstep', 'Settings…', 'Quit']);
});

test('a menu stays a menu: five codes, five requests; a locked keychain is in it', () => {
  const codes = Array.from({ length: 40 }, (_, index) => code(`Site ${index}`));
  const challenges = Array.from({ length: 40 }, () => challenge);
  const kinds = trayMenu({ ...well, codes, challenges, keychain: 'locked' }).map((item) => item.kind);
  expect(kinds.filter((kind) => kind === 'copy')).toHaveLength(5);
  expect(kinds.filter((kind) => kind === 'review')).toHaveLength(5);
  expect(labels({ ...well, keychain: 'locked' })).toContain('The keychain is locked…');
});

test('a key is called as the person calls it, where it says which it is', () => {
  const own = { id: 'a', name: 'Spare key' } as Authenticator;
  expect(labels({ ...well, tokens: [token('YubiKey')], recognized: { t: 'a' }, authenticators: [own] })).toContain('Spare key: plugged in');
});

test.each(['product', 'service', 'code'] as const)('what a %s calls itself cannot fool the menu', (kind) => {
  const hostile = `A\u202e&B\n${'x'.repeat(5_000)}`;
  const state = {
    ...well,
    ...(kind === 'product' ? { tokens: [token(hostile)] } : {}),
    ...(kind === 'service' ? { challenges: [{ ...challenge, serviceName: hostile }] } : {}),
    ...(kind === 'code' ? { codes: [code(hostile)] } : {}),
  };
  const line = labels(state).find((each) => each.includes('A&&B')) ?? '';
  expect(line.length).toBeGreaterThan(40);
  expect(line.length).toBeLessThan(90);
  expect(line).not.toMatch(/[\u202e\n]/);
});
