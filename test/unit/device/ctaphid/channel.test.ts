import { describe, expect, it } from 'vitest';
import { openChannel } from '../../../../src/device/ctaphid/channel.ts';
import { lock, ping, wink } from '../../../../src/device/ctaphid/link-commands.ts';
import type { Keepalive } from '../../../../src/device/link.ts';
import { ManualClock, settle } from '../doubles/manual-clock.ts';
import {
  answer,
  BROADCAST,
  CANCEL,
  CBOR,
  error,
  fails,
  INIT,
  INIT_STEP,
  initAnswer,
  keepalive,
  LOCK,
  NONCE,
  OURS,
  open,
  PING,
  REQUEST,
  SENT,
  WINK,
} from '../doubles/opened-channel.ts';
import { type HostMessage, message, ScriptedPipe, type Step } from '../doubles/scripted-pipe.ts';

describe('INIT', () => {
  it('reads channel, versions and capabilities', async () => {
    const { channel, pipe } = await open();
    expect(channel.capabilities).toEqual({ wink: true, cbor: true, msg: true });
    expect(channel.version).toEqual({ protocol: 2, device: [1, 2, 3] });
    expect(channel.packets).toEqual({ sent: 1, received: 1, keepalives: 0, foreign: 0 });
    pipe.done();
  });

  it('passes over what other programs are answered, and takes members that come later', async () => {
    const pipe = new ScriptedPipe({
      host: { command: INIT },
      token: () => [
        ...message(BROADCAST, INIT, `0909090909090909${initAnswer(0x99)}`),
        ...message(0x77, CBOR, '00'),
        ...message(BROADCAST, INIT, NONCE),
        ...error(0x01, BROADCAST),
        ...message(BROADCAST, INIT, NONCE + initAnswer(0)),
        ...message(BROADCAST, INIT, NONCE + initAnswer(BROADCAST)),
        ...message(BROADCAST, INIT, `${NONCE}${initAnswer(OURS, '08')}ffff`),
      ],
    });
    const clock = new ManualClock();
    const channel = await clock.run(openChannel(pipe, { clock, random: () => new Uint8Array(8).fill(1) }), 0);
    expect(channel.capabilities).toEqual({ wink: false, cbor: false, msg: false });
    expect(channel.packets.foreign).toBe(6);
  });

  it('waits while the token works for another program', async () => {
    const busy: Step = { host: { command: INIT }, token: () => error(0x06, BROADCAST) };
    const pipe = new ScriptedPipe(busy, busy, INIT_STEP);
    const clock = new ManualClock();
    await clock.run(openChannel(pipe, { clock, random: () => new Uint8Array(8).fill(1) }), 1_000);
    pipe.done();
    const forever = new ScriptedPipe(...Array.from({ length: 200 }, () => busy));
    expect(await fails(clock.run(openChannel(forever, { clock }), 20_000))).toBe('token.busy');
  });

  it('ends when nothing comes, when the token goes, and under a flood', async () => {
    const clock = new ManualClock();
    const silent = new ScriptedPipe({ host: { command: INIT } });
    expect(await fails(clock.run(openChannel(silent, { clock }), 10_000))).toBe('token.timeout init');
    const gone = new ScriptedPipe({ host: { command: INIT } });
    clock.after(10, () => gone.unplug());
    expect(await fails(clock.run(openChannel(gone, { clock }), 10_000))).toBe('token.gone');
    const flood = new ScriptedPipe({
      host: { command: INIT },
      token: () => Array.from({ length: 50 }, () => message(BROADCAST, INIT, `0909090909090909${initAnswer(0x99)}`)).flat(),
    });
    expect(await fails(clock.run(openChannel(flood, { clock, limits: { foreignReports: 20 } }), 10_000))).toBe('token.misbehaved flood');
  });
});

describe('a call', () => {
  it('sends and reads messages of many packets', async () => {
    const long = 'ab'.repeat(500);
    const step: Step = { host: { command: CBOR, channel: OURS, payload: long }, token: ({ payload }) => message(OURS, CBOR, payload) };
    const { channel, clock, pipe } = await open(step);
    expect(Buffer.from(await clock.run(channel.call(CBOR, Buffer.from(long, 'hex')), 0)).toString('hex')).toBe(long);
    expect(channel.packets).toEqual({ sent: 1 + 9, received: 1 + 9, keepalives: 0, foreign: 0 });
    pipe.done();
  });

  it('looks away from other channels', async () => {
    const { channel, clock } = await open({
      host: SENT,
      token: () => [
        ...message(0x99, CBOR, 'ff'),
        ...keepalive(2, 0x99),
        ...error(0x7f, BROADCAST),
        Buffer.alloc(3),
        ...message(OURS, CBOR, '00'),
      ],
    });
    expect(await clock.run(channel.call(CBOR, REQUEST), 0)).toEqual(Uint8Array.of(0));
    expect(channel.packets.foreign).toBe(4);
  });

  it('is one at a time', async () => {
    const { channel, clock, pipe } = await open(
      { host: { command: CBOR, payload: '04' }, token: answer('0001') },
      { host: { command: CBOR, payload: '0b' }, token: answer('0002') },
    );
    const both = Promise.all([channel.call(CBOR, Uint8Array.of(4)), channel.call(CBOR, Uint8Array.of(0x0b))]);
    expect(await clock.run(both, 0)).toEqual([Uint8Array.of(0, 1), Uint8Array.of(0, 2)]);
    pipe.done();
  });

  it('lives as long as keepalives come, and tells when they change', async () => {
    const { channel, clock, pipe } = await open({ host: SENT });
    const states: Keepalive[] = [];
    const call = channel.call(CBOR, REQUEST, { onKeepalive: (state) => states.push(state) });
    for (const status of [1, 1, 2, 2, 9, 2]) {
      await clock.advance(50_000 / 3);
      pipe.send(...keepalive(status));
    }
    await clock.advance(10);
    pipe.send(...message(OURS, CBOR, '00'));
    expect(await clock.run(call, 0)).toEqual(Uint8Array.of(0));
    expect(states).toEqual(['processing', 'touch-needed', 'processing', 'touch-needed']);
    expect(channel.packets.keepalives).toBe(6);
    expect(clock.pending).toBe(0);
  });

  it('ends in silence, and starts again from INIT on its own channel', async () => {
    const { channel, clock, pipe } = await open({ host: SENT });
    const start = clock.now();
    expect(await fails(clock.run(channel.call(CBOR, REQUEST), 100_000))).toBe('token.timeout');
    expect(clock.now() - start).toBe(60_000);
    pipe.expect(
      {
        host: { command: INIT, channel: OURS, payload: NONCE },
        // The answer of before comes late: it is not for this request.
        token: () => [...message(OURS, CBOR, '00dead'), ...message(OURS, INIT, NONCE + initAnswer())],
      },
      { host: SENT, token: answer('0002') },
    );
    expect(await clock.run(channel.call(CBOR, REQUEST), 0)).toEqual(Uint8Array.of(0, 2));
    pipe.done();
  });

  it('takes a new channel where its own is not known any more', async () => {
    const again: Step = {
      host: { command: INIT, channel: BROADCAST },
      token: () => message(BROADCAST, INIT, NONCE + initAnswer(0x55667788)),
    };
    const { channel, clock, pipe } = await open({ host: SENT, token: () => error(0x0b) }, again, {
      host: { ...SENT, channel: 0x55667788 },
      token: () => message(0x55667788, CBOR, '00'),
    });
    expect(await clock.run(channel.call(CBOR, REQUEST), 0)).toEqual(Uint8Array.of(0));
    pipe.done();
    pipe.expect({ host: SENT.command ? { command: CBOR } : SENT, token: () => error(0x0b, 0x55667788) }, again, {
      host: { command: CBOR },
      token: () => error(0x0b, 0x55667788),
    });
    expect(await fails(clock.run(channel.call(CBOR, REQUEST), 0))).toBe('token.misbehaved lost');
  });

  it('is sent once more where the token did not get all of it', async () => {
    const { channel, clock, pipe } = await open({ host: SENT, token: () => error(0x05) }, { host: SENT, token: answer('00') });
    expect(await clock.run(channel.call(CBOR, REQUEST), 0)).toEqual(Uint8Array.of(0));
    pipe.done();
  });

  it('waits while another program is served, ten seconds at most', async () => {
    const busy: Step = { host: SENT, token: () => error(0x06) };
    const { channel, clock, pipe } = await open(busy, busy, { host: SENT, token: answer('00') });
    const start = clock.now();
    expect(await clock.run(channel.call(CBOR, REQUEST), 1_000)).toEqual(Uint8Array.of(0));
    expect(clock.now() - start).toBe(200);
    pipe.done();
    pipe.expect(...Array.from({ length: 200 }, () => busy));
    expect(await fails(clock.run(channel.call(CBOR, REQUEST), 20_000))).toBe('token.busy');
  });

  it('ends when the token goes, before, during and after writing', async () => {
    const { channel, clock, pipe } = await open({ host: SENT });
    const call = channel.call(CBOR, REQUEST);
    await settle();
    pipe.unplug();
    expect(await fails(call)).toBe('token.gone');
    expect(await fails(clock.run(channel.call(CBOR, REQUEST), 0))).toBe('token.gone');
    const other = await open();
    other.pipe.onWrite = async () => other.pipe.unplug();
    expect(await fails(other.clock.run(other.channel.call(CBOR, REQUEST), 0))).toBe('token.gone');
  });

  it('ends when a write never does', async () => {
    const { channel, clock, pipe } = await open();
    pipe.onWrite = () => new Promise(() => {});
    expect(await fails(clock.run(channel.call(CBOR, REQUEST), 10_000))).toBe('token.timeout write');
  });

  it('carries 7609 bytes and no more', async () => {
    const { channel, clock } = await open();
    expect(await fails(clock.run(channel.call(CBOR, new Uint8Array(7610)), 0))).toBe('token.unsupported message-too-long');
  });
});

describe('canceling', () => {
  it('sends CANCEL and takes the last word of the token', async () => {
    const { channel, clock, pipe } = await open({ host: SENT });
    const stop = new AbortController();
    const call = channel.call(CBOR, REQUEST, { signal: stop.signal });
    await clock.advance(1_000);
    pipe.expect({ host: { command: CANCEL, channel: OURS, payload: '' }, token: answer('2d') });
    stop.abort();
    expect(await clock.run(call, 0)).toEqual(Uint8Array.of(0x2d));
    pipe.done();
    expect(clock.pending).toBe(0);
  });

  it('takes an answer that was on its way already', async () => {
    const { channel, clock, pipe } = await open({ host: SENT });
    const stop = new AbortController();
    const call = channel.call(CBOR, REQUEST, { signal: stop.signal });
    await clock.advance(1_000);
    pipe.expect({ host: { command: CANCEL } });
    pipe.send(...message(OURS, CBOR, '00aa'));
    stop.abort();
    expect(await clock.run(call, 0)).toEqual(Uint8Array.of(0, 0xaa));
  });

  it('does not wait for a token that will not listen', async () => {
    const { channel, clock, pipe } = await open({ host: SENT }, { host: { command: CANCEL } });
    const stop = new AbortController();
    const call = channel.call(CBOR, REQUEST, { signal: stop.signal });
    await clock.advance(1_000);
    stop.abort();
    for (let beat = 0; beat < 30; beat++) {
      await clock.advance(100);
      pipe.send(...keepalive(2));
    }
    expect(await fails(clock.run(call, 0))).toBe('token.canceled');
    // What was left running ends with the next INIT.
    pipe.expect(
      { host: { command: INIT, channel: OURS }, token: () => message(OURS, INIT, NONCE + initAnswer()) },
      { host: SENT, token: answer('00') },
    );
    expect(await clock.run(channel.call(CBOR, REQUEST), 0)).toEqual(Uint8Array.of(0));
    pipe.done();
  });

  it('sends nothing where it was stopped before', async () => {
    const { channel, clock, pipe } = await open();
    expect(await fails(clock.run(channel.call(CBOR, REQUEST, { signal: AbortSignal.abort() }), 0))).toBe('token.canceled');
    pipe.done();
  });

  it('finishes a request that is half written, then cancels it', async () => {
    const long = new Uint8Array(200);
    const { channel, clock, pipe } = await open({ host: { command: CBOR } }, { host: { command: CANCEL }, token: answer('2d') });
    const stop = new AbortController();
    let writes = 0;
    pipe.onWrite = async () => {
      writes++;
      if (writes === 2) stop.abort();
    };
    expect(await clock.run(channel.call(CBOR, long, { signal: stop.signal }), 0)).toEqual(Uint8Array.of(0x2d));
    pipe.done();
  });
});

describe('commands of the link itself', () => {
  it('pings there and back', async () => {
    const echo: Step = { host: { command: PING, channel: OURS }, token: ({ payload }: HostMessage) => message(OURS, PING, payload) };
    const { channel, clock, pipe } = await open(echo, { host: { command: PING }, token: () => message(OURS, PING, '01') });
    await clock.run(ping(channel, new Uint8Array(1000).fill(7)), 0);
    expect(await fails(clock.run(ping(channel, Uint8Array.of(2)), 0))).toBe('token.misbehaved ping');
    pipe.done();
  });

  it('winks and locks', async () => {
    const { channel, clock, pipe } = await open(
      { host: { command: WINK, payload: '' }, token: () => message(OURS, WINK, '') },
      { host: { command: LOCK, payload: '0a' }, token: () => message(OURS, LOCK, '') },
    );
    await clock.run(wink(channel), 0);
    await clock.run(lock(channel, 10), 0);
    expect(await fails(lock(channel, 11))).toBe('token.unsupported lock');
    pipe.done();
  });
});
