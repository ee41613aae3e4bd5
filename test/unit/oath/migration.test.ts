import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DoorstepError } from '../../../src/contract/errors.ts';
import { parseMigration } from '../../../src/oath/migration.ts';
import { type Entry, migrationLink, payload } from './migration-maker.ts';

const KEY = Buffer.from('48656c6c6f21deadbeef', 'hex');
const entry = (more: Partial<Entry> = {}): Entry => ({
  secret: KEY,
  name: 'alice@example.org',
  issuer: 'Example',
  algorithm: 1,
  digits: 1,
  type: 2,
  ...more,
});

function reasonOf(act: () => unknown): unknown {
  try {
    act();
  } catch (error) {
    if (error instanceof DoorstepError) return error.detail['reason'];
    throw error;
  }
  return null;
}

describe('an export of Google Authenticator', () => {
  it('is read as it was made', () => {
    // An export of one entry, as published with its meaning by the tests of GNOME Authenticator.
    const link =
      'otpauth-migration://offline?data=CjYKEExyJfPiZeroMa/MdF%2BnkTISE2pvaG5kb2VAZXhhbXBsZS5jb20aB0Rpc2NvcmQgASgBMAIQARgBIAA%3D';
    expect(parseMigration(link)).toEqual({
      batchId: 0,
      index: 0,
      of: 1,
      refused: [],
      seeds: [
        {
          kind: 'totp',
          issuer: 'Discord',
          account: 'johndoe@example.com',
          key: new Uint8Array(Buffer.from('4c7225f3e265eae831afcc745fa79132', 'hex')),
          algorithm: 'SHA1',
          digits: 6,
          period: 30,
          counter: null,
        },
      ],
    });
  });

  it('may have several parts, named by a batch id that can be negative', () => {
    const link = migrationLink({
      entries: [entry(), entry({ type: 1, counter: 7, digits: 2, algorithm: 3 })],
      size: 3,
      index: 2,
      id: -1234567,
    });
    const part = parseMigration(link);
    expect(part).toMatchObject({ batchId: -1234567, index: 2, of: 3 });
    expect(part.seeds[1]).toMatchObject({ kind: 'hotp', counter: 7, digits: 8, algorithm: 'SHA512', period: null });
  });

  it('may repeat the issuer in the name', () => {
    expect(parseMigration(migrationLink({ entries: [entry({ name: 'Example:alice' })] })).seeds[0]).toMatchObject({
      issuer: 'Example',
      account: 'alice',
    });
    expect(parseMigration(migrationLink({ entries: [entry({ name: 'Other:alice', issuer: '' })] })).seeds[0]).toMatchObject({
      issuer: 'Other',
      account: 'alice',
    });
    expect(parseMigration(migrationLink({ entries: [entry({ name: 'a:b' })] })).seeds[0]).toMatchObject({
      issuer: 'Example',
      account: 'a:b',
    });
  });

  it('names the entries that cannot be kept and keeps the others', () => {
    const part = parseMigration(migrationLink({ entries: [entry(), entry({ algorithm: 4 }), entry({ digits: 9 }), entry({ type: 9 })] }));
    expect(part.seeds).toHaveLength(1);
    expect(part.refused).toEqual([
      'Example, alice@example.org (MD5)',
      'Example, alice@example.org (unknown digits)',
      'Example, alice@example.org (unknown type)',
    ]);
  });

  it('survives a plus sign that was not escaped, and a link in capital letters', () => {
    const link = migrationLink({ entries: [entry({ secret: Buffer.from('fbefbefbefbefbefbe', 'hex') })] });
    expect(parseMigration(decodeURIComponent(link)).seeds).toHaveLength(1);
    expect(parseMigration(link.replace('otpauth-migration://offline', 'OTPAUTH-MIGRATION://OFFLINE')).seeds).toHaveLength(1);
  });

  it('refuses what makes no sense', () => {
    expect(reasonOf(() => parseMigration('otpauth-migration://offline'))).toBe('link');
    expect(reasonOf(() => parseMigration('otpauth-migration://offline?data='))).toBe('export');
    expect(reasonOf(() => parseMigration('otpauth-migration://offline?data=%'))).toBe('escape');
    expect(reasonOf(() => parseMigration(migrationLink({ entries: [entry()], version: 3 })))).toBe('export-version');
    expect(reasonOf(() => parseMigration(migrationLink({ entries: [entry()], size: 2, index: 2 })))).toBe('export');
    expect(reasonOf(() => parseMigration(migrationLink({ entries: [entry()], size: 100_000 })))).toBe('export');
    expect(reasonOf(() => parseMigration(migrationLink({ entries: [entry({ secret: Buffer.alloc(2) })] })))).toBe('secret-short');
    expect(reasonOf(() => parseMigration(migrationLink({ entries: [entry({ type: 1, counter: -1 })] })))).toBe('counter');
  });

  it('takes one that is cut anywhere for malformed, or for fewer entries', () => {
    const whole = payload({ entries: [entry(), entry({ type: 1, counter: 3 })], size: 2, index: 1 });
    for (let length = 0; length < whole.length; length++) {
      const link = `otpauth-migration://offline?data=${encodeURIComponent(whole.subarray(0, length).toString('base64'))}`;
      try {
        expect(parseMigration(link).seeds.length).toBeLessThanOrEqual(2);
      } catch (error) {
        expect(error).toBeInstanceOf(DoorstepError);
      }
    }
  });

  it('answers whatever bytes with an error of ours or with seeds, soon', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
        try {
          parseMigration(`otpauth-migration://offline?data=${encodeURIComponent(Buffer.from(bytes).toString('base64'))}`);
        } catch (error) {
          expect(error).toBeInstanceOf(DoorstepError);
        }
      }),
      { numRuns: 5_000 },
    );
  });
});
