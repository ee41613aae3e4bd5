import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Profile, profile, serveToken, type TouchScript, VirtualToken } from '../support/token/index.ts';

/** python3-fido2 brings a CTAPHID and CTAP2 host of its own; here it talks straight to the token's socket. */

// Debian's own, which has Debian's modules; another may come first in PATH.
const PYTHON = '/usr/bin/python3';
const script = new URL('./python_fido2.py', import.meta.url).pathname;
let folder = '';

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'doorstep-python-'));
});

afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

async function judge(kind: Profile, only: 'all' | 'cancel' | 'short', touch: TouchScript = { kind: 'automatic' }): Promise<unknown> {
  const token = new VirtualToken({ profile: kind, touch });
  const server = await serveToken(token, join(folder, 'token'));
  try {
    const { stdout } = await promisify(execFile)(PYTHON, ['-W', 'ignore', script, '--socket', server.socketPath, '--only', only], {
      timeout: 60_000,
    });
    return JSON.parse(stdout);
  } finally {
    await server.close();
  }
}

describe('python3-fido2', () => {
  it('pings, makes, gets, sets a PIN, keeps passkeys and blobs, configures', async () => {
    expect(await judge(profile('full'), 'all')).toEqual({
      version: 2,
      capabilities: 5,
      ping: true,
      versions: ['U2F_V2', 'FIDO_2_0', 'FIDO_2_1_PRE', 'FIDO_2_1'],
      fmt: 'packed',
      otherParty: 'NO_CREDENTIALS',
      excluded: 'CREDENTIAL_EXCLUDED',
      u2f: 'U2F_V2',
      pinProtocol: 2,
      wrongPin: 'PIN_INVALID',
      retries: 7,
      made: { uv: true, extensions: { credBlob: true, credProtect: 2 }, key: 32 },
      users: ['cyd', 'bob', 'ada'],
      kept: ['renamed', 'ada'],
      blob: true,
      minPinLength: 6,
    });
  });

  it('does the same with PIN protocol one', async () => {
    expect(await judge(profile('full', { pinProtocols: [1] }), 'all')).toMatchObject({
      pinProtocol: 1,
      blob: true,
      kept: ['renamed', 'ada'],
    });
  });

  it.each(['self', 'none', 'packed'] as const)('takes the attestation "%s"', async (attestation) => {
    const fmt = attestation === 'none' ? 'none' : 'packed';
    expect(await judge(profile('plain', { attestation }), 'short')).toMatchObject({ fmt, excluded: 'CREDENTIAL_EXCLUDED' });
  });

  it('cancels a wait for a touch', async () => {
    expect(await judge(profile('full'), 'cancel', { kind: 'never' })).toMatchObject({ canceled: 'KEEPALIVE_CANCEL' });
  });
});
