import { describe, expect, it } from 'vitest';
import { firstWay, signInWays } from '../../../../src/renderer/web/sign-in-ways.ts';

describe('ways of the second step', () => {
  it('name each kind once, the first choice first, the sheet last', () => {
    expect(signInWays(['recovery-codes', 'hotp', 'totp', 'desktop', 'security-key'], null)).toEqual([
      'security-key',
      'desktop',
      'code',
      'spare-code',
    ]);
    expect(signInWays(['security-key', 'totp', 'desktop'], 'desktop')).toEqual(['desktop', 'security-key', 'code']);
    expect(signInWays(['security-key', 'totp'], 'hotp')).toEqual(['code', 'security-key']);
    expect(signInWays([], null)).toEqual([]);
  });

  it('begin with no key where the browser cannot talk to one', () => {
    expect(firstWay(['security-key', 'code'], true)).toBe('security-key');
    expect(firstWay(['security-key', 'code'], false)).toBe('code');
    expect(firstWay(['security-key'], false)).toBe('security-key');
    expect(firstWay([], false)).toBeNull();
  });
});
