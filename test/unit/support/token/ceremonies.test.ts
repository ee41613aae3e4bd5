import { X509Certificate } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { type Cbor, type CborMap, encodeCbor } from '../../../support/token/cbor.ts';
import { type Profile, pem, profile, VirtualToken } from '../../../support/token/index.ts';
import { Status } from '../../../support/token/status.ts';
import { BareHost, map } from './host.ts';
import { ManualClock } from './manual-clock.ts';
import { PlatformPin } from './platform-pin.ts';

const HASH = Buffer.alloc(32, 1);
const RP = 'login.example';
const ES256 = [map(['alg', -7], ['type', 'public-key'])];

async function setUp(kind: Profile = profile('full')) {
  const clock = new ManualClock();
  const token = new VirtualToken({ profile: kind, clock });
  const host = new BareHost(token);
  const cid = await host.open();
  const make = (extra: [number, Cbor][] = [], user = 1, rpId = RP) =>
    host.ctap2(
      cid,
      0x01,
      map([1, HASH], [2, map(['id', rpId])], [3, map(['id', Buffer.of(user)], ['name', `user ${user}`])], [4, ES256], ...extra),
    );
  const get = (extra: [number, Cbor][] = [], rpId = RP) => host.ctap2(cid, 0x02, map([1, rpId], [2, HASH], ...extra));
  return { clock, token, host, cid, make, get };
}

const RK: [number, Cbor] = [7, map(['rk', true])];
const descriptor = (id: Uint8Array): CborMap => map(['id', id], ['type', 'public-key']);

function credentialId(made: CborMap): Buffer {
  const authData = Buffer.from(made.get(2) as Uint8Array);
  return authData.subarray(55, 55 + authData.readUInt16BE(53));
}

describe('makeCredential', () => {
  it('attests with a certificate of its AAGUID under its own root', async () => {
    const { token, make } = await setUp();
    const { map: made } = await make();
    expect(made.get(1)).toBe('packed');
    const leaf = new X509Certificate(Buffer.from(((made.get(3) as CborMap).get('x5c') as Uint8Array[])[0]!));
    const root = new X509Certificate(pem(token.state.attestation.root));
    expect(leaf.verify(root.publicKey)).toBe(true);
    expect(leaf.ca).toBe(false);
    expect(root.ca).toBe(true);
    expect(leaf.subject).toContain('OU=Authenticator Attestation');
    // id-fido-gen-ce-aaguid with the AAGUID in two OCTET STRINGs.
    expect(leaf.raw.toString('hex')).toContain(`060b2b0601040182e51c01010404120410${token.profile.aaguid}`);
  });

  it.each<[string, [number, Cbor][], number]>([
    ['no algorithm that it knows', [[4, [map(['alg', -257], ['type', 'public-key'])]]], Status.UNSUPPORTED_ALGORITHM],
    ['up: false', [[7, map(['up', false])]], Status.INVALID_OPTION],
    ['uv on a key with no sensor', [[7, map(['uv', true])]], Status.INVALID_OPTION],
    ['a clientDataHash that is text', [[1, 'text']], Status.CBOR_UNEXPECTED_TYPE],
    ['a list that is too long', [[5, Array.from({ length: 9 }, () => descriptor(Buffer.of(1)))]], Status.LIMIT_EXCEEDED],
    ['credProtect 4', [[6, map(['credProtect', 4])]], Status.INVALID_OPTION],
    ['largeBlobKey for a credential that is not kept', [[6, map(['largeBlobKey', true])]], Status.INVALID_OPTION],
    [
      'an unknown PIN protocol',
      [
        [8, Buffer.alloc(32)],
        [9, 3],
      ],
      Status.INVALID_PARAMETER,
    ],
    ['no PIN protocol', [[8, Buffer.alloc(32)]], Status.MISSING_PARAMETER],
    ['enterprise attestation that is off', [[10, 1]], Status.INVALID_PARAMETER],
  ])('refuses %s', async (_name, extra, status) => {
    const { make } = await setUp();
    expect((await make(extra)).status).toBe(status);
  });

  it('refuses what is longer than its messages', async () => {
    const { make } = await setUp();
    expect((await make([[11, Buffer.alloc(1200)]])).status).toBe(Status.REQUEST_TOO_LARGE);
  });

  it('refuses a token of CTAP 2.0 that cannot keep credentials', async () => {
    const { make } = await setUp(profile('plain'));
    expect((await make([RK])).status).toBe(Status.UNSUPPORTED_OPTION);
  });

  it('asks for a touch alone where pinUvAuthParam is empty', async () => {
    const { make, host, cid } = await setUp();
    expect((await make([[8, Buffer.alloc(0)]])).status).toBe(Status.PIN_NOT_SET);
    await new PlatformPin(host, cid).set('1234');
    expect((await make([[8, Buffer.alloc(0)]])).status).toBe(Status.PIN_INVALID);
  });

  it('does not make a second one where it has an excluded one', async () => {
    const { make } = await setUp();
    const id = credentialId((await make()).map);
    expect((await make([[5, [descriptor(Buffer.alloc(62)), descriptor(id)]]])).status).toBe(Status.CREDENTIAL_EXCLUDED);
    expect((await make([[5, [descriptor(id)]]], 1, 'other.example')).status).toBe(0);
  });

  it('keeps as many passkeys as it has room for; one a user', async () => {
    const { make, token, host, cid } = await setUp(profile('small'));
    expect((await make([RK], 1)).status).toBe(0);
    expect((await make([RK], 2)).status).toBe(0);
    expect((await make([RK], 3)).status).toBe(Status.KEY_STORE_FULL);
    expect((await make([RK], 2)).status).toBe(0);
    expect(token.state.credentials).toHaveLength(2);
    expect((await host.ctap2(cid, 0x04)).map.get(0x14)).toBe(0);
  });

  it('wants the PIN for a passkey, and for everything where alwaysUv holds', async () => {
    const first = await setUp();
    await new PlatformPin(first.host, first.cid).set('1234');
    expect((await first.make([RK])).status).toBe(Status.PUAT_REQUIRED);
    expect((await first.make()).status).toBe(0);
    const strict = await setUp(profile('always-uv'));
    expect((await strict.make()).status).toBe(Status.PUAT_REQUIRED);
    expect((await strict.get()).status).toBe(Status.PUAT_REQUIRED);
  });
});

describe('getAssertion', () => {
  it('signs for its own credentials and its own relying party alone', async () => {
    const { make, get } = await setUp();
    const id = credentialId((await make()).map);
    expect((await get([[3, [descriptor(id)]]])).status).toBe(0);
    expect((await get([[3, [descriptor(id)]]], 'other.example')).status).toBe(Status.NO_CREDENTIALS);
    id[40] = id[40]! ^ 1;
    expect((await get([[3, [descriptor(id)]]])).status).toBe(Status.NO_CREDENTIALS);
    expect((await get()).status).toBe(Status.NO_CREDENTIALS);
  });

  it('probes without a touch, and does not count it', async () => {
    const { make, get, token } = await setUp();
    const id = credentialId((await make()).map);
    const counter = token.state.counter;
    token.touchScript = { kind: 'never' };
    const { status, map: answer } = await get([
      [3, [descriptor(id)]],
      [5, map(['up', false])],
    ]);
    expect(status).toBe(0);
    expect(Buffer.from(answer.get(2) as Uint8Array)[32]).toBe(0);
    expect(token.state.counter).toBe(counter);
  });

  it('gives several passkeys one by one, newest first, until another command comes or 30 s have passed', async () => {
    const { make, get, host, cid, clock } = await setUp();
    for (const user of [1, 2, 3]) await make([RK], user);
    const users = (answer: CborMap): unknown => (answer.get(4) as CborMap).get('id');
    const first = await get();
    expect([first.map.get(5), users(first.map)]).toEqual([3, Uint8Array.of(3)]);
    expect((first.map.get(4) as CborMap).has('name')).toBe(false);
    expect(users((await host.ctap2(cid, 0x08)).map)).toEqual(Uint8Array.of(2));
    expect(users((await host.ctap2(cid, 0x08)).map)).toEqual(Uint8Array.of(1));
    expect((await host.ctap2(cid, 0x08)).status).toBe(Status.NOT_ALLOWED);
    await get();
    await host.ctap2(cid, 0x04);
    expect((await host.ctap2(cid, 0x08)).status).toBe(Status.NOT_ALLOWED);
    await get();
    await clock.pass(30_001);
    expect((await host.ctap2(cid, 0x08)).status).toBe(Status.NOT_ALLOWED);
  });

  it('hides credentials as credProtect says', async () => {
    const { make, get } = await setUp();
    const id = credentialId((await make([RK, [6, map(['credProtect', 2])]])).map);
    const hidden = credentialId((await make([[6, map(['credProtect', 3])]], 2)).map);
    expect((await get()).status).toBe(Status.NO_CREDENTIALS);
    expect((await get([[3, [descriptor(id)]]])).status).toBe(0);
    expect((await get([[3, [descriptor(hidden)]]])).status).toBe(Status.NO_CREDENTIALS);
  });

  it('gives back what was stored with credBlob and largeBlobKey', async () => {
    const { make, get } = await setUp();
    const made = await make([RK, [6, map(['credBlob', Buffer.from('blob')], ['largeBlobKey', true])]]);
    const got = await get([[4, map(['credBlob', true], ['largeBlobKey', true])]]);
    expect(got.map.get(7)).toEqual(made.map.get(5));
    const extensions = encodeCbor(map(['credBlob', Buffer.from('blob')]));
    expect(Buffer.from(got.map.get(2) as Uint8Array).subarray(37)).toEqual(extensions);
  });
});

describe('reset and the rest', () => {
  it('resets within 10 s of power-up, with a touch', async () => {
    const { make, token, host, cid, clock } = await setUp();
    await make([RK]);
    const { root } = token.state.attestation;
    await clock.pass(10_001);
    expect((await host.ctap2(cid, 0x07)).status).toBe(Status.NOT_ALLOWED);
    token.unplug();
    token.plugIn();
    const again = await host.open();
    expect((await host.ctap2(again, 0x07)).status).toBe(0);
    expect(token.state.credentials).toEqual([]);
    expect(token.state.attestation.root).toEqual(root);
  });

  it('answers commands that it does not have', async () => {
    const { host, cid } = await setUp(profile('plain'));
    for (const command of [0x06, 0x09, 0x0a, 0x0b, 0x0c, 0x0d, 0x40, 0x41, 0x77]) {
      expect((await host.ctap2(cid, command)).status, `${command}`).toBe(Status.INVALID_COMMAND);
    }
  });
});
