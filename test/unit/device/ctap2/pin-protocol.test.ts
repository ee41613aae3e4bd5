import { createECDH } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { cborMap } from '../../../../src/device/ctap2/cbor.ts';
import { agree, choosePinProtocol, isTokenLength } from '../../../../src/device/ctap2/pin-protocol.ts';
import { hashPin, padPin, readPin } from '../../../../src/device/session/pin-text.ts';

const bytes = (hex: string) => new Uint8Array(Buffer.from(hex, 'hex'));
const hex = (value: Uint8Array) => Buffer.from(value).toString('hex');

function coseKey(x: string, y: string) {
  return cborMap([
    [1, 2],
    [3, -25],
    [-1, 1],
    [-2, bytes(x)],
    [-3, bytes(y)],
  ]);
}

function platform(privateKey: string) {
  const key = createECDH('prime256v1');
  key.setPrivateKey(bytes(privateKey));
  return key;
}

/** Protocol one: the vectors that python-fido2 (tests/test_ctap2.py) and authenticator-rs test with. */
const ONE = {
  tokenKey: coseKey(
    '0501d5bc78da9252560a26cb08fcc60cbe0b6d3b8e1d1fcee514fac0af675168',
    'd551b3ed46f665731f95b4532939c25d91db7eb844bd96d4abd4083785f8df47',
  ),
  privateKey: '7452e599fee739d8a653f6a507343d12d382249108a651402520b72f24fe7684',
  x: '44d78d7989b97e62ea993496c9ef6e8fd58b8b00715f9a89153ddd9c4657e47f',
  pinHashEnc: 'afe8327ce416da8ee3d057589c2ce1a9',
  newPinEnc:
    '0222fc42c6dd76a274a7057858b9b29d98e8a722ec2dc6668476168c5320473cec9907b4cd76ce7943c96ba5683943211d84471e64d9c51e54763488cd66526a',
  pinAuth: '7b40c084ccc5794194189ab57836475f',
  change: {
    newPinEnc:
      '4280e14aac4fcbf02dd079985f0c0ffc9ea7d5f9c173fd1a4c843826f7590cb3c2d080c6923e2fe6d7a52c31ea1309d3fcca3dedae8a2ef14b6330cafc79339e',
    pinAuth: 'fb97e92f3724d7c85e001d7f93e6490a',
  },
};

/** WebAuthn Level 3, "CTAP2 hmac-secret" test vectors: made by their rule from the seed "WebAuthn PRF test vectors". */
const PRF = {
  privateKey: '0971bc7fb1be48270adcd3d9a5fc15d5fb0f335b3071ff36a54c007fa6c76514',
  tokenKey: coseKey(
    'a30522c2de402b561965c3cf949a1cab020c6f6ea36fcf7e911ac1a0f1515300',
    '9961a929abdb2f42e6566771887d41484d889e735e3248518a53112d2b915f00',
  ),
  salts: '527413ebb48293772df30f031c5ac4650c7de14bf9498671ae163447b6a772b3d68ac03329a10ee5e0ec834492bb9a96a0e547baf563bf78ccbe8789b22e776b',
  two: {
    saltEnc:
      'd9f4236403e0fe843a8e4e5be764d120904c198ad6e77b089876a3391961f183b0008b4ca66b91cd72aa35b6151ff981f6e5649f3c040e6615ad7dd8ae96ef23b229a5c97c3f0dcd8605eee166ce163a',
    saltAuth: 'd2863309b46dcf31443b15028fc6227dcf2fb2c638d86d2eb6056a18e2de0dd3',
    output:
      '3c33e07d202c3b029cc21f1722767021bf27d595933b3d2b6a1b9d5dddc77faea62a8773b19cda90d7ed4ef72a80a804320dbd3997e2f663805ad1fd3293d50b',
    outputEnc:
      '90ee52f739043bc17b3488a74306d7801debb5b61f18662c648a25b5b5678ede482cdaff99a537a44f064fcb10ce6e04dfd27619dc96a0daff8507e499296b1eecf0981f7c8518b277a7a3018f5ec6fb',
  },
  one: { saltEnc: 'ab8c878bb05d04700f077ed91845ec9c503c925cb12b327ddbeb4243c397f913', saltAuth: '3dccd36b39c6df11dd85837ce672a9bb' },
};

describe('PIN/UV auth protocol one', () => {
  it('does what python-fido2 does', () => {
    const secret = agree(1, ONE.tokenKey, platform(ONE.privateKey));
    expect(hex(secret.platformKey.get(-2) as Uint8Array)).toBe(ONE.x);
    expect(hex(secret.encrypt(hashPin(readPin('1234'))))).toBe(ONE.pinHashEnc);
    const newPinEnc = secret.encrypt(padPin(readPin('1234')));
    expect(hex(newPinEnc)).toBe(ONE.newPinEnc);
    expect(hex(secret.authenticate(newPinEnc))).toBe(ONE.pinAuth);
    const changed = secret.encrypt(padPin(readPin('4321')));
    expect(hex(changed)).toBe(ONE.change.newPinEnc);
    expect(hex(secret.authenticate(bytes(ONE.change.newPinEnc + ONE.pinHashEnc)))).toBe(ONE.change.pinAuth);
    expect(hex(secret.decrypt(newPinEnc))).toBe(hex(padPin(readPin('1234'))));
  });

  it('keeps to the PRF vectors', () => {
    const secret = agree(1, PRF.tokenKey, platform(PRF.privateKey));
    const saltEnc = secret.encrypt(bytes(PRF.salts).slice(0, 32));
    expect(hex(saltEnc)).toBe(PRF.one.saltEnc);
    expect(hex(secret.authenticate(saltEnc))).toBe(PRF.one.saltAuth);
  });
});

describe('PIN/UV auth protocol two', () => {
  it('keeps to the PRF vectors', () => {
    const secret = agree(2, PRF.tokenKey, platform(PRF.privateKey));
    expect(hex(secret.decrypt(bytes(PRF.two.saltEnc)))).toBe(PRF.salts);
    expect(hex(secret.authenticate(bytes(PRF.two.saltEnc)))).toBe(PRF.two.saltAuth);
    expect(hex(secret.decrypt(bytes(PRF.two.outputEnc)))).toBe(PRF.two.output);
  });

  it('never encrypts the same twice', () => {
    const secret = agree(2, PRF.tokenKey);
    const plain = new Uint8Array(32);
    expect(hex(secret.encrypt(plain))).not.toBe(hex(secret.encrypt(plain)));
    expect(secret.decrypt(secret.encrypt(plain))).toEqual(plain);
    expect(hex(agree(2, PRF.tokenKey).platformKey.get(-2) as Uint8Array)).not.toBe(hex(secret.platformKey.get(-2) as Uint8Array));
  });
});

describe('what a token may send', () => {
  const zero = '00'.repeat(32);
  it.each([
    ['a point that is not on the curve', coseKey(PRF.salts.slice(0, 64), PRF.salts.slice(64))],
    ['zeros', coseKey(zero, zero)],
    ['a short coordinate', coseKey('01'.repeat(31), zero)],
    ['no coordinate', cborMap([[1, 2]])],
    ['another curve', cborMap([...PRF.tokenKey].map(([key, value]) => [key, key === -1 ? 2 : value] as const))],
  ])('as a key is checked: %s', (_name, key) => {
    for (const protocol of [1, 2] as const) expect(() => agree(protocol, key)).toThrow('token.misbehaved');
  });

  it('as ciphertext has whole blocks', () => {
    for (const protocol of [1, 2] as const) {
      const secret = agree(protocol, PRF.tokenKey);
      for (const length of [0, 1, 15, 17, 33]) expect(() => secret.decrypt(new Uint8Array(length))).toThrow('token.misbehaved');
    }
  });

  it('as a pinUvAuthToken has the length of its protocol', () => {
    expect([16, 32, 48, 0].map((length) => isTokenLength(1, length))).toEqual([true, true, false, false]);
    expect([16, 32, 48, 0].map((length) => isTokenLength(2, length))).toEqual([false, true, false, false]);
  });

  it('as protocols is taken where we know one', () => {
    expect([[2, 1], [1, 2], [1], [3], []].map(choosePinProtocol)).toEqual([2, 2, 1, undefined, undefined]);
  });
});
