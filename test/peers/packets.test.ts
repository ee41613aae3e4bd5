import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { practiceSource } from '../../src/device/index.ts';
import { profile, serveToken, VirtualToken } from '../support/token/index.ts';
import { creationOptions, ORIGIN, requestOptions } from './ceremonies.ts';
import { Ladder } from './ladder.ts';
import { countPackets } from './libfido2.ts';
import { libfido2Packets, type PacketsOf, PIN } from './packet-counts.ts';

/** What our own host exchanges for the same: from the call to its answer, and with the opening of the token before. */
interface Ours {
  readonly calls: PacketsOf;
  readonly withOpening: PacketsOf;
}

async function ourPackets(kind: 'full' | 'fido2.0'): Promise<Ours> {
  const token = new VirtualToken({ profile: profile(kind) });
  const folder = mkdtempSync(join(tmpdir(), 'doorstep-packets-'));
  const path = join(folder, 'token');

  /** Plugs the token in, lets a fresh host open it, runs one call. */
  const measured = async <T>(run: (host: Ladder) => Promise<T>): Promise<{ value: T; call: number; all: number }> => {
    token.plugIn();
    await serveToken(token, path);
    const host = new Ladder(practiceSource({ path }));
    host.pin = PIN;
    try {
      const opening = await countPackets(token, () => host.ready());
      let value: T | undefined;
      const call = await countPackets(token, async () => {
        value = await run(host);
      });
      return { value: value as T, call, all: opening + call };
    } finally {
      await host.stop();
      token.unplug();
    }
  };
  const register = (verification: 'required' | 'discouraged') =>
    measured((host) => host.answer('register', { origin: ORIGIN, options: creationOptions(verification) }));
  const assert = (id: string, verification: 'required' | 'discouraged') =>
    measured((host) => host.answer('assert', { origin: ORIGIN, options: requestOptions(id, verification) }));

  try {
    const registration = await register('discouraged');
    const { id } = registration.value.credential;
    const assertion = await assert(id, 'discouraged');
    await measured(async (host) => host.answer('setPin', { tokenId: (await host.ready()).id }));
    const registrationWithPin = await register('required');
    const assertionWithPin = await assert(id, 'required');
    const pick = (of: 'call' | 'all'): PacketsOf => ({
      registration: registration[of],
      registrationWithPin: registrationWithPin[of],
      assertion: assertion[of],
      assertionWithPin: assertionWithPin[of],
    });
    return { calls: pick('call'), withOpening: pick('all') };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Our host shows how many tries the PIN has left, which the tools never do: getPINRetries, one packet each way. */
const RETRIES = 2;

/**
 * The tools open the token anew for each operation; our host keeps it open from the moment it is plugged in. So the
 * operation is compared with theirs, and so is the operation together with its opening.
 */
it.each(['full', 'fido2.0'] as const)('our host never exchanges more packets than libfido2 on the same token (%s)', async (kind) => {
  const theirs = await libfido2Packets(kind);
  const ours = await ourPackets(kind);
  console.table({ libfido2: theirs, doorstep: ours.calls, 'doorstep with opening': ours.withOpening });
  for (const operation of Object.keys(theirs) as (keyof PacketsOf)[]) {
    expect(ours.calls[operation], operation).toBeGreaterThan(0);
    expect(ours.calls[operation], operation).toBeLessThanOrEqual(theirs[operation]);
    const shown = operation.endsWith('WithPin') ? RETRIES : 0;
    expect(ours.withOpening[operation], `${operation} with opening`).toBeLessThanOrEqual(theirs[operation] + shown);
  }
});
