import { describe, expect, it } from 'vitest';
import { homeMood } from '../../../../src/renderer/app/home-mood.ts';
import { blueKey, paired, token, vpn } from '../../../e2e/pages/app-states.ts';

describe('home', () => {
  it('is well when nothing waits', () => {
    expect(homeMood(paired, [blueKey])).toBe('well');
  });

  it('waits while a request does, whatever else there is', () => {
    expect(homeMood({ ...paired, challenges: [vpn], connection: 'offline' }, [])).toBe('waiting');
  });

  it.each([
    ['no connection', { connection: 'offline' }],
    ['a wrong clock', { connection: 'clock-wrong' }],
    ['a locked keychain', { keychain: 'locked' }],
    ['a fault', { fault: { code: 'token.process-down', detail: {} } }],
    ['a blocked PIN', { tokens: [{ ...token, pin: { state: 'blocked', retries: 0, minLength: 6 } }] }],
  ] as const)('wants care with %s', (_name, change) => {
    expect(homeMood({ ...paired, ...change }, [blueKey])).toBe('care');
  });

  it('wants care without a key, and with a stopped one', () => {
    expect(homeMood(paired, [])).toBe('care');
    expect(homeMood(paired, [{ ...blueKey, state: 'suspended' }])).toBe('care');
  });
});
