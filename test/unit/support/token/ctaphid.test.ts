import { describe, expect, it } from 'vitest';
import { BROADCAST, Command, HidError, packetsOf } from '../../../support/token/ctaphid/wire.ts';
import { profile } from '../../../support/token/profile.ts';
import { VirtualToken } from '../../../support/token/token.ts';
import { BareHost } from './host.ts';
import { ManualClock } from './manual-clock.ts';

function setUp(token = new VirtualToken({ touch: { kind: 'by-hand' } })) {
  return { token, host: new BareHost(token) };
}

const SELECTION = Buffer.of(0x0b);

describe('the transport half of the virtual token', () => {
  it('gives a channel for a nonce on the broadcast channel', async () => {
    const { host } = setUp();
    const answer = await host.call(BROADCAST, Command.INIT, Buffer.from('a1a2a3a4a5a6a7a8', 'hex'));
    expect(answer.cid).toBe(BROADCAST);
    expect(answer.data.subarray(0, 8).toString('hex')).toBe('a1a2a3a4a5a6a7a8');
    expect(answer.data).toHaveLength(17);
    expect(answer.data[12]).toBe(2);
    expect(answer.data[16]).toBe(0x05);
  });

  it.each([0, 1, 57, 58, 116, 117, 1024, 7609])('echoes a ping of %i bytes', async (length) => {
    const { host } = setUp();
    const cid = await host.open();
    const payload = Buffer.alloc(length, 0x5a);
    const answer = await host.call(cid, Command.PING, payload);
    expect(answer).toEqual({ cid, command: Command.PING, data: payload });
  });

  it.each([
    ['a command that nobody knows', Command.KEEPALIVE, Buffer.alloc(0), HidError.INVALID_CMD],
    ['INIT with 7 bytes', Command.INIT, Buffer.alloc(7), HidError.INVALID_LEN],
    ['LOCK with 11 seconds', Command.LOCK, Buffer.of(11), HidError.INVALID_PAR],
    ['LOCK with no time', Command.LOCK, Buffer.alloc(0), HidError.INVALID_LEN],
    ['CBOR with no bytes', Command.CBOR, Buffer.alloc(0), HidError.INVALID_LEN],
  ])('answers ERROR to %s', async (_name, command, data, code) => {
    const { host } = setUp();
    const cid = await host.open();
    expect(await host.call(cid, command, data)).toEqual({ cid, command: Command.ERROR, data: Buffer.of(code) });
  });

  it('refuses channels that it never gave, the reserved one, and work on the broadcast channel', async () => {
    const { host } = setUp();
    for (const cid of [0, 0x1234_5678, BROADCAST]) {
      expect((await host.call(cid, Command.PING)).data[0]).toBe(HidError.INVALID_CHANNEL);
    }
  });

  it('refuses a length that no message can have', async () => {
    const { token, host } = setUp();
    const cid = await host.open();
    const packet = packetsOf(cid, Command.PING, Buffer.alloc(10))[0]!;
    packet.writeUInt16BE(7610, 5);
    token.receive(packet);
    expect((await host.next()).data[0]).toBe(HidError.INVALID_LEN);
  });

  it('ignores continuation packets out of the blue', async () => {
    const { token, host } = setUp();
    const cid = await host.open();
    token.receive(packetsOf(cid, Command.PING, Buffer.alloc(100))[1]!);
    expect((await host.call(cid, Command.PING, Buffer.of(7))).data[0]).toBe(7);
    expect(host.messages).toEqual([]);
  });

  it('drops a message at a wrong SEQ, and at a second beginning', async () => {
    const { token, host } = setUp();
    const cid = await host.open();
    const packets = packetsOf(cid, Command.PING, Buffer.alloc(200));
    token.receive(packets[0]!);
    token.receive(packets[2]!);
    expect((await host.next()).data[0]).toBe(HidError.INVALID_SEQ);
    token.receive(packets[0]!);
    token.receive(packets[0]!);
    expect((await host.next()).data[0]).toBe(HidError.INVALID_SEQ);
  });

  it('resynchronises on INIT in the middle of a message and of a wait', async () => {
    const { token, host } = setUp();
    const cid = await host.open();
    token.receive(packetsOf(cid, Command.PING, Buffer.alloc(200))[0]!);
    const answer = await host.call(cid, Command.INIT, Buffer.alloc(8, 3));
    expect([answer.cid, answer.data.readUInt32BE(8)]).toEqual([cid, cid]);
    host.send(cid, Command.CBOR, SELECTION);
    expect(token.wantsTouch).toBe(true);
    await host.call(cid, Command.INIT, Buffer.alloc(8, 4));
    expect(token.wantsTouch).toBe(false);
    expect((await host.call(cid, Command.PING, Buffer.of(1))).data[0]).toBe(1);
  });

  it('tells other channels that it is busy, undisturbed', async () => {
    const { token, host } = setUp();
    const cid = await host.open();
    const other = await host.open();
    host.send(cid, Command.CBOR, SELECTION);
    expect(await host.call(other, Command.PING)).toMatchObject({ cid: other, data: Buffer.of(HidError.CHANNEL_BUSY) });
    host.send(other, Command.CANCEL);
    expect(token.touch()).toBe(true);
    expect(await host.next()).toMatchObject({ cid, command: Command.CBOR, data: Buffer.of(0) });
  });

  it('answers a canceled request with KEEPALIVE_CANCEL and the CANCEL with nothing', async () => {
    const { token, host } = setUp();
    const cid = await host.open();
    host.send(cid, Command.CANCEL);
    host.send(cid, Command.CBOR, SELECTION);
    host.send(cid, Command.CANCEL);
    expect((await host.next()).data).toEqual(Buffer.of(0x2d));
    host.send(cid, Command.CANCEL);
    expect(host.messages).toEqual([]);
    expect(token.wantsTouch).toBe(false);
  });

  it('sends keepalives every 100 ms, and says that it waits for a touch', async () => {
    const clock = new ManualClock();
    const { token, host } = setUp(new VirtualToken({ clock, touch: { kind: 'after', ms: 350 } }));
    const cid = await host.open();
    host.send(cid, Command.CBOR, SELECTION);
    await clock.pass(99);
    expect(host.keepalives).toEqual([]);
    await clock.pass(251);
    expect(host.keepalives).toEqual([2, 2, 2]);
    expect((await host.next()).data).toEqual(Buffer.of(0));
    expect(token.packets.keepalives).toBe(3);
  });

  it('gives up the wait for a touch after 30 s', async () => {
    const clock = new ManualClock();
    const { host } = setUp(new VirtualToken({ clock, touch: { kind: 'never' } }));
    const cid = await host.open();
    host.send(cid, Command.CBOR, SELECTION);
    await clock.pass(30_000);
    expect((await host.next()).data).toEqual(Buffer.of(0x2f));
  });

  it('drops a message whose next packet is late', async () => {
    const clock = new ManualClock();
    const { token, host } = setUp(new VirtualToken({ clock }));
    const cid = await host.open();
    const packets = packetsOf(cid, Command.PING, Buffer.alloc(100));
    token.receive(packets[0]!);
    await clock.pass(501);
    token.receive(packets[1]!);
    expect((await host.next()).data[0]).toBe(HidError.MSG_TIMEOUT);
  });

  it('keeps others out while locked, until the time is over', async () => {
    const clock = new ManualClock();
    const { host } = setUp(new VirtualToken({ clock }));
    const cid = await host.open();
    const other = await host.open();
    await host.call(cid, Command.LOCK, Buffer.of(2));
    expect((await host.call(other, Command.PING)).data[0]).toBe(HidError.CHANNEL_BUSY);
    expect((await host.call(cid, Command.PING, Buffer.of(9))).data[0]).toBe(9);
    await clock.pass(2000);
    expect((await host.call(other, Command.PING, Buffer.of(8))).data[0]).toBe(8);
  });

  it('winks where it can', async () => {
    const { token, host } = setUp();
    await host.call(await host.open(), Command.WINK);
    expect(token.winks).toBe(1);
    const dull = setUp(new VirtualToken({ profile: profile('plain') }));
    expect((await dull.host.call(await dull.host.open(), Command.WINK)).data[0]).toBe(HidError.INVALID_CMD);
  });

  it('forgets its channels when it is pulled out', async () => {
    const { token, host } = setUp();
    const cid = await host.open();
    token.unplug();
    host.send(cid, Command.PING);
    expect(host.messages).toEqual([]);
    token.plugIn();
    expect((await host.call(cid, Command.PING)).data[0]).toBe(HidError.INVALID_CHANNEL);
  });
});
