/**
 * Two holders of one key: a home folder that was restored from a copy, or a stolen key. Each greeting of a desktop gives it
 * a new generation, which it shows from then on. Once a generation has been shown, all that were given beside it and the
 * one before are dead: whoever shows a dead one holds a copy.
 *
 * The one before stays good until then, so that a crash between the answer and its writing loses nothing, and several
 * may be given before one is shown, so that a greeting whose answer got lost does no harm.
 *
 * A generation proves by itself that this installation gave it, and how late: one more than the one that was shown when it
 * was given. A desktop whose proven generation is ahead of ours is no copy: we are behind, restored from a backup. It is
 * followed, and from then on all that are not ahead of it are dead. Of two holders one sooner or later shows one that is
 * not, because each gets its next from what we know.
 */
import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import { DEVICE_SIGNATURE_WINDOW } from '../../../contract/http/device-signature.ts';
import type { Domain } from '../domain.ts';
import { installationSecret } from '../installation-secret.ts';
import type { AuthenticatorRecord } from '../model.ts';

/** What was on its way when the generation changed is refused, but is no sign of a copy. */
const ON_ITS_WAY = 10_000;
const CLOCKS_APART = 2_000;

/** 128 bits in all: how late, chance that tells apart what was given at one time, and the proof. Who guesses at it guesses once. */
const SEQUENCE = 4;
const NAMED = 8;
const PROOF = 8;

/** Makes the generations of this installation, and knows them again. */
export interface GenerationMint {
  /** A new one for the desktop as it is. */
  next(device: Pick<AuthenticatorRecord, 'id' | 'generation'>): string;
  /** How late it was given to this desktop; 0: before the first greeting, or not by this installation. */
  sequenceOf(deviceId: string, generation: string | null): number;
}

/** Its secret is in every backup that knows a desktop, because the pairing asks for it. */
export async function generationMint({ store, seeds }: Domain): Promise<GenerationMint> {
  return mintWith(await installationSecret(store, seeds, 'device-generation-secret'));
}

export function mintWith(secret: Uint8Array): GenerationMint {
  const prove = (deviceId: string, named: Uint8Array): Buffer =>
    createHmac('sha256', secret).update(`${deviceId}\n`).update(named).digest().subarray(0, PROOF);
  const sequenceOf = (deviceId: string, generation: string | null): number => {
    const bytes = Buffer.from(generation ?? '', 'base64url');
    if (bytes.length !== NAMED + PROOF) return 0;
    const named = bytes.subarray(0, NAMED);
    return timingSafeEqual(prove(deviceId, named), bytes.subarray(NAMED)) ? named.readUInt32BE() : 0;
  };
  return {
    sequenceOf,
    next({ id, generation }) {
      const named = Buffer.concat([Buffer.alloc(SEQUENCE), randomBytes(NAMED - SEQUENCE)]);
      named.writeUInt32BE(sequenceOf(id, generation) + 1);
      return Buffer.concat([named, prove(id, named)]).toString('base64url');
    },
  };
}

export type Shown = 'current' | 'next' | 'ahead' | 'late' | 'copied';

/** `signedAt`: milliseconds since 1970, by the desktop's own clock. */
export function judgeGeneration(
  mint: GenerationMint,
  device: AuthenticatorRecord,
  { generation: shown, signedAt }: { generation: string | null; signedAt: number },
  now: number,
): Shown {
  if (shown === device.generation) return 'current';
  if (shown !== null && device.nextGenerations?.split(' ').includes(shown) === true) return 'next';
  const left = device.generationAt;
  if (shown === device.lastGeneration && left !== null && now - left < DEVICE_SIGNATURE_WINDOW * 1_000) {
    if (signedAt <= left + CLOCKS_APART || now - left < ON_ITS_WAY) return 'late';
  }
  return mint.sequenceOf(device.id, shown) > mint.sequenceOf(device.id, device.generation) ? 'ahead' : 'copied';
}
