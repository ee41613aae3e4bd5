import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DoorstepError } from '../../../../src/contract/errors.ts';
import { encodeApdu, statusWordError } from '../../../../src/device/ctap1/apdu.ts';
import { authenticate, isMine } from '../../../../src/device/ctap1/authenticate.ts';
import { derLength } from '../../../../src/device/ctap1/der.ts';
import { decodeRegistration, register } from '../../../../src/device/ctap1/register.ts';
import type { Link } from '../../../../src/device/link.ts';

const hex = (value: Uint8Array) => Buffer.from(value).toString('hex');
const bytes = (text: string) => new Uint8Array(Buffer.from(text, 'hex'));

/** A registration in the form of FIDO U2F Raw Message Formats 1.2 section 4.3: a 5-byte certificate and a 4-byte signature stand in. */
const REGISTRATION = `0504${'aa'.repeat(64)}03010203${'3003020105'}${'30020101'}`;

function linkWith(...answers: string[]): Link & { readonly sent: string[] } {
  const sent: string[] = [];
  return {
    sent,
    capabilities: { wink: false, cbor: false, msg: true },
    packets: { sent: 0, received: 0, keepalives: 0, foreign: 0 },
    async call(command, message) {
      sent.push(`${command} ${hex(message)}`);
      const answer = answers.shift();
      if (answer === undefined) throw new Error('unexpected message');
      return bytes(answer);
    },
    close: async () => {},
  };
}

describe('APDUs', () => {
  it('are extended, with the greatest answer allowed', () => {
    expect(hex(encodeApdu(0x03, 0, new Uint8Array(0)))).toBe('00030000000000');
    expect(hex(encodeApdu(0x02, 0x07, Uint8Array.of(0xaa, 0xbb)))).toBe('00020700000002aabb0000');
  });

  it('need a status word', async () => {
    await expect(isMine(linkWith('90'), new Uint8Array(32), Uint8Array.of(1))).rejects.toThrow('token.misbehaved');
    expect(statusWordError(0x6f00).detail).toEqual({ statusWord: 0x6f00 });
    expect(statusWordError(0x6d00).code).toBe('token.unsupported');
  });
});

describe('registration', () => {
  it('is taken apart', () => {
    const made = decodeRegistration(bytes(REGISTRATION));
    expect(hex(made.keyHandle)).toBe('010203');
    expect(hex(made.certificate)).toBe('3003020105');
    expect(hex(made.signature)).toBe('30020101');
    expect(made.publicKey).toHaveLength(65);
  });

  it('is refused when it is cut anywhere', () => {
    const whole = bytes(REGISTRATION);
    for (let length = 0; length < whole.length; length++) {
      expect(() => decodeRegistration(whole.slice(0, length))).toThrow('token.misbehaved');
    }
    expect(() => decodeRegistration(bytes(`${REGISTRATION}00`))).toThrow('token.misbehaved');
  });

  it('is made of nothing else, whatever comes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (data) => {
        try {
          decodeRegistration(data);
        } catch (error) {
          expect((error as DoorstepError).code).toBe('token.misbehaved');
        }
      }),
    );
  });

  it('waits for the touch', async () => {
    const link = linkWith('6985', `${REGISTRATION}9000`);
    expect(await register(link, new Uint8Array(32), new Uint8Array(32))).toBe('touch-needed');
    expect(await register(link, new Uint8Array(32), new Uint8Array(32))).toMatchObject({ keyHandle: bytes('010203') });
    expect(link.sent[0]).toBe(`3 00010000000040${'00'.repeat(64)}0000`);
  });
});

describe('authentication', () => {
  const application = new Uint8Array(32).fill(2);
  const handle = Uint8Array.of(7, 7);

  it('asks whose a key handle is without a touch', async () => {
    const link = linkWith('6985', '6a80', '6700', '9000', '6e00');
    expect(await isMine(link, application, handle)).toBe(true);
    expect(await isMine(link, application, handle)).toBe(false);
    expect(await isMine(link, application, handle)).toBe(false);
    await expect(isMine(link, application, handle)).rejects.toThrow('token.misbehaved');
    await expect(isMine(link, application, handle)).rejects.toThrow('token.unsupported');
    expect(link.sent[0]).toBe(`3 00020700000043${'00'.repeat(32)}${'02'.repeat(32)}0207070000`);
    expect(await isMine(link, application, new Uint8Array(256))).toBe(false);
  });

  it('reads presence, counter and signature', async () => {
    const link = linkWith('01000000053002010190 00'.replace(' ', ''), '6985', '01009000');
    expect(await authenticate(link, new Uint8Array(32), application, handle)).toEqual({
      presence: 1,
      counter: 5,
      signature: bytes('30020101'),
    });
    expect(await authenticate(link, new Uint8Array(32), application, handle)).toBe('touch-needed');
    await expect(authenticate(link, new Uint8Array(32), application, handle)).rejects.toThrow('token.misbehaved');
    await expect(authenticate(link, new Uint8Array(32), application, new Uint8Array(256))).rejects.toThrow(DoorstepError);
  });
});

describe('DER', () => {
  it.each([
    ['3000', 2],
    ['3003020105', 5],
    [`3081${'80'}${'00'.repeat(128)}`, 131],
    [`30820100${'00'.repeat(256)}`, 260],
    ['', null],
    ['30', null],
    ['3001', null],
    ['3080', null],
    ['3083000001ff', null],
    ['3100', null],
  ])('of %s', (text, length) => {
    expect(derLength(bytes(text))).toBe(length);
  });
});
