import { createHmac } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import type { CreationOptionsJson, RequestOptionsJson } from '../../../src/contract/tokens.ts';
import { parseAuthenticatorData } from '../../../src/device/ctap2/auth-data.ts';
import { decodeCbor, isCborMap } from '../../../src/device/ctap2/cbor.ts';
import { assert } from '../../../src/device/session/assert.ts';
import { register } from '../../../src/device/session/register.ts';
import { setPin } from '../../../src/device/session/set-pin.ts';
import { profile } from '../../support/token/index.ts';
import { ScriptedHuman } from '../../unit/device/doubles/scripted-human.ts';
import { type Bench, bench, codeOf } from './bench.ts';
import { creation, ORIGIN, request } from './options.ts';

const PIN = { kind: 'pin', pin: '2468' } as const;
const RESIDENT = { residentKey: 'required', userVerification: 'required' } as const;

async function keyWithPin(kind: Parameters<typeof profile>[0] = 'full'): Promise<Bench> {
  const key = await bench({ profile: profile(kind) });
  await key.run((ceremony) => setPin(key.token, ceremony), new ScriptedHuman({ kind: 'new-pin', pin: '2468' }));
  return key;
}

async function make(key: Bench, extensions: NonNullable<CreationOptionsJson['extensions']>) {
  const options = creation({ authenticatorSelection: RESIDENT, extensions });
  return key.run((ceremony) => register(key.token, { origin: ORIGIN, options }, ceremony), new ScriptedHuman(PIN));
}

async function sign(key: Bench, id: string, extensions: NonNullable<RequestOptionsJson['extensions']>) {
  const options = request(id, { userVerification: 'required', extensions });
  return key.run((ceremony) => assert(key.token, { origin: ORIGIN, options }, ceremony), new ScriptedHuman(PIN));
}

function authDataOf(attestationObject: string) {
  const object = decodeCbor(new Uint8Array(Buffer.from(attestationObject, 'base64url')));
  const bytes = isCborMap(object) ? object.get('authData') : undefined;
  if (!(bytes instanceof Uint8Array)) throw new Error('no authenticator data');
  return parseAuthenticatorData(bytes);
}

describe('extensions', () => {
  it('tells what a registration asked for came to', async () => {
    const key = await keyWithPin();
    const made = await make(key, {
      credProps: true,
      hmacCreateSecret: true,
      minPinLength: true,
      credentialProtectionPolicy: 'userVerificationRequired',
      enforceCredentialProtectionPolicy: true,
      credBlob: Buffer.from('a small blob').toString('base64url'),
      largeBlob: { support: 'required' },
    });
    expect(made.clientExtensionResults).toEqual({
      credProps: { rk: true },
      hmacCreateSecret: true,
      credBlob: true,
      largeBlob: { supported: true },
    });
    expect(authDataOf(made.response.attestationObject).extensions?.get('credProtect')).toBe(3);
    const signed = await sign(key, made.id, { getCredBlob: true });
    expect(signed.clientExtensionResults).toEqual({ getCredBlob: Buffer.from('a small blob').toString('base64url') });
  });

  it.each(['full', 'fido2.0'] as const)('derives the same secrets each time on a %s key, one a salt', async (kind) => {
    const key = await keyWithPin(kind);
    const made = await make(key, { hmacCreateSecret: true });
    const salt1 = Buffer.alloc(32, 1).toString('base64url');
    const salt2 = Buffer.alloc(32, 2).toString('base64url');
    const both = (await sign(key, made.id, { hmacGetSecret: { salt1, salt2 } })).clientExtensionResults['hmacGetSecret'] as Record<
      string,
      string
    >;
    const one = (await sign(key, made.id, { hmacGetSecret: { salt1: salt2 } })).clientExtensionResults['hmacGetSecret'] as Record<
      string,
      string
    >;
    expect(Buffer.from(both['output1'] ?? '', 'base64url')).toHaveLength(32);
    expect(both['output1']).not.toBe(both['output2']);
    expect(one).toEqual({ output1: both['output2'] });
  });

  it('derives a secret with no PIN at all', async () => {
    const key = await bench();
    const options = creation({ extensions: { hmacCreateSecret: true } });
    const made = await key.run((ceremony) => register(key.token, { origin: ORIGIN, options }, ceremony));
    const wanted = request(made.id, { extensions: { hmacGetSecret: { salt1: Buffer.alloc(32, 3).toString('base64url') } } });
    const signed = await key.run((ceremony) => assert(key.token, { origin: ORIGIN, options: wanted }, ceremony));
    expect(signed.clientExtensionResults['hmacGetSecret']).toHaveProperty('output1');
  });

  it('refuses salts of a wrong length before the token hears of them', async () => {
    const key = await bench();
    const options = request('AAAA', { extensions: { hmacGetSecret: { salt1: 'AAAA' } } });
    expect(await codeOf(key.run((ceremony) => assert(key.token, { origin: ORIGIN, options }, ceremony)))).toBe('request.malformed');
  });

  it('keeps a large blob for a credential, and leaves those of others alone', async () => {
    const key = await keyWithPin();
    const first = await make(key, { largeBlob: { support: 'required' } });
    const options = creation({
      authenticatorSelection: RESIDENT,
      user: { id: 'Ag', name: 'harbour', displayName: 'H' },
      extensions: { largeBlob: { support: 'preferred' } },
    });
    const second = await key.run((ceremony) => register(key.token, { origin: ORIGIN, options }, ceremony), new ScriptedHuman(PIN));
    const blob = (text: string) => Buffer.from(text.repeat(20)).toString('base64url');
    expect((await sign(key, first.id, { largeBlob: { read: true } })).clientExtensionResults).toEqual({ largeBlob: {} });
    expect((await sign(key, first.id, { largeBlob: { write: blob('first') } })).clientExtensionResults).toEqual({
      largeBlob: { written: true },
    });
    expect((await sign(key, second.id, { largeBlob: { write: blob('second') } })).clientExtensionResults).toEqual({
      largeBlob: { written: true },
    });
    expect((await sign(key, first.id, { largeBlob: { write: blob('again') } })).clientExtensionResults).toEqual({
      largeBlob: { written: true },
    });
    expect((await sign(key, first.id, { largeBlob: { read: true } })).clientExtensionResults).toEqual({
      largeBlob: { blob: blob('again') },
    });
    expect((await sign(key, second.id, { largeBlob: { read: true } })).clientExtensionResults).toEqual({
      largeBlob: { blob: blob('second') },
    });
    // More than the array can hold: nothing is lost by trying.
    const noise = createHmac('sha512', 'x').update('y').digest();
    const much = Buffer.concat(Array.from({ length: 40 }, (_, index) => createHmac('sha512', noise).update(`${index}`).digest()));
    expect((await sign(key, first.id, { largeBlob: { write: much.toString('base64url') } })).clientExtensionResults).toEqual({
      largeBlob: { written: false },
    });
    expect((await sign(key, second.id, { largeBlob: { read: true } })).clientExtensionResults).toEqual({
      largeBlob: { blob: blob('second') },
    });
  });

  it('leaves out what a token does not know, unless the site insists', async () => {
    const key = await bench({ profile: profile('plain') });
    const known = new Set(key.token.info?.extensions);
    const options = (extensions: NonNullable<CreationOptionsJson['extensions']>) => creation({ extensions });
    if (!known.has('credProtect')) {
      const enforced = options({ credentialProtectionPolicy: 'userVerificationRequired', enforceCredentialProtectionPolicy: true });
      expect(await codeOf(key.run((ceremony) => register(key.token, { origin: ORIGIN, options: enforced }, ceremony)))).toBe(
        'token.unsupported',
      );
    }
    const insisted = options({ largeBlob: { support: 'required' } });
    expect(await codeOf(key.run((ceremony) => register(key.token, { origin: ORIGIN, options: insisted }, ceremony)))).toBe(
      'token.unsupported',
    );
    const wished = options({ largeBlob: { support: 'preferred' }, credProps: true });
    const made = await key.run((ceremony) => register(key.token, { origin: ORIGIN, options: wished }, ceremony));
    expect(made.clientExtensionResults).toEqual({ largeBlob: { supported: false }, credProps: { rk: false } });
  });
});
