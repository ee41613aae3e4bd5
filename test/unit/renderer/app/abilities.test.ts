import { describe, expect, it } from 'vitest';
import { abilities } from '../../../../src/renderer/app/abilities.ts';
import { oldToken, token } from '../../../e2e/pages/app-states.ts';

describe('what a key can do', () => {
  it('of a modern one', () => {
    expect(abilities(token)).toEqual({ can: ['touch', 'pin', 'passkeys'], cannot: ['fingerprints', 'alwaysUv', 'minPin'] });
  });

  it('of an old one', () => {
    expect(abilities(oldToken)).toEqual({ can: ['touch'], cannot: ['pin', 'passkeys', 'fingerprints', 'wink', 'wipe'] });
  });

  it('says each thing on one side only', () => {
    for (const managePasskeys of [true, false]) {
      const { can, cannot } = abilities({ ...token, can: { ...token.can, managePasskeys, fingerprints: true } });
      expect(can.filter((one) => (cannot as readonly string[]).includes(one))).toEqual([]);
      expect(cannot.includes('manage')).toBe(!managePasskeys);
    }
  });
});
