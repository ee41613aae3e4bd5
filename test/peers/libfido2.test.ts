import { createHmac } from 'node:crypto';
import { afterEach, describe, expect, it } from 'vitest';
import { type Profile, profile, VirtualToken } from '../support/token/index.ts';
import { Libfido2 } from './libfido2.ts';

/** libfido2 1.12's own tools judge the virtual token. */

let fido2: Libfido2 | null = null;
let token = new VirtualToken();

async function plugIn(kind: Profile = profile('full')): Promise<Libfido2> {
  await fido2?.close();
  token = new VirtualToken({ profile: kind });
  fido2 = await Libfido2.on(token);
  return fido2;
}

afterEach(async () => {
  await fido2?.close();
  fido2 = null;
});

describe('fido2-token', () => {
  it('lists the token, and only while it is plugged in', async () => {
    const peer = await plugIn();
    expect(await peer.succeed('fido2-token', ['-L'])).toBe('/dev/hidraw0: vendor=0x1209, product=0xd005 (Doorstep Peer key)\n');
    token.unplug();
    expect(await peer.succeed('fido2-token', ['-L'])).toBe('');
  });

  it('reads what the token can do', async () => {
    const peer = await plugIn();
    const info = await peer.succeed('fido2-token', ['-I', peer.path]);
    expect(info).toContain('caps: 0x05 (wink, cbor, msg)');
    expect(info).toContain('version strings: U2F_V2, FIDO_2_0, FIDO_2_1_PRE, FIDO_2_1');
    expect(info).toContain('extension strings: credBlob, credProtect, hmac-secret, largeBlobKey, minPinLength');
    expect(info).toContain('noclientPin');
    expect(info).toContain('pin protocols: 2, 1');
  });

  it.each(['full', 'fido2.0', 'u2f', 'always-uv', 'bio', 'small', 'plain'] as const)('talks to the kind of key "%s"', async (name) => {
    const peer = await plugIn(profile(name));
    expect((await peer.run('fido2-token', ['-I', peer.path])).code).toBe(0);
  });

  it('sets and changes the PIN, and counts wrong ones', async () => {
    const peer = await plugIn();
    await peer.succeed('fido2-token', ['-S', peer.path], ['1234', '1234']);
    await peer.succeed('fido2-token', ['-C', peer.path], ['1234', 'grün-Ofen', 'grün-Ofen']);
    const wrong = await peer.run('fido2-token', ['-C', peer.path], ['1234', '99999', '99999']);
    expect(wrong.err).toContain('FIDO_ERR_PIN_INVALID');
    const info = await peer.succeed('fido2-token', ['-I', peer.path]);
    expect(info).toContain('clientPin');
    expect(info).toContain('pin retries: 7');
  });

  it('is locked after three wrong PINs until it is plugged in again', async () => {
    let peer = await plugIn();
    await peer.succeed('fido2-token', ['-S', peer.path], ['1234', '1234']);
    const errors: string[] = [];
    for (let turn = 0; turn < 4; turn += 1) {
      errors.push((await peer.run('fido2-token', ['-C', peer.path], ['0000', '99999', '99999'])).err.split('FIDO_ERR_')[1]?.trim() ?? '');
    }
    expect(errors).toEqual(['PIN_INVALID', 'PIN_INVALID', 'PIN_AUTH_BLOCKED', 'PIN_AUTH_BLOCKED']);
    peer = await peer.replug();
    fido2 = peer;
    await peer.succeed('fido2-token', ['-C', peer.path], ['1234', '12345', '12345']);
    expect(await peer.succeed('fido2-token', ['-I', peer.path])).toContain('pin retries: 8');
  });

  it.each(['full', 'fido2.0'] as const)('lists and deletes passkeys of a "%s" key', async (name) => {
    const peer = await plugIn(profile(name));
    const uv = name !== 'fido2.0';
    await peer.succeed('fido2-token', ['-S', peer.path], ['1234', '1234']);
    for (const user of ['ada', 'bob']) await peer.makeCredential({ rk: true, user, pin: '1234', uv });
    await peer.makeCredential({ rk: true, rpId: 'vpn.example', pin: '1234', uv });
    expect(await peer.succeed('fido2-token', ['-I', '-c', peer.path], ['1234'])).toBe('existing rk(s): 3\nremaining rk(s): 22\n');
    const parties = await peer.succeed('fido2-token', ['-L', '-r', peer.path], ['1234']);
    expect(parties).toMatch(/^00: \S+ login\.example\n01: \S+ vpn\.example\n$/);
    const listed = (await peer.succeed('fido2-token', ['-L', '-k', 'login.example', peer.path], ['1234'])).trimEnd().split('\n');
    expect(listed).toHaveLength(2);
    await peer.succeed('fido2-token', ['-D', '-i', listed[0]?.split(' ')[1] ?? '', peer.path], ['1234']);
    expect(token.state.credentials.map(({ rpId, user }) => `${rpId} ${user.name}`)).toEqual(['login.example ada', 'vpn.example ada']);
  });

  it('renames the user of a passkey', async () => {
    const peer = await plugIn();
    await peer.succeed('fido2-token', ['-S', peer.path], ['1234', '1234']);
    const made = await peer.verifyCredential(await peer.makeCredential({ rk: true, pin: '1234' }), { pin: '1234' });
    const user = Buffer.from('ada').toString('base64');
    await peer.succeed('fido2-token', ['-S', '-c', '-i', made.id, '-k', user, '-n', 'ada@new', '-p', 'Ada New', peer.path], ['1234']);
    expect(token.state.credentials[0]?.user).toMatchObject({ name: 'ada@new', displayName: 'Ada New' });
  });

  it('configures: enterprise attestation, always user verification, a longer PIN', async () => {
    const peer = await plugIn();
    await peer.succeed('fido2-token', ['-S', peer.path], ['1234', '1234']);
    await peer.succeed('fido2-token', ['-S', '-a', peer.path], ['1234']);
    await peer.succeed('fido2-token', ['-S', '-u', peer.path], ['1234']);
    expect(await peer.succeed('fido2-token', ['-I', peer.path])).toMatch(/options: ep, .*, alwaysUv/);
    await peer.succeed('fido2-token', ['-D', '-u', peer.path], ['1234']);
    await peer.succeed('fido2-token', ['-S', '-l', '6', peer.path], ['1234']);
    const info = await peer.succeed('fido2-token', ['-I', peer.path]);
    expect(info).toContain('minpinlen: 6');
    expect(info).toContain('pin change required: true');
  });

  it('enrolls, lists, renames and removes fingers', async () => {
    const peer = await plugIn(profile('bio'));
    await peer.succeed('fido2-token', ['-S', peer.path], ['1234', '1234']);
    token.sensor.samples.push(0x00, 0x03);
    await peer.succeed('fido2-token', ['-S', '-e', peer.path], ['1234']);
    expect(token.state.templates).toHaveLength(1);
    const listed = await peer.succeed('fido2-token', ['-L', '-e', peer.path], ['1234']);
    const id = listed.split(' ')[1] ?? '';
    await peer.succeed('fido2-token', ['-S', '-e', '-i', id, '-n', 'left thumb', peer.path], ['1234']);
    expect(await peer.succeed('fido2-token', ['-L', '-e', peer.path], ['1234'])).toContain('left thumb');
    await peer.succeed('fido2-token', ['-D', '-e', '-i', id, peer.path], ['1234']);
    expect(token.state.templates).toEqual([]);
  });

  it('stores and reads a large blob', async () => {
    const peer = await plugIn();
    await peer.succeed('fido2-token', ['-S', peer.path], ['1234', '1234']);
    const key = peer.file([Buffer.alloc(32, 5).toString('base64')]);
    const text = 'a certificate that a service keeps on the key '.repeat(5);
    await peer.succeed('fido2-token', ['-S', '-b', '-k', key, peer.file([text]), peer.path], ['1234']);
    const read = peer.file([]);
    await peer.succeed('fido2-token', ['-G', '-b', '-k', key, read, peer.path]);
    const { readFileSync } = await import('node:fs');
    expect(readFileSync(read, 'utf8')).toBe(`${text}\n`);
  });

  it('resets it, soon after it was plugged in', async () => {
    const peer = await plugIn();
    await peer.succeed('fido2-token', ['-S', peer.path], ['1234', '1234']);
    await peer.succeed('fido2-token', ['-R', peer.path]);
    expect(token.state.pin).toBeNull();
    const late = await plugIn(profile('full', { timings: { resetWindow: -1 } }));
    expect((await late.run('fido2-token', ['-R', late.path])).err).toContain('FIDO_ERR_NOT_ALLOWED');
    await peer.close();
  });
});

describe('fido2-cred and fido2-assert', () => {
  it.each([
    ['packed with a certificate', profile('full')],
    ['packed with its own key', profile('full', { attestation: 'self' })],
    ['U2F', profile('u2f')],
    ['a CTAP 2.0 key', profile('fido2.0')],
  ])('make and verify a credential and an assertion: %s', async (_name, kind) => {
    const peer = await plugIn(kind);
    const credential = await peer.verifyCredential(await peer.makeCredential());
    const assertion = await peer.getAssertion({ id: credential.id });
    await peer.verifyAssertion(assertion, credential.publicKey);
    const other = await peer.verifyCredential(await peer.makeCredential());
    await expect(peer.verifyAssertion(assertion, other.publicKey)).rejects.toThrow(/fido2-assert -V/);
  });

  it('with EdDSA', async () => {
    const peer = await plugIn(profile('full', { attestation: 'self' }));
    const credential = await peer.verifyCredential(await peer.makeCredential({ algorithm: 'eddsa' }), { algorithm: 'eddsa' });
    await peer.verifyAssertion(await peer.getAssertion({ id: credential.id }), credential.publicKey, { algorithm: 'eddsa' });
  });

  it.each(['full', 'fido2.0', 'always-uv'] as const)('with a PIN and a passkey on a "%s" key', async (name) => {
    const peer = await plugIn(profile(name));
    await peer.succeed('fido2-token', ['-S', peer.path], ['1234', '1234']);
    const uv = name !== 'fido2.0';
    const pin = '1234';
    const credential = await peer.verifyCredential(await peer.makeCredential({ rk: true, pin, uv }), { pin });
    await peer.verifyAssertion(await peer.getAssertion({ pin, uv }), credential.publicKey, { pin });
    await peer.verifyAssertion(await peer.getAssertion({ id: credential.id, pin, uv }), credential.publicKey, { pin });
    await expect(peer.makeCredential({ pin: '4321', uv })).rejects.toThrow('FIDO_ERR_PIN_INVALID');
  });

  it('with a secret of hmac-secret that stays the same', async () => {
    const peer = await plugIn();
    const credential = await peer.verifyCredential(await peer.makeCredential({ rk: true, hmacSecret: true }), { hmacSecret: true });
    const salt = Buffer.alloc(32, 9);
    const secrets: (string | undefined)[] = [];
    for (let turn = 0; turn < 2; turn += 1) {
      const given = await peer.getAssertion({ id: credential.id, salt });
      await peer.verifyAssertion(given, credential.publicKey, { salt });
      secrets.push(given.trimEnd().split('\n').at(-1));
    }
    expect(secrets[0]).toBe(secrets[1]);
    expect(Buffer.from(secrets[0] ?? '', 'base64')).toHaveLength(32);
    expect(secrets[0]).not.toBe(createHmac('sha256', salt).digest('base64'));
  });

  it('with a finger in place of the PIN', async () => {
    const peer = await plugIn(profile('bio'));
    await peer.succeed('fido2-token', ['-S', peer.path], ['1234', '1234']);
    await peer.succeed('fido2-token', ['-S', '-e', peer.path], ['1234']);
    const asked = { rk: true, pin: 'nobody asks for it' };
    const credential = await peer.verifyCredential(await peer.makeCredential(asked), asked);
    await peer.verifyAssertion(await peer.getAssertion({ finger: true }), credential.publicKey, { pin: '' });
    token.sensor.recognizes = false;
    await expect(peer.getAssertion({ finger: true })).rejects.toThrow(/fido_dev_get_assert/);
  });

  it('of another relying party is not found', async () => {
    const peer = await plugIn();
    const credential = await peer.verifyCredential(await peer.makeCredential());
    await expect(peer.getAssertion({ id: credential.id, rpId: 'evil.example' })).rejects.toThrow('FIDO_ERR_NO_CREDENTIALS');
  });
});
