import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Assembly, encodeMessage, maxMessage, parsePacket } from '../../../../src/device/ctaphid/frames.ts';

/** CTAP 2.1 section 11.2.9.1.3: INIT on the broadcast channel with an 8-byte nonce. */
const INIT_REPORT = `ffffffff86000801020304050607080000${'00'.repeat(47)}`;

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');

function assemble(reports: readonly Uint8Array[], size: number) {
  const assembly = new Assembly(size);
  return reports.map((report) => {
    const packet = parsePacket(report);
    if (packet === null) throw new Error('no packet');
    return assembly.push(packet);
  });
}

describe('frames', () => {
  it('has the bytes of the specification', () => {
    const [report, ...rest] = encodeMessage(0xffffffff, 0x06, Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8), 64);
    expect(rest).toEqual([]);
    expect(hex(report ?? new Uint8Array())).toBe(INIT_REPORT);
  });

  it('holds 7609 bytes at most, in 129 packets', () => {
    expect(maxMessage(64)).toBe(7609);
    expect(maxMessage(8)).toBe(1 + 128 * 3);
    const reports = encodeMessage(1, 0x10, new Uint8Array(7609), 64);
    expect(reports).toHaveLength(129);
    expect(reports.at(-1)?.[4]).toBe(0x7f);
    expect(() => encodeMessage(1, 0x10, new Uint8Array(7610), 64)).toThrow('token.unsupported');
  });

  it('comes back whole, whatever the message and the report size', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 8, max: 64 }),
        fc.integer({ min: 0, max: 0xffffffff }),
        fc.integer({ min: 0, max: 0x7f }),
        fc.uint8Array({ maxLength: 7609 }),
        (size, channel, command, bytes) => {
          const payload = bytes.slice(0, maxMessage(size));
          const steps = assemble(encodeMessage(channel, command, payload, size), size);
          expect(steps.slice(0, -1).every(({ kind }) => kind === 'more')).toBe(true);
          expect(steps.at(-1)).toEqual({ kind: 'whole', command, payload });
        },
      ),
      { numRuns: 200 },
    );
  });

  it('takes what is not zero in the padding', () => {
    const [report] = encodeMessage(1, 0x10, Uint8Array.of(0), 64);
    report?.fill(0xaa, 8);
    expect(assemble([report ?? new Uint8Array()], 64)).toEqual([{ kind: 'whole', command: 0x10, payload: Uint8Array.of(0) }]);
  });

  it('refuses lengths, orders and reports that cannot be', () => {
    const start = (length: number) => Uint8Array.of(0, 0, 0, 1, 0x90, length >> 8, length & 0xff, ...new Uint8Array(57));
    const next = (sequence: number) => Uint8Array.of(0, 0, 0, 1, sequence, ...new Uint8Array(59));
    expect(assemble([start(7610)], 64)).toEqual([{ kind: 'fault', fault: 'too-long' }]);
    expect(assemble([start(65535)], 64)).toEqual([{ kind: 'fault', fault: 'too-long' }]);
    expect(assemble([next(0)], 64)).toEqual([{ kind: 'fault', fault: 'no-start' }]);
    expect(assemble([start(100), start(100)], 64).at(-1)).toEqual({ kind: 'fault', fault: 'second-start' });
    expect(assemble([start(200), next(1)], 64).at(-1)).toEqual({ kind: 'fault', fault: 'sequence' });
    expect(assemble([start(200), next(0), next(0)], 64).at(-1)).toEqual({ kind: 'fault', fault: 'sequence' });
    expect(assemble([start(100).subarray(0, 20)], 64)).toEqual([{ kind: 'fault', fault: 'short-report' }]);
    expect(assemble([start(0)], 64)).toEqual([{ kind: 'whole', command: 0x10, payload: new Uint8Array(0) }]);
  });

  it('makes something or nothing of any report, and never more than was announced', () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 70 }), { maxLength: 20 }), (reports) => {
        const assembly = new Assembly(64);
        for (const report of reports) {
          const packet = parsePacket(report);
          if (packet === null) continue;
          const step = assembly.push(packet);
          if (step.kind === 'whole') expect(step.payload.length).toBeLessThanOrEqual(7609);
          if (step.kind !== 'more') return;
        }
      }),
    );
  });
});
