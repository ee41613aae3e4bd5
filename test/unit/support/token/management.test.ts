import { createHash, createHmac } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { type Cbor, type CborMap, encodeCbor } from '../../../support/token/cbor.ts';
import { type Profile, profile, VirtualToken } from '../../../support/token/index.ts';
import { Status } from '../../../support/token/status.ts';
import { BareHost, map } from './host.ts';
import { PlatformPin } from './platform-pin.ts';

const HASH = Buffer.alloc(32, 1);
const RP = 'login.example';
const CM = 0x04;
const BE = 0x08;
const LBW = 0x10;
const ACFG = 0x20;
const FF = Buffer.alloc(32, 0xff);

async function setUp(kind: Profile = profile('full')) {
  const token = new VirtualToken({ profile: kind });
  const host = new BareHost(token);
  const cid = await host.open();
  const pin = new PlatformPin(host, cid);
  const call = (command: number, ...pairs: [number, Cbor][]) => host.ctap2(cid, command, map(...pairs));
  const make = (extra: [number, Cbor][] = [], user = 1, rpId = RP) =>
    call(
      0x01,
      [1, HASH],
      [2, map(['id', rpId])],
      [3, map(['id', Buffer.of(user)], ['name', `user ${user}`])],
      [4, [map(['alg', -7], ['type', 'public-key'])]],
      [7, map(['rk', true])],
      ...extra,
    );
  const fresh = async (permissions: number, rpId?: string): Promise<Buffer> => (await pin.token('1234', permissions, rpId)).token;
  return { token, host, cid, pin, call, make, fresh };
}

const sha256 = (bytes: Uint8Array | string): Buffer => createHash('sha256').update(bytes).digest();

describe('credentialManagement', () => {
  it('wants a pinUvAuthParam that fits the subcommand, its parameters and the relying party', async () => {
    const { make, pin, call, fresh } = await setUp();
    await make();
    await make([], 2, 'vpn.example');
    await pin.set('1234');
    const credentialsOf = async (token: Buffer, rpId: string, mac?: Buffer) => {
      const params = map([1, sha256(rpId)]);
      const good = pin.mac(token, Buffer.concat([Buffer.of(4), encodeCbor(params)]));
      return (await call(0x0a, [1, 4], [2, params], [3, 2], [4, mac ?? good])).status;
    };
    expect((await call(0x0a, [1, 1])).status).toBe(Status.PUAT_REQUIRED);
    expect(await credentialsOf(await fresh(CM), RP, Buffer.alloc(32))).toBe(Status.PIN_AUTH_INVALID);
    expect(await credentialsOf(await fresh(CM), RP)).toBe(0);
    expect(await credentialsOf(await fresh(CM, RP), RP)).toBe(0);
    expect(await credentialsOf(await fresh(CM, RP), 'vpn.example')).toBe(Status.PIN_AUTH_INVALID);
    expect(await credentialsOf(await fresh(CM), 'nobody.example')).toBe(Status.NO_CREDENTIALS);
    expect(await credentialsOf(await fresh(ACFG), RP)).toBe(Status.PIN_AUTH_INVALID);
    // What concerns all relying parties is not for a token that is bound to one.
    const bound = await fresh(CM, RP);
    expect((await call(0x0a, [1, 1], [3, 2], [4, pin.mac(bound, Buffer.of(1))])).status).toBe(Status.PIN_AUTH_INVALID);
  });

  it('lets nothing stand between Begin and Next', async () => {
    const { make, pin, call, fresh } = await setUp();
    for (const rpId of ['a.example', 'b.example', 'c.example']) await make([], 1, rpId);
    await pin.set('1234');
    const begin = async () => {
      const token = await fresh(CM);
      return call(0x0a, [1, 2], [3, 2], [4, pin.mac(token, Buffer.of(2))]);
    };
    expect((await begin()).map.get(5)).toBe(3);
    expect((await call(0x0a, [1, 3])).status).toBe(0);
    expect((await call(0x0a, [1, 3])).status).toBe(0);
    expect((await call(0x0a, [1, 3])).status).toBe(Status.NOT_ALLOWED);
    await begin();
    await call(0x04);
    expect((await call(0x0a, [1, 3])).status).toBe(Status.NOT_ALLOWED);
    expect((await call(0x0a, [1, 5])).status).toBe(Status.NOT_ALLOWED);
  });
});

describe('authenticatorConfig', () => {
  it('attests for the enterprise once that is switched on', async () => {
    const { pin, call, make, fresh } = await setUp();
    expect((await call(0x0d, [1, 1])).status).toBe(0);
    expect((await make([[10, 2]])).map.get(4)).toBe(true);
    expect((await make([[10, 1]])).map.has(4)).toBe(false);
    expect((await make([[10, 1]], 1, 'enterprise.example')).map.get(4)).toBe(true);
    expect((await make([[10, 3]])).status).toBe(Status.INVALID_OPTION);
    await pin.set('1234');
    expect((await call(0x0d, [1, 1])).status).toBe(Status.PUAT_REQUIRED);
    const token = await fresh(ACFG);
    const mac = pin.mac(token, Buffer.concat([FF, Buffer.of(0x0d, 0x02)]));
    expect((await call(0x0d, [1, 2], [3, 2], [4, mac])).status).toBe(0);
    const info = (await call(0x04)).map;
    expect((info.get(4) as CborMap).get('alwaysUv')).toBe(true);
    expect((info.get(4) as CborMap).get('makeCredUvNotRqd')).toBe(false);
    expect(info.get(1)).not.toContain('U2F_V2');
  });

  it('raises the shortest PIN, never lowers it, and tells those relying parties that may know', async () => {
    const { call, make } = await setUp();
    expect((await call(0x0d, [1, 3], [2, map([1, 8], [2, [RP]])])).status).toBe(0);
    expect((await call(0x0d, [1, 3], [2, map([1, 4])])).status).toBe(Status.PIN_POLICY_VIOLATION);
    expect((await call(0x0d, [1, 3], [2, map([2, ['1', '2', '3', '4', '5']])])).status).toBe(Status.KEY_STORE_FULL);
    expect((await call(0x0d, [1, 3], [2, map([3, true])])).status).toBe(Status.PIN_NOT_SET);
    const told = async (rpId: string) => {
      const { map: made } = await make([[6, map(['minPinLength', true])]], 1, rpId);
      return Buffer.from(made.get(2) as Uint8Array)
        .toString('hex')
        .endsWith(encodeCbor(map(['minPinLength', 8])).toString('hex'));
    };
    expect([await told(RP), await told('other.example')]).toEqual([true, false]);
  });
});

describe('largeBlobs', () => {
  const array = (() => {
    const content = encodeCbor([map([1, Buffer.alloc(40, 7)], [2, Buffer.alloc(12)], [3, 9])]);
    return Buffer.concat([content, sha256(content).subarray(0, 16)]);
  })();

  it('takes an array in pieces, in order, whole and unspoilt', async () => {
    const { pin, call, fresh, token } = await setUp();
    await pin.set('1234');
    const put = async (offset: number, piece: Buffer, length?: number) => {
      const key = await fresh(LBW);
      const at = Buffer.alloc(4);
      at.writeUInt32LE(offset);
      const mac = pin.mac(key, Buffer.concat([FF, Buffer.of(0x0c, 0), at, sha256(piece)]));
      return (await call(0x0c, [2, piece], [3, offset], ...(length === undefined ? [] : [[4, length] as [number, Cbor]]), [5, mac], [6, 2]))
        .status;
    };
    expect((await call(0x0c, [2, array], [3, 0], [4, array.length])).status).toBe(Status.PUAT_REQUIRED);
    expect(await put(0, array.subarray(0, 30), array.length)).toBe(0);
    expect(await put(40, array.subarray(40))).toBe(Status.INVALID_SEQ);
    expect(await put(30, array.subarray(30))).toBe(0);
    expect(token.state.largeBlobs).toEqual(array);
    const spoilt = Buffer.from(array);
    spoilt[3] = spoilt[3]! ^ 1;
    expect(await put(0, spoilt, spoilt.length)).toBe(Status.INTEGRITY_FAILURE);
    expect(token.state.largeBlobs).toEqual(array);
    expect(await put(0, array, 1025)).toBe(Status.LARGE_BLOB_STORAGE_FULL);
    expect(await put(0, array.subarray(0, 5), 16)).toBe(Status.INVALID_PARAMETER);
  });

  it('gives an empty array at first, and no more than fits a message', async () => {
    const { call } = await setUp();
    const read = await call(0x0c, [1, 100], [3, 0]);
    expect(Buffer.from(read.map.get(1) as Uint8Array).toString('hex')).toBe('8076be8b528d0075f7aae98d6fa57a6d3c');
    expect((await call(0x0c, [1, 1137], [3, 0])).status).toBe(Status.INVALID_LENGTH);
    expect((await call(0x0c, [1, 1], [3, 18])).status).toBe(Status.INVALID_PARAMETER);
    expect((await call(0x0c, [3, 0])).status).toBe(Status.INVALID_PARAMETER);
  });
});

describe('bioEnrollment', () => {
  it('counts good samples, tells of bad ones, and is full at last', async () => {
    const { pin, call, fresh, token } = await setUp(profile('bio', { samplesPerTemplate: 2, maxTemplates: 1 }));
    await pin.set('1234');
    token.sensor.samples.push(0x07, 0x00);
    const command = async (sub: number, params?: CborMap) => {
      const key = await fresh(BE);
      const body = params === undefined ? Buffer.alloc(0) : encodeCbor(params);
      const mac = pin.mac(key, Buffer.concat([Buffer.of(1, sub), body]));
      return call(0x09, [1, 1], [2, sub], ...(params === undefined ? [] : [[3, params] as [number, Cbor]]), [4, 2], [5, mac]);
    };
    expect((await call(0x09, [6, true])).map.get(1)).toBe(1);
    expect((await command(4)).status).toBe(Status.INVALID_OPTION);
    const begun = await command(1);
    expect([begun.map.get(5), begun.map.get(6)]).toEqual([0x07, 2]);
    const id = begun.map.get(4) as Uint8Array;
    expect((await command(2, map([1, Buffer.of(9)]))).status).toBe(Status.INVALID_PARAMETER);
    expect((await command(2, map([1, id]))).map.get(6)).toBe(1);
    expect((await command(2, map([1, id]))).map.get(6)).toBe(0);
    expect((await command(1)).status).toBe(Status.FP_DATABASE_FULL);
    expect((await command(5, map([1, id], [2, 'left thumb']))).status).toBe(0);
    expect((await command(5, map([1, id], [2, 'x'.repeat(33)]))).status).toBe(Status.INVALID_LENGTH);
    expect(((await command(4)).map.get(7) as CborMap[])[0]?.get(2)).toBe('left thumb');
    expect((await command(6, map([1, id]))).status).toBe(0);
    expect((await call(0x09, [1, 1], [2, 1])).status).toBe(Status.PUAT_REQUIRED);
  });
});

describe('hmac-secret', () => {
  it('gives one secret or two, the same each time, others with user verification', async () => {
    const { pin, call, make, fresh } = await setUp();
    await make([[6, map(['hmac-secret', true])]]);
    await pin.set('1234');
    const ask = async (salts: Buffer, more: [number, Cbor][] = [], mac?: Buffer) => {
      const { key, secret } = await pin.secret();
      const sealed = pin.encrypt(secret, salts);
      const input = map([1, key], [2, sealed], [3, mac ?? pin.mac(secret, sealed)], [4, 2]);
      const { status, map: answer } = await call(0x02, [1, RP], [2, HASH], [4, map(['hmac-secret', input])], ...more);
      if (status !== 0) return { status, secrets: '' };
      const { decodeCbor } = await import('../../../support/token/cbor.ts');
      const outputs = decodeCbor(Buffer.from(answer.get(2) as Uint8Array).subarray(37)) as CborMap;
      return { status, secrets: pin.decrypt(secret, outputs.get('hmac-secret') as Uint8Array).toString('hex') };
    };
    const salts = Buffer.concat([sha256('one'), sha256('two')]);
    const both = (await ask(salts)).secrets;
    expect(both).toHaveLength(128);
    expect((await ask(salts.subarray(0, 32))).secrets).toBe(both.slice(0, 64));
    expect((await ask(salts.subarray(0, 16))).status).toBe(Status.INVALID_LENGTH);
    expect((await ask(salts, [], Buffer.alloc(32))).status).toBe(Status.PIN_AUTH_INVALID);
    expect((await ask(salts, [[5, map(['up', false])]])).status).toBe(Status.UNSUPPORTED_OPTION);
    const token = await fresh(0x02, RP);
    const verified = await ask(salts, [
      [6, createHmac('sha256', token).update(HASH).digest()],
      [7, 2],
    ]);
    expect(verified.status).toBe(0);
    expect(verified.secrets).not.toBe(both);
  });
});
