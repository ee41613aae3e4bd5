import { expect, test } from 'vitest';
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
  [{ connection: 'offline' }, 'offline', 'Doorstep: no connection. Keys still work.'],
  [{ keychain: 'locked' }, 'needs-care', 'Doorstep: something to mend'],
  [{ connection: 'removed' }, 'needs-care', 'Doorstep: something to mend'],
  [{ connection: 'clock-wrong' }, 'needs-care', 'Doorstep: something to mend'],
  [{ pairing: { state: 'none' } }, 'needs-care', 'Doorstep: something to mend'],
  [{ fault: { code: 'token.process-down', detail: {} } }, 'needs-care', 'Doorstep: something to mend'],
  [{ challenges: [challenge], connection: 'offline' }, 'waiting', 'Doorstep: 1 request is waiting'],
  [{ challenges: [challenge, challenge] }, 'waiting', 'Doorstep: 2 requests are waiting'],
])('%j looks %s', (change, look, tooltip) => {
  expect(trayLook({ ...well, ...change })).toBe(look);
  expect(trayTooltip({ ...well, ...change })).toBe(tooltip);
});

test('the menu opens the waiting request first, then says which keys are here', () => {
  const token = { product: 'Blue key' } as TokenSummary;
  expect(labels({ ...well, challenges: [challenge], tokens: [token] })).toEqual([
    '1 request is waiting',
    'Review: VPN asks, is this you?',
    '-',
    'Blue key: plugged in',
    '-',
    'Open Doorstep',
    'Quit',
  ]);
  expect(labels(well)).toEqual(['No key is plugged in', '-', 'Open Doorstep', 'Quit']);
});

test('what a token or a service calls itself cannot fool the menu', () => {
  const hostile = { product: `A\u202e&B\n${'x'.repeat(5_000)}` } as TokenSummary;
  const [first = ''] = labels({ ...well, tokens: [hostile] });
  expect(first.length).toBeLessThan(70);
  expect(first).not.toMatch(/[\u202e\n]/);
  expect(first.startsWith('A&&B')).toBe(true);
});
