import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DoorstepError } from '../../../../src/contract/errors.ts';
import {
  answer,
  BROADCAST,
  CBOR,
  ERROR,
  error,
  fails,
  INIT,
  initAnswer,
  KEEPALIVE,
  keepalive,
  NONCE,
  OURS,
  open,
  PING,
  REQUEST,
  SENT,
} from '../doubles/opened-channel.ts';
import { message } from '../doubles/scripted-pipe.ts';

describe('a token that misbehaves', () => {
  const start = (length: number, fill = 0) => {
    const report = Buffer.alloc(64, fill);
    report.writeUInt32BE(OURS, 0);
    report[4] = 0x80 | CBOR;
    report.writeUInt16BE(length, 5);
    return report;
  };
  const [whole, second] = message(OURS, CBOR, new Uint8Array(100)) as [Buffer, Buffer];

  it.each([
    ['BCNT 65535', [start(65535)], 'token.misbehaved too-long'],
    ['BCNT 7610', [start(7610)], 'token.misbehaved too-long'],
    ['a continuation first', [second], 'token.misbehaved no-start'],
    ['two beginnings', [whole, whole], 'token.misbehaved second-start'],
    [
      'a sequence that jumps',
      [whole, Buffer.concat([second.subarray(0, 4), Buffer.of(1), second.subarray(5)])],
      'token.misbehaved sequence',
    ],
    ['another command', message(OURS, PING, '00'), 'token.misbehaved wrong-command'],
    ['ERROR other', error(0x7f), 'token.misbehaved hid-error'],
    ['ERROR unknown', error(0x63), 'token.misbehaved hid-error'],
    ['ERROR with nothing in it', message(OURS, ERROR, ''), 'token.misbehaved hid-error'],
    ['CHANNEL_BUSY in the middle', [whole, ...error(0x06)], 'token.misbehaved hid-error'],
    ['CHANNEL_BUSY after a keepalive', [...keepalive(1), ...error(0x06)], 'token.misbehaved hid-error'],
    ['ERROR in the middle', [whole, ...error(0x04)], 'token.misbehaved hid-error'],
    ['a keepalive in the middle', [whole, ...keepalive(1)], 'token.misbehaved wrong-command'],
    ['a keepalive of 2000 bytes', message(OURS, KEEPALIVE, new Uint8Array(2000)).slice(0, 1), 'token.misbehaved keepalive-length'],
    ['an answer that stops', [whole], 'token.timeout cut-short'],
    ['nothing', [], 'token.timeout'],
  ] as const)('is named: %s', async (_name, reports, code) => {
    const { channel, clock, pipe } = await open({ host: SENT, token: () => reports });
    expect(await fails(clock.run(channel.call(CBOR, REQUEST), 100_000))).toBe(code);
    expect(clock.pending).toBe(0);
    pipe.expect(
      { host: { command: INIT, channel: OURS }, token: () => message(OURS, INIT, NONCE + initAnswer()) },
      { host: SENT, token: answer('00') },
    );
    expect(await clock.run(channel.call(CBOR, REQUEST), 10_000)).toEqual(Uint8Array.of(0));
    pipe.done();
  });

  it.each([
    [1, 'token.timeout'],
    [2, 'token.not-touched'],
  ])('cannot keep a call alive for ever with status %i', async (status, code) => {
    const { channel, clock, pipe } = await open({ host: SENT });
    const call = channel.call(CBOR, REQUEST);
    call.catch(() => {});
    const start = clock.now();
    for (let beat = 0; beat < 2_000; beat++) {
      pipe.send(...keepalive(status));
      await clock.advance(100);
    }
    expect(await fails(call)).toBe(code);
    expect(clock.now() - start).toBeLessThanOrEqual(200_000);
  });

  it('cannot send a byte a minute', async () => {
    const { channel, clock, pipe } = await open({ host: SENT });
    const call = channel.call(CBOR, REQUEST);
    call.catch(() => {});
    await clock.advance(100);
    const reports = message(OURS, CBOR, new Uint8Array(7609));
    const start = clock.now();
    for (const report of reports) {
      pipe.send(report);
      await clock.advance(2_900);
    }
    expect(await fails(call)).toBe('token.timeout slow-answer');
    expect(clock.now() - start).toBeGreaterThan(10_000);
  });

  it('cannot flood a call', async () => {
    const { channel, clock } = await open({
      host: SENT,
      token: () => Array.from({ length: 20_001 }, () => message(0x99, CBOR, '00')).flat(),
    });
    expect(await fails(clock.run(channel.call(CBOR, REQUEST), 1_000))).toBe('token.misbehaved flood');
  });

  it('ends with a name whatever reports it sends', async () => {
    const packet = fc.oneof(
      fc.uint8Array({ maxLength: 64 }),
      fc
        .tuple(
          fc.constantFrom(OURS, OURS, OURS, 0x99, BROADCAST),
          fc.integer({ min: 0, max: 255 }),
          fc.uint8Array({ minLength: 59, maxLength: 59 }),
        )
        .map(([channel, kind, rest]) => {
          const report = Buffer.alloc(64);
          report.writeUInt32BE(channel, 0);
          report[4] = kind;
          report.set(rest, 5);
          return new Uint8Array(report);
        }),
      fc
        .tuple(fc.constantFrom(CBOR, KEEPALIVE, ERROR, INIT), fc.uint8Array({ maxLength: 150 }))
        .map(([command, payload]) => new Uint8Array(Buffer.concat(message(OURS, command, payload)).subarray(0, 64))),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(packet, { maxLength: 12 }), async (reports) => {
        const any = { command: CBOR };
        const { channel, clock, pipe } = await open({ host: any, token: () => reports });
        // A request may be sent again, and INIT may be asked for: nothing more comes then.
        pipe.expect(...Array.from({ length: 300 }, () => ({ host: any })));
        const end = await clock.run(
          channel.call(CBOR, REQUEST).then(
            () => 'ok',
            (caught: unknown) => caught,
          ),
          400_000,
        );
        expect(end === 'ok' || (end instanceof DoorstepError && end.code.startsWith('token.'))).toBe(true);
        expect(clock.pending).toBe(0);
      }),
      { numRuns: 150 },
    );
  });
});
