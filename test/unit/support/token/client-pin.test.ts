import { describe, expect, it } from 'vitest';
import { profile, VirtualToken } from '../../../support/token/index.ts';
import { Status } from '../../../support/token/status.ts';
import { BareHost, map } from './host.ts';
import { ManualClock } from './manual-clock.ts';
import { PlatformPin } from './platform-pin.ts';

const MC = 0x01;
const GA = 0x02;
const CM = 0x04;
const HASH = Buffer.alloc(32, 1);
const RP = 'login.example';

async function setUp(version: 1 | 2 = 2, kind = profile('full')) {
  const clock = new ManualClock();
  const token = new VirtualToken({ profile: kind, clock });
  const host = new BareHost(token);
  const cid = await host.open();
  const pin = new PlatformPin(host, cid, version);
  const make = (key: Buffer, rpId = RP) =>
    host.ctap2(
      cid,
      0x01,
      map(
        [1, HASH],
        [2, map(['id', rpId])],
        [3, map(['id', Buffer.of(1)])],
        [4, [map(['alg', -7], ['type', 'public-key'])]],
        [8, pin.mac(key, HASH)],
        [9, version],
      ),
    );
  return { clock, token, host, cid, pin, make };
}

describe.each([1, 2] as const)('clientPIN, protocol %i', (version) => {
  it('sets, changes and checks a PIN', async () => {
    const { pin } = await setUp(version);
    expect((await pin.token('1234', MC, RP)).status).toBe(Status.PIN_NOT_SET);
    expect(await pin.set('1234')).toBe(0);
    expect(await pin.set('1234')).toBe(Status.PIN_AUTH_INVALID);
    expect(await pin.change('1234', 'grün-Ofen')).toBe(0);
    expect((await pin.token('1234', MC, RP)).status).toBe(Status.PIN_INVALID);
    expect((await pin.token('grün-Ofen', MC, RP)).token).toHaveLength(32);
    expect(await pin.retries()).toEqual({ retries: 8, powerCycle: undefined });
  });

  it('counts a try before it looks, blocks after three in a row until power was gone, and for good after eight', async () => {
    const { pin, token, host } = await setUp(version);
    await pin.set('1234');
    let current = pin;
    for (let left = 7; left >= 0; left -= 1) {
      const turn = 7 - left;
      const { status } = await current.token('0000', MC, RP);
      expect(status).toBe(left === 0 ? Status.PIN_BLOCKED : turn % 3 === 2 ? Status.PIN_AUTH_BLOCKED : Status.PIN_INVALID);
      expect((await current.retries()).retries).toBe(left);
      if (turn % 3 !== 2) continue;
      expect(await current.retries()).toEqual({ retries: left, powerCycle: true });
      expect((await current.token('1234', MC, RP)).status).toBe(Status.PIN_AUTH_BLOCKED);
      token.unplug();
      token.plugIn();
      current = new PlatformPin(host, await host.open(), version);
    }
    expect((await current.token('1234', MC, RP)).status).toBe(Status.PIN_BLOCKED);
  });

  it('serves its permission, its relying party and one touch alone', async () => {
    const { pin, make } = await setUp(version);
    await pin.set('1234');
    const forGet = (await pin.token('1234', GA, RP)).token;
    expect((await make(forGet)).status).toBe(Status.PIN_AUTH_INVALID);
    const bound = (await pin.token('1234', MC, RP)).token;
    expect((await make(bound, 'other.example')).status).toBe(Status.PIN_AUTH_INVALID);
    expect((await make(bound)).status).toBe(0);
    expect((await make(bound)).status).toBe(Status.PIN_AUTH_INVALID);
    expect((await make(Buffer.alloc(32, 3))).status).toBe(Status.PIN_AUTH_INVALID);
  });

  it('binds the legacy token to the first relying party', async () => {
    const { pin, make, host, cid } = await setUp(version);
    await pin.set('1234');
    const { token } = await pin.token('1234');
    // A probe without a touch uses nothing up, but binds.
    await host.ctap2(cid, 0x02, map([1, RP], [2, HASH], [5, map(['up', false])], [6, pin.mac(token, HASH)], [7, version]));
    expect((await make(token, 'other.example')).status).toBe(Status.PIN_AUTH_INVALID);
    expect((await make(token)).status).toBe(0);
  });

  it('lets a token that nobody uses die after 30 s', async () => {
    const { pin, make, clock } = await setUp(version);
    await pin.set('1234');
    const { token } = await pin.token('1234', MC, RP);
    await clock.pass(30_001);
    expect((await make(token)).status).toBe(Status.PIN_AUTH_INVALID);
  });

  it('refuses permissions that it cannot give', async () => {
    const { pin } = await setUp(version);
    await pin.set('1234');
    expect((await pin.token('1234', 0, RP)).status).toBe(Status.INVALID_PARAMETER);
    expect((await pin.token('1234', 0x08)).status).toBe(Status.UNAUTHORIZED_PERMISSION);
    expect((await pin.token('1234', MC)).status).toBe(Status.MISSING_PARAMETER);
    expect((await pin.token('1234', CM)).status).toBe(0);
  });

  it('refuses a point that is not on the curve', async () => {
    const { pin } = await setUp(version);
    const { key } = await pin.secret();
    key.set(-3, Buffer.alloc(32, 7));
    const answer = await pin.call([1, version], [2, 3], [3, key], [4, Buffer.alloc(32)], [5, Buffer.alloc(64)]);
    expect(answer.status).toBe(Status.INVALID_PARAMETER);
  });

  it('keeps to its rules for new PINs', async () => {
    const { pin } = await setUp(version);
    expect(await pin.set('123')).toBe(Status.PIN_POLICY_VIOLATION);
    expect(await pin.set('äöü')).toBe(Status.PIN_POLICY_VIOLATION);
    expect(await pin.set('x'.repeat(64))).toBe(Status.PIN_POLICY_VIOLATION);
    expect(await pin.set(Buffer.of(0xff, 0xfe, 0xfd, 0xfc))).toBe(Status.PIN_POLICY_VIOLATION);
    expect(await pin.set('x'.repeat(63))).toBe(0);
  });
});

describe('a PIN that must be changed', () => {
  it('gives no token, each way with its own status, until it is another one', async () => {
    const { pin, host, cid, token } = await setUp();
    await pin.set('1234');
    const config = (await pin.token('1234', 0x20)).token;
    const params = map([1, 6], [3, true]);
    const { encodeCbor } = await import('../../../support/token/cbor.ts');
    const message = Buffer.concat([Buffer.alloc(32, 0xff), Buffer.of(0x0d, 3), encodeCbor(params)]);
    const answer = await host.ctap2(cid, 0x0d, map([1, 3], [2, params], [3, 2], [4, pin.mac(config, message)]));
    expect(answer.status).toBe(0);
    expect(token.state.forcePinChange).toBe(true);
    expect((await pin.token('1234', MC, RP)).status).toBe(Status.PIN_POLICY_VIOLATION);
    expect((await pin.token('1234')).status).toBe(Status.PIN_INVALID);
    expect(await pin.change('1234', '12345')).toBe(Status.PIN_POLICY_VIOLATION);
    expect(await pin.change('1234', '123456')).toBe(0);
    expect((await pin.token('123456', MC, RP)).status).toBe(0);
    expect((await host.ctap2(cid, 0x04)).map.get(0x0d)).toBe(6);
  });
});

describe('a CTAP 2.0 key', () => {
  it('knows the legacy token alone, which lasts', async () => {
    const { pin, make, clock } = await setUp(1, profile('fido2.0'));
    await pin.set('1234');
    expect((await pin.token('1234', MC, RP)).status).toBe(Status.INVALID_SUBCOMMAND);
    const { token } = await pin.token('1234');
    await clock.pass(3_600_000);
    expect((await make(token)).status).toBe(0);
    expect((await make(token, 'other.example')).status).toBe(0);
  });
});

describe('a sensor', () => {
  it('gives a token that is a touch as well, and is blocked after three strangers', async () => {
    const { pin, make, token } = await setUp(2, profile('bio'));
    await pin.set('1234');
    token.state.templates.push({ id: Buffer.of(1), name: '' });
    const withUv = async () => {
      const { key, secret } = await pin.secret();
      const answer = await pin.call([1, 2], [2, 6], [3, key], [9, MC], [10, RP]);
      const sealed = answer.map.get(2) as Uint8Array | undefined;
      return { status: answer.status, token: sealed === undefined ? Buffer.alloc(0) : pin.decrypt(secret, sealed) };
    };
    const good = await withUv();
    token.touchScript = { kind: 'never' };
    expect((await make(good.token)).status).toBe(0);
    token.touchScript = { kind: 'automatic' };
    token.sensor.recognizes = false;
    const statuses = [(await withUv()).status, (await withUv()).status, (await withUv()).status, (await withUv()).status];
    expect(statuses).toEqual([Status.UV_INVALID, Status.UV_INVALID, Status.UV_BLOCKED, Status.UV_BLOCKED]);
  });
});
