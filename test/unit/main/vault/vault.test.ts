import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { createLog } from '../../../../src/main/app/log.ts';
import { type Keychain, KeychainError } from '../../../../src/main/vault/keychain.ts';
import { createVault, type Vault } from '../../../../src/main/vault/vault.ts';

/** A keychain in memory whose next operations can be scripted. It behaves as libsecret does: a locked read says "no such entry". */
function scriptedKeychain() {
  const entries = new Map<string, string>();
  let mode: 'open' | 'absent' | 'locked' | 'waiting' | 'failed' = 'open';
  let release: (() => void) | null = null;
  const gate = () => {
    if (mode === 'absent') throw new KeychainError('absent', 'because');
    if (mode === 'failed') throw new KeychainError('failed', 'because');
  };
  const keychain: Keychain = {
    async get(account) {
      gate();
      return mode === 'locked' ? null : (entries.get(account) ?? null);
    },
    async set(account, secret) {
      gate();
      if (mode === 'locked') throw new KeychainError('refused', 'because');
      if (mode === 'waiting') await new Promise<void>((resolve) => (release = resolve));
      entries.set(account, secret);
    },
    async remove(account) {
      gate();
      if (mode !== 'locked') entries.delete(account);
    },
    async list(beginning) {
      gate();
      if (mode === 'locked') return [];
      return [...entries].filter(([account]) => account.startsWith(beginning)).map(([account, secret]) => ({ account, secret }));
    },
  };
  return {
    keychain,
    entries,
    become(next: typeof mode) {
      mode = next;
    },
    unlock() {
      mode = 'open';
      release?.();
    },
  };
}

const lines: string[] = [];
let double: ReturnType<typeof scriptedKeychain>;
let vault: Vault;
const states: string[] = [];
const lateUnlock = vi.fn();

beforeEach(() => {
  vi.useFakeTimers();
  double = scriptedKeychain();
  lines.length = 0;
  states.length = 0;
  lateUnlock.mockReset();
  vault = createVault({
    keychain: double.keychain,
    installation: 'one',
    log: createLog((line) => lines.push(line)),
    onState: (state) => states.push(state),
    onLateUnlock: lateUnlock,
  });
});
afterEach(() => {
  vi.useRealTimers();
  // Whatever happened, no secret was ever logged.
  expect(lines.join('')).not.toContain('very secret');
});

test('a secret is written, read and wiped, and the probe leaves nothing behind', async () => {
  await vault.write('device', 'very secret');
  expect(await vault.read('device')).toBe('very secret');
  expect([...double.entries.keys()]).toEqual(['one/device']);
  await vault.wipe('pairing');
  expect(double.entries.size).toBe(0);
  expect(states).toEqual(['ready']);
});

test('no keychain: the state says so, and a write stores nothing', async () => {
  double.become('absent');
  expect(await vault.open()).toBe('absent');
  await expect(vault.write('device', 'very secret')).rejects.toMatchObject({ code: 'keychain.absent' });
  expect(double.entries.size).toBe(0);
});

test('the "no such entry" of a locked keychain is not believed', async () => {
  await vault.write('device', 'kept');
  double.become('locked');
  await expect(vault.read('device')).rejects.toMatchObject({ code: 'keychain.locked' });
  await expect(vault.wipe('pairing')).rejects.toMatchObject({ code: 'keychain.locked' });
  double.become('open');
  expect(await vault.read('device')).toBe('kept');
});

test('a refusal after the time that a person needs to close a dialog is a dismissed one', async () => {
  double.become('locked');
  vi.spyOn(double.keychain, 'set').mockRejectedValue(new KeychainError('refused', 'because', 2_000));
  expect(await vault.open()).toBe('dismissed');
});

test('a keychain that waits for its dialog is locked after ten seconds, and ready when the password comes late', async () => {
  double.become('waiting');
  const opened = vault.open();
  await vi.advanceTimersByTimeAsync(10_000);
  expect(await opened).toBe('locked');
  expect(lateUnlock).not.toHaveBeenCalled();
  double.unlock();
  await vi.advanceTimersByTimeAsync(0);
  expect(vault.state()).toBe('ready');
  expect(lateUnlock).toHaveBeenCalledOnce();
});

test('trying again while the dialog still waits does not queue a second dialog', async () => {
  double.become('waiting');
  const set = vi.spyOn(double.keychain, 'set');
  const first = vault.open();
  await vi.advanceTimersByTimeAsync(10_000);
  await first;
  const second = vault.open();
  await vi.advanceTimersByTimeAsync(1_000);
  double.unlock();
  await vi.advanceTimersByTimeAsync(0);
  expect(await second).toBe('ready');
  expect(set).toHaveBeenCalledOnce();
});

test('a keychain that swallows what it is given has failed', async () => {
  vi.spyOn(double.keychain, 'set').mockResolvedValue();
  expect(await vault.open()).toBe('failed');
});

test('a keychain that breaks in the middle of a write has failed, and says so', async () => {
  await vault.open();
  const { set } = double.keychain;
  vi.spyOn(double.keychain, 'set').mockImplementation(async (account, secret) => {
    if (account.endsWith('device')) throw new KeychainError('failed', 'because');
    await set(account, secret);
  });
  await expect(vault.write('device', 'very secret')).rejects.toMatchObject({ code: 'keychain.failed' });
  expect(vault.state()).toBe('failed');
});

test('each seed is an entry of its own, listed by name and removed one by one', async () => {
  double.entries.set('two/seed/x', 'of another installation');
  await vault.write('seed/a', '1');
  await vault.write('seed/b', '2');
  await vault.write('device', 'key');
  expect(await vault.seeds()).toEqual(
    new Map([
      ['seed/a', '1'],
      ['seed/b', '2'],
    ]),
  );
  await vault.remove('seed/a');
  await vault.remove('seed/never-there');
  expect([...(await vault.seeds()).keys()]).toEqual(['seed/b']);
});

test('a locked keychain does not pass for one without seeds', async () => {
  await vault.write('seed/a', '1');
  double.become('locked');
  await expect(vault.seeds()).rejects.toMatchObject({ code: 'keychain.locked' });
  await expect(vault.remove('seed/a')).rejects.toMatchObject({ code: 'keychain.locked' });
  double.become('open');
  expect((await vault.seeds()).size).toBe(1);
});

test('a wipe of the codes takes the guard of exports too and leaves the key of this computer, one of the pairing takes that', async () => {
  for (const name of ['device', 'export-guard', 'seed/a', 'seed/b'] as const) await vault.write(name, 'secret');
  double.entries.set('two/device', 'of another installation');
  await vault.wipe('codes');
  expect([...double.entries.keys()].sort()).toEqual(['one/device', 'two/device']);
  await vault.write('seed/c', 'secret');
  await vault.wipe('pairing');
  expect([...double.entries.keys()].sort()).toEqual(['one/seed/c', 'two/device']);
});

test.each([1, 2, 3, 4])('a wipe of the codes that is cut short before its removal %i rejects, and is finished later', async (cut) => {
  for (const name of ['device', 'export-guard', 'seed/a', 'seed/b', 'seed/c'] as const) await vault.write(name, 'secret');
  const { remove } = double.keychain;
  let removals = 0;
  vi.spyOn(double.keychain, 'remove').mockImplementation(async (account) => {
    if (!account.endsWith('/probe')) removals += 1;
    if (removals >= cut) throw new KeychainError('absent', 'because');
    await remove(account);
  });
  await expect(vault.wipe('codes')).rejects.toMatchObject({ code: 'keychain.absent' });
  expect(double.entries.size).toBe(6 - cut);
  vi.restoreAllMocks();
  await vault.wipe('codes');
  expect([...double.entries.keys()]).toEqual(['one/device']);
});
