import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { profile, VirtualToken } from '../support/token/index.ts';
import { creationOptions, ORIGIN, requestOptions } from './ceremonies.ts';
import { type Ours, ourPackets, type When } from './our-packets.ts';
import { libfido2Packets, type PacketsOf } from './packet-counts.ts';
import { libfido2WithTries } from './tries.ts';

type Operations<T> = { readonly [O in keyof PacketsOf]: T };

async function measureAll(kind: 'full' | 'fido2.0', folder: string): Promise<Readonly<Record<When, Operations<Ours>>>> {
  const token = new VirtualToken({ profile: profile(kind) });
  const register = (when: When, verification: 'required' | 'discouraged') =>
    ourPackets(token, folder, when, (host) => host.answer('register', { origin: ORIGIN, options: creationOptions(verification) }));
  const { id } = (await register('atOnce', 'discouraged')).value.credential;
  const assert = (when: When, verification: 'required' | 'discouraged') =>
    ourPackets(token, folder, when, (host) => host.answer('assert', { origin: ORIGIN, options: requestOptions(id, verification) }));
  const plain = async (when: When) => ({
    registration: await register(when, 'discouraged'),
    assertion: await assert(when, 'discouraged'),
  });
  const verified = async (when: When) => ({
    registrationWithPin: await register(when, 'required'),
    assertionWithPin: await assert(when, 'required'),
  });
  const before = { soon: await plain('soon'), atOnce: await plain('atOnce') };
  await ourPackets(token, folder, 'atOnce', (host, tokenId) => host.answer('setPin', { tokenId }));
  return {
    soon: { ...before.soon, ...(await verified('soon')) },
    atOnce: { ...before.atOnce, ...(await verified('atOnce')) },
  };
}

const OPERATIONS = ['registration', 'registrationWithPin', 'assertion', 'assertionWithPin'] as const;
const all = ({ opening, tries, call }: Ours) => opening + tries + call;

/**
 * The tools open the token anew for each operation, so ours is counted with its opening too. Ours says how many tries
 * the PIN has left, which the tools never do: the operation is compared with theirs, and all that is exchanged from
 * plugging in to the answer with a program that asks libfido2 for the tries as well.
 */
it.each(['full', 'fido2.0'] as const)('our host never exchanges more packets than libfido2 on the same token (%s)', async (kind) => {
  const folder = mkdtempSync(join(tmpdir(), 'doorstep-packets-'));
  try {
    const tools = await libfido2Packets(kind);
    const library = { ...tools, ...(await libfido2WithTries(kind, folder)) };
    const { soon, atOnce } = await measureAll(kind, folder);
    const table = OPERATIONS.map((operation) => {
      const { opening, tries, call } = soon[operation];
      return [
        operation,
        {
          tools: tools[operation],
          opening,
          call,
          'library with tries': library[operation],
          tries,
          'at once, in all': all(atOnce[operation]),
        },
      ];
    });
    console.table(Object.fromEntries(table));
    for (const operation of OPERATIONS) {
      const { opening, tries, call } = soon[operation];
      const withPin = operation.endsWith('WithPin');
      expect(call, operation).toBeGreaterThan(0);
      expect(tries, `${operation}: the tries, one packet each way`).toBe(withPin ? 2 : 0);
      expect(opening + call, `${operation} with its opening`).toBeLessThanOrEqual(tools[operation]);
      expect(all(soon[operation]), `${operation} with all before it`).toBeLessThanOrEqual(library[operation]);
      expect(all(atOnce[operation]), `${operation} at once`).toBeLessThanOrEqual(library[operation]);
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
