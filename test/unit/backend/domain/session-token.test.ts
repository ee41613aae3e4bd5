import { describe, expect, it } from 'vitest';
import { hashSecret, newSecret } from '../../../../src/backend/domain/identifiers.ts';
import { hashSessionToken, newSessionToken } from '../../../../src/backend/domain/sessions/token.ts';

const NOW = Date.UTC(2026, 10, 24, 12);

describe('the token of a session', () => {
  it('is stored beside those of its time, and without its secret', () => {
    const times = [0, NOW, NOW + 1, NOW + 36_000, Date.UTC(2060, 0, 1)];
    const tokens = times.map(newSessionToken);
    const stored = tokens.map(hashSessionToken);
    expect([...stored].sort()).toEqual(stored);
    for (const [index, token] of tokens.entries()) {
      const [time, secret = ''] = token.split('.');
      expect(secret).toMatch(/^[\w-]{43}$/);
      expect(stored[index]).toBe(`${time}.${hashSecret(token)}`);
      expect(stored[index]).not.toContain(secret);
    }
  });

  it('is another one each time', () => {
    expect(newSessionToken(NOW)).not.toBe(newSessionToken(NOW));
  });

  it('is found with its time alone: none opens the session of another time', () => {
    const token = newSessionToken(NOW);
    const later = newSessionToken(NOW + 1);
    const moved = `${later.split('.')[0]}.${token.split('.')[1]}`;
    expect(hashSessionToken(moved)).not.toBe(hashSessionToken(token));
    expect(hashSessionToken(moved).split('.')[1]).not.toBe(hashSessionToken(token).split('.')[1]);
  });

  it('without a time, from before they had one, is found as it was', () => {
    const token = newSecret();
    expect(hashSessionToken(token)).toBe(hashSecret(token));
    const long = `${'z'.repeat(5_000)}.${token}`;
    expect(hashSessionToken(long)).toBe(hashSecret(long));
  });
});
