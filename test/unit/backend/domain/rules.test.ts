/** Small pure rules of the domain. */
import fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import { type AuditRow, auditHash, CHAIN_START, verifyChain } from '../../../../src/backend/domain/audit.ts';
import { readPairingCode } from '../../../../src/backend/domain/devices/pairing-code.ts';
import { sourceKey, waitAfter } from '../../../../src/backend/domain/limits.ts';
import { usernameKey } from '../../../../src/backend/domain/usernames.ts';

// Both cores may be busy with other suites.
vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

describe('a user name', () => {
  it('has one form, whatever its case, width, spacing and composition', () => {
    for (const typed of [
      'amina.yusuf',
      ' AMINA.YUSUF\t',
      'Amina.\u200bYusuf',
      'ａｍｉｎａ．ｙｕｓｕｆ',
      'amina.yu\u00adsuf',
      'amina .yusuf',
      'amina.yusuf\0',
    ]) {
      expect(usernameKey(typed)).toBe('amina.yusuf');
    }
    expect(usernameKey('é')).toBe(usernameKey('e\u0301'));
    expect(usernameKey('ﬁ')).toBe('fi');
    expect(usernameKey('Tomáš')).not.toBe(usernameKey('Tomas'));
  });

  it('keeps its form when it is taken again', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (typed) => {
        expect(usernameKey(usernameKey(typed))).toBe(usernameKey(typed));
      }),
      { numRuns: 5_000 },
    );
  });
});

describe('a pairing code', () => {
  it('is read as it was written down, or not at all', () => {
    for (const typed of ['KTRW4N7X', 'ktrw-4n7x', ' KTRW – 4N7X\n', 'ＫＴＲＷ４Ｎ７Ｘ']) expect(readPairingCode(typed)).toBe('KTRW4N7X');
    for (const typed of ['', 'KTRW4N7', 'KTRW4N7XX', 'KTRW4N70', 'KTRI4N7X', 'KTRW4N7S', 'ÄTRW4N7X'])
      expect(readPairingCode(typed)).toBeNull();
  });
});

describe('a source', () => {
  it('is an IPv4 address, or a /64 network', () => {
    for (const address of ['192.0.2.7', '::ffff:192.0.2.7', '::FFFF:192.0.2.7']) expect(sourceKey(address)).toBe('192.0.2.7');
    for (const address of ['2001:db8:0:1::7', '2001:0DB8::1:ffff:0:0:9', '2001:db8:0:1:a:b:c:d', '2001:db8:0:1::%eth0']) {
      expect(sourceKey(address)).toBe('2001:db8:0:1::/64');
    }
    expect(sourceKey('::1')).toBe('0:0:0:0::/64');
    expect(sourceKey('2001:db8::')).toBe('2001:db8:0:0::/64');
    expect(sourceKey('local')).toBe('local');
  });
});

describe('waiting after failures', () => {
  it('begins after the free ones, doubles, and has a longest', () => {
    const limit = { free: 3, firstWait: 10, longestWait: 70, lockAfter: null, forgetEvery: null };
    expect([1, 2, 3, 4, 5, 6, 7, 1_000].map((failures) => waitAfter(failures, limit))).toEqual([0, 0, 10, 20, 40, 70, 70, 70]);
  });
});

describe('the trail', () => {
  const row = (sequence: number, previousHash: string, facts: AuditRow['facts']): AuditRow => {
    const body = {
      sequence,
      at: 1,
      event: 'session.ended' as const,
      outcome: 'done' as const,
      actor: { kind: 'system' as const, id: null },
      personId: null,
      subjectId: null,
      source: null,
      reason: null,
      facts,
      previousHash,
    };
    return { ...body, hash: auditHash(body) };
  };

  it('hashes facts whatever their order, and holds from its start', () => {
    expect(row(1, CHAIN_START, { a: 1, b: 2 }).hash).toBe(row(1, CHAIN_START, { b: 2, a: 1 }).hash);
    const first = row(1, CHAIN_START, {});
    const second = row(2, first.hash, {});
    expect(verifyChain([])).toEqual({ ok: true, rows: 0, head: CHAIN_START });
    expect(verifyChain([first, second])).toEqual({ ok: true, rows: 2, head: second.hash });
    expect(verifyChain([second])).toEqual({ ok: false, at: 1 });
    expect(verifyChain([first, row(2, CHAIN_START, {})])).toEqual({ ok: false, at: 2 });
  });
});
