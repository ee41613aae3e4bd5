import { createHash, createPublicKey, randomBytes, verify, X509Certificate } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { Command } from '../../../support/token/ctaphid/wire.ts';
import { profile, type TouchScript, VirtualToken } from '../../../support/token/index.ts';
import { BareHost, map } from './host.ts';
import { ManualClock } from './manual-clock.ts';

const CHALLENGE = randomBytes(32);
const APPLICATION = createHash('sha256').update('login.example').digest();

function apdu(ins: number, p1: number, data: Uint8Array): Buffer {
  return Buffer.concat([Buffer.of(0, ins, p1, 0, 0, data.length >> 8, data.length & 0xff), data, Buffer.of(0, 0)]);
}

async function setUp(touch: TouchScript, name: 'u2f' | 'full' | 'always-uv' = 'u2f') {
  const clock = new ManualClock();
  const token = new VirtualToken({ profile: profile(name), touch, clock });
  const host = new BareHost(token);
  const cid = await host.open();
  const call = async (message: Uint8Array): Promise<{ word: number; data: Buffer }> => {
    const { data } = await host.call(cid, Command.MSG, message);
    return { word: data.readUInt16BE(data.length - 2), data: data.subarray(0, -2) };
  };
  return { clock, token, host, cid, call };
}

const register = apdu(1, 0, Buffer.concat([CHALLENGE, APPLICATION]));
const authenticate = (control: number, handle: Buffer, application = APPLICATION): Buffer =>
  apdu(2, control, Buffer.concat([CHALLENGE, application, Buffer.of(handle.length), handle]));

function registered(data: Buffer): { point: Buffer; handle: Buffer; certificate: X509Certificate; signature: Buffer } {
  const length = data[66]!;
  const rest = data.subarray(67 + length);
  const size = 4 + rest.readUInt16BE(2);
  return {
    point: data.subarray(1, 66),
    handle: data.subarray(67, 67 + length),
    certificate: new X509Certificate(rest.subarray(0, size)),
    signature: rest.subarray(size),
  };
}

describe('CTAP1', () => {
  it('registers and authenticates with signatures that hold', async () => {
    const { call } = await setUp({ kind: 'automatic' });
    const made = registered((await call(register)).data);
    const attested = Buffer.concat([Buffer.of(0), APPLICATION, CHALLENGE, made.handle, made.point]);
    expect(verify('sha256', attested, made.certificate.publicKey, made.signature)).toBe(true);
    const { word, data } = await call(authenticate(0x03, made.handle));
    expect(word).toBe(0x9000);
    const jwk = {
      kty: 'EC',
      crv: 'P-256',
      x: made.point.subarray(1, 33).toString('base64url'),
      y: made.point.subarray(33).toString('base64url'),
    };
    const signed = Buffer.concat([APPLICATION, data.subarray(0, 5), CHALLENGE]);
    expect(verify('sha256', signed, createPublicKey({ key: jwk, format: 'jwk' }), data.subarray(5))).toBe(true);
    expect(data[0]).toBe(1);
    expect((await call(authenticate(0x08, made.handle))).data[0]).toBe(0);
  });

  it('tells its own key handles from others', async () => {
    const { call } = await setUp({ kind: 'automatic' });
    const { handle } = registered((await call(register)).data);
    expect((await call(authenticate(0x07, handle))).word).toBe(0x6985);
    expect((await call(authenticate(0x07, Buffer.alloc(handle.length)))).word).toBe(0x6a80);
    expect((await call(authenticate(0x03, handle, Buffer.alloc(32)))).word).toBe(0x6a80);
  });

  it('is polled until somebody touches it', async () => {
    const { call, token, clock } = await setUp({ kind: 'by-hand' });
    expect(token.wantsTouch).toBe(false);
    expect((await call(register)).word).toBe(0x6985);
    expect(token.wantsTouch).toBe(true);
    expect(token.touch()).toBe(true);
    expect(token.wantsTouch).toBe(false);
    await clock.pass(200);
    expect((await call(register)).word).toBe(0x9000);
    expect((await call(register)).word).toBe(0x6985);
  });

  it('takes the touch of a script', async () => {
    const { call, clock } = await setUp({ kind: 'after', ms: 300 });
    expect((await call(register)).word).toBe(0x6985);
    await clock.pass(250);
    expect((await call(register)).word).toBe(0x6985);
    await clock.pass(250);
    expect((await call(register)).word).toBe(0x9000);
  });

  it.each([
    ['version', apdu(3, 0, Buffer.alloc(0)), 0x9000],
    ['version, short form', Buffer.of(0, 3, 0, 0), 0x9000],
    ['an unknown instruction', apdu(9, 0, Buffer.alloc(0)), 0x6d00],
    ['an unknown class', Buffer.of(1, 3, 0, 0), 0x6e00],
    ['a register of 63 bytes', apdu(1, 0, Buffer.alloc(63)), 0x6700],
    ['a length that lies', Buffer.of(0, 1, 0, 0, 0, 0, 64, 1, 2), 0x6700],
    ['half a header', Buffer.of(0, 1), 0x6700],
  ])('answers %s', async (_name, message, word) => {
    const { call } = await setUp({ kind: 'automatic' });
    expect((await call(message)).word).toBe(word);
  });

  it('shares its credentials with CTAP2', async () => {
    const { call, host, cid } = await setUp({ kind: 'automatic' }, 'full');
    const { handle } = registered((await call(register)).data);
    const list = [map(['id', handle], ['type', 'public-key'])];
    expect((await host.ctap2(cid, 0x02, map([1, 'login.example'], [2, CHALLENGE], [3, list]))).status).toBe(0);
  });

  it('is off where alwaysUv holds', async () => {
    const { call } = await setUp({ kind: 'automatic' }, 'always-uv');
    expect((await call(register)).word).toBe(0x6986);
  });
});
