import fc from 'fast-check';
import { expect, it } from 'vitest';
import { type Cbor, encodeCbor } from '../../../support/token/cbor.ts';
import { BROADCAST, Command, HidError } from '../../../support/token/ctaphid/wire.ts';
import { profile, VirtualToken } from '../../../support/token/index.ts';
import { Status } from '../../../support/token/status.ts';
import { BareHost } from './host.ts';
import { ManualClock } from './manual-clock.ts';

it('takes any packets, and is whole after an INIT', async () => {
  const packet = fc.tuple(fc.constantFrom(0, 0x01010101, BROADCAST), fc.uint8Array({ minLength: 60, maxLength: 60 }));
  await fc.assert(
    fc.asyncProperty(fc.array(packet, { maxLength: 20 }), async (packets) => {
      const token = new VirtualToken({ clock: new ManualClock() });
      const host = new BareHost(token);
      const cid = await host.open();
      for (const [channel, rest] of packets) {
        const report = Buffer.alloc(64);
        report.writeUInt32BE(channel === 0x01010101 ? cid : channel, 0);
        report.set(rest, 4);
        token.receive(report);
      }
      await new Promise((resolve) => setImmediate(resolve));
      host.messages.splice(0);
      host.send(cid, Command.INIT, Buffer.alloc(8, 9));
      const answer = host.messages.at(-1);
      // Another channel may hold the lock now: that is an answer, too.
      if (answer?.command === Command.ERROR) expect(answer.data[0]).toBe(HidError.CHANNEL_BUSY);
      else expect(answer?.data.readUInt32BE(8)).toBe(cid);
    }),
    { numRuns: 300 },
  );
});

it('has a status of the specification for any request', async () => {
  const leaf = fc.oneof(
    fc.integer({ min: -300, max: 300 }),
    fc.boolean(),
    fc.constantFrom('id', 'public-key', 'login.example', 'rk', 'uv'),
    fc.uint8Array({ maxLength: 70 }),
  );
  const nested = fc.oneof(
    leaf,
    fc.array(leaf, { maxLength: 3 }),
    mapOf(fc.constantFrom('id', 'type', 'alg', 'rk', 'uv', 'up', 'credProtect', 1, 2, 3), leaf),
  );
  const request = mapOf(fc.integer({ min: 1, max: 12 }), nested);
  const command = fc.constantFrom(0x01, 0x02, 0x04, 0x06, 0x08, 0x09, 0x0a, 0x0b, 0x0c, 0x0d, 0x40, 0x41);
  const token = new VirtualToken({ profile: profile('bio') });
  const host = new BareHost(token);
  const cid = await host.open();
  await fc.assert(
    fc.asyncProperty(command, request, async (number, map) => {
      const { data } = await host.call(cid, Command.CBOR, Buffer.concat([Buffer.of(number), encodeCbor(map as Cbor)]));
      expect(data[0]).not.toBe(Status.OTHER);
    }),
    { numRuns: 2000 },
  );
});

function mapOf<K, V>(key: fc.Arbitrary<K>, value: fc.Arbitrary<V>): fc.Arbitrary<Map<K, V>> {
  return fc.uniqueArray(fc.tuple(key, value), { selector: ([name]) => name, maxLength: 8 }).map((pairs) => new Map(pairs));
}
