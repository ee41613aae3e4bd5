import { describe, expect, it } from 'vitest';
import { homeMood } from '../../../../src/renderer/app/home-mood.ts';
import { blueKey, libraryCode, paired, spareCodes, token, vpn } from '../../../e2e/pages/app-states.ts';

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
    ['stopped requests', { policy: { approvals: true, approvalsStopped: true, codes: true } }],
    ['changes that wait', { waitingChanges: 1 }],
    ['something to know', { notices: [{ id: 'tray', kind: 'no-tray', code: null, about: null }] }],
    ['a code that is gone', { codes: [{ ...libraryCode, state: 'gone' }] }],
    ['a blocked PIN', { tokens: [{ ...token, pin: { state: 'blocked', retries: 0, minLength: 6 } }] }],
  ] as const)('wants care with %s', (_name, change) => {
    expect(homeMood({ ...paired, ...change }, [blueKey])).toBe('care');
  });

  it('wants care without a way, and with a stopped one', () => {
    expect(homeMood(paired, [])).toBe('care');
    expect(homeMood(paired, [spareCodes])).toBe('care');
    expect(homeMood(paired, [{ ...blueKey, state: 'suspended' }])).toBe('care');
  });
});
