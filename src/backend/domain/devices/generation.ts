/**
 * Two holders of one key: a home folder that was restored from a copy, or a stolen key. Each greeting of a desktop gives it
 * a new generation, which it shows from then on. Once a generation has been shown, all that were given beside it and the
 * one before are dead: whoever shows a dead one holds a copy.
 *
 * The one before stays good until then, so that a crash between the answer and its writing loses nothing, and several
 * may be given before one is shown, so that a greeting whose answer got lost does no harm.
 */
import { DEVICE_SIGNATURE_WINDOW } from '../../../contract/http/device-signature.ts';
import type { AuthenticatorRecord } from '../model.ts';

/** What was on its way when the generation changed is refused, but is no sign of a copy. */
const ON_ITS_WAY = 10_000;
const CLOCKS_APART = 2_000;

export type Shown = 'current' | 'next' | 'late' | 'copied';

/** `signedAt`: milliseconds since 1970, by the desktop's own clock. */
export function judgeGeneration(device: AuthenticatorRecord, shown: string | null, signedAt: number, now: number): Shown {
  if (shown === device.generation) return 'current';
  if (shown !== null && (device.nextGenerations ?? '').split(' ').includes(shown)) return 'next';
  const left = device.generationAt;
  if (shown === device.lastGeneration && left !== null && now - left < DEVICE_SIGNATURE_WINDOW * 1_000) {
    if (signedAt <= left + CLOCKS_APART || now - left < ON_ITS_WAY) return 'late';
  }
  return 'copied';
}
