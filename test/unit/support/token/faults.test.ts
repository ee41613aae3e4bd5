import { describe, expect, it } from 'vitest';
import { Command } from '../../../support/token/ctaphid/wire.ts';
import { FAULTS, type Fault, VirtualToken } from '../../../support/token/index.ts';
import { BareHost } from './host.ts';
import { ManualClock } from './manual-clock.ts';

const GET_INFO = Buffer.of(0x04);

/** The packets of one getInfo, with the fault at the packet `at`, after `ms` milliseconds. */
async function packetsWith(
  fault: Fault,
  at: number,
  ms = 0,
): Promise<{ packets: Buffer[]; token: VirtualToken; clock: ManualClock; good: Buffer[] }> {
  const clock = new ManualClock();
  const token = new VirtualToken({ clock });
  const host = new BareHost(token);
  const cid = await host.open();
  const packets: Buffer[] = [];
  token.subscribe((packet) => packets.push(Buffer.from(packet)));
  host.send(cid, Command.CBOR, GET_INFO);
  await clock.pass(0);
  const good = packets.splice(0);
  token.arm({ at, fault });
  host.send(cid, Command.CBOR, GET_INFO);
  await clock.pass(ms);
  return { packets, token, clock, good };
}

describe('scripted faults', () => {
  it('happen once each, at the packet that was named', async () => {
    const { packets, good, token } = await packetsWith({ kind: 'drop' }, 2);
    expect(packets).toEqual(good.filter((_packet, index) => index !== 2));
    expect(token.armed).toEqual([]);
  });

  it('cut a message short', async () => {
    const { packets, good } = await packetsWith({ kind: 'cut' }, 2);
    expect(packets).toEqual(good.slice(0, 2));
  });

  it('change the head of a packet', async () => {
    expect((await packetsWith({ kind: 'wrong-cid' }, 1)).packets[1]!.readUInt32BE(0)).not.toBe(0);
    expect((await packetsWith({ kind: 'wrong-seq' }, 2)).packets[2]![4]).toBe(2);
    expect((await packetsWith({ kind: 'bcnt', value: 65535 }, 0)).packets[0]!.readUInt16BE(5)).toBe(65535);
    expect((await packetsWith({ kind: 'bcnt', value: 0 }, 3)).packets[3]![4]).toBe(0x90);
    expect((await packetsWith({ kind: 'wrong-command', command: 1 }, 0)).packets[0]![4]).toBe(0x81);
  });

  it('flood the host', async () => {
    const nonces = await packetsWith({ kind: 'wrong-nonce-flood', count: 50 }, 0);
    expect(nonces.packets).toHaveLength(nonces.good.length + 50);
    expect(nonces.packets[0]!.readUInt32BE(0)).toBe(0xffffffff);
    const others = await packetsWith({ kind: 'other-channel-flood', count: 50 }, 1);
    expect(others.packets).toHaveLength(others.good.length + 50);
  });

  it('put an ERROR into the middle', async () => {
    const { packets } = await packetsWith({ kind: 'error', code: 6 }, 1);
    expect(packets).toHaveLength(2);
    expect([packets[1]![4], packets[1]![7]]).toEqual([0xbf, 6]);
  });

  it('keep alive for ever, until the token is pulled out', async () => {
    const { packets, token, clock } = await packetsWith({ kind: 'endless-keepalive', everyMs: 100, status: 2 }, 0, 1000);
    expect(packets).toHaveLength(11);
    expect(packets.every((packet) => packet[4] === 0xbb && packet[7] === 2)).toBe(true);
    token.unplug();
    await clock.pass(1000);
    expect(packets).toHaveLength(11);
  });

  it('pull the token out', async () => {
    const { packets, token } = await packetsWith({ kind: 'unplug' }, 1);
    expect(packets).toHaveLength(1);
    expect(token.pluggedIn).toBe(false);
  });

  it('hold a packet and all that follow back', async () => {
    const { packets, clock, good } = await packetsWith({ kind: 'delay', ms: 300 }, 1, 299);
    expect(packets).toHaveLength(1);
    await clock.pass(1);
    expect(packets.map((packet) => packet.toString('hex'))).toEqual(good.map((packet) => packet.toString('hex')));
  });

  it('spoil the answer that the packet belongs to', async () => {
    expect((await packetsWith({ kind: 'status', value: 0xf1 }, 3)).packets.map((packet) => packet.subarray(5, 8).toString('hex'))).toEqual([
      '0001f1',
    ]);
    const { packets } = await packetsWith({ kind: 'cbor', what: 'huge-array' }, 0);
    expect(packets[0]!.subarray(7, 17).toString('hex')).toBe('009b0020000000000000');
  });

  it.each(FAULTS)('$name leaves the token whole at every packet of an answer', async ({ fault }) => {
    for (let at = 0; at < 6; at += 1) {
      const { token, clock, packets } = await packetsWith(fault, at, 500);
      expect(packets.length).toBeLessThan(300);
      token.unplug();
      token.plugIn();
      await clock.pass(1000);
      token.arm();
      const host = new BareHost(token);
      expect((await host.ctap2(await host.open(), 0x04)).status).toBe(0);
    }
  });
});
