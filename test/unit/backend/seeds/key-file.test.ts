/** The file of the keys that seal seeds, and what is sealed with them. */
import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { makeKeyFile, newSeedKey, readKeyFile, writeKeyFile } from '../../../../src/backend/seeds/key-file.ts';
import { FileSeedVault } from '../../../../src/backend/seeds/vault.ts';
import { DoorstepError } from '../../../../src/contract/errors.ts';

const folder = mkdtempSync(join(tmpdir(), 'doorstep-seed-keys-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
let files = 0;
const fresh = (): string => {
  files += 1;
  return join(folder, `keys-${files}`);
};
const NOW = Date.parse('2026-11-24T12:00:00Z');
const SEED = Buffer.from('12345678901234567890');

const reason = (work: () => unknown): unknown => {
  try {
    work();
    return 'fine';
  } catch (error) {
    return error instanceof DoorstepError && error.code === 'code.seed-key-missing' ? error.detail['reason'] : error;
  }
};

describe('a file of seed keys', () => {
  it('is made once, for this account alone, and nothing is left beside it', () => {
    const file = fresh();
    makeKeyFile(file, NOW);
    const [first] = readKeyFile(file);
    makeKeyFile(file, NOW);
    expect(readKeyFile(file)).toEqual([first]);
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(readdirSync(folder)).toEqual([file.slice(folder.length + 1)]);
    expect(readFileSync(file, 'utf8')).toMatch(/^doorstep-seed-key [\w-]{11} 2026-11-24T12:00:00\.000Z [\w-]{43}\n$/);
  });

  it('says what is wrong with it', () => {
    const file = fresh();
    expect(reason(() => readKeyFile(file))).toBe('absent');
    expect(reason(() => readKeyFile(folder))).not.toBe('fine');
    makeKeyFile(file, NOW);
    chmodSync(file, 0o640);
    expect(reason(() => readKeyFile(file))).toBe('open-to-others');
    chmodSync(file, 0o600);
    const whole = readFileSync(file, 'utf8');
    for (let length = 0; length < whole.length - 1; length += 1) {
      writeFileSync(file, whole.slice(0, length));
      expect(
        reason(() => readKeyFile(file)),
        `cut at ${length}`,
      ).toBe('malformed');
    }
    const other = newSeedKey(NOW).key.export().toString('base64url');
    writeFileSync(file, whole.replace(/[\w-]{43}\n$/, `${other}\n`));
    expect(reason(() => readKeyFile(file))).toBe('malformed');
    const prepared = newSeedKey(NOW, true);
    writeKeyFile(file, [prepared]);
    expect(reason(() => readKeyFile(file))).toBe('malformed');
  });
});

describe('a sealed seed', () => {
  it('opens with its key and for its own row only, and never looks the same twice', () => {
    const file = fresh();
    makeKeyFile(file, NOW);
    const vault = new FileSeedVault(file);
    const sealed = vault.seal(SEED, 'row-1');
    expect(Buffer.from(vault.open(sealed, 'row-1'))).toEqual(SEED);
    expect(vault.seal(SEED, 'row-1').sealed).not.toBe(sealed.sealed);
    expect(reason(() => vault.open(sealed, 'row-2'))).toBe('does-not-open');
    const bytes = Buffer.from(sealed.sealed, 'base64url');
    for (let at = 0; at < bytes.length; at += 1) {
      const changed = Buffer.from(bytes);
      changed.writeUInt8(changed.readUInt8(at) ^ 1, at);
      expect(reason(() => vault.open({ ...sealed, sealed: changed.toString('base64url') }, 'row-1'))).toBe('does-not-open');
    }
    for (const length of [0, 11, 12, 27, 28, bytes.length - 1]) {
      const cut = bytes.subarray(0, length).toString('base64url');
      expect(reason(() => vault.open({ ...sealed, sealed: cut }, 'row-1'))).toBe('does-not-open');
    }
    expect(reason(() => vault.open({ ...sealed, seedKeyId: 'AAAAAAAAAAA' }, 'row-1'))).toBe('key-absent');
  });

  it('takes up keys that are added while it runs: a prepared one opens, the newest seals', () => {
    const file = fresh();
    makeKeyFile(file, NOW);
    const vault = new FileSeedVault(file);
    const elsewhere = fresh();
    const added = newSeedKey(NOW, true);
    writeKeyFile(elsewhere, [...readKeyFile(file), { ...added, isNext: false }]);
    const ahead = new FileSeedVault(elsewhere).seal(SEED, 'row');
    expect(ahead.seedKeyId).toBe(added.id);
    expect(reason(() => vault.open(ahead, 'row'))).toBe('key-absent');
    writeKeyFile(file, [...readKeyFile(file), added]);
    expect(Buffer.from(vault.open(ahead, 'row'))).toEqual(SEED);
    expect(vault.seal(SEED, 'row').seedKeyId).not.toBe(added.id);
    writeKeyFile(
      file,
      readKeyFile(file).map((key) => ({ ...key, isNext: false })),
    );
    expect(vault.seal(SEED, 'row').seedKeyId).toBe(added.id);
  });
});
