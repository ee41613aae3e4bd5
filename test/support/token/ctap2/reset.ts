import type { CborMap } from '../cbor.ts';
import { freshState } from '../state.ts';
import { Status, StatusError } from '../status.ts';
import type { Body } from './body.ts';

/** authenticatorReset (CTAP 2.1, 6.6): soon after power-up alone, and with a touch. The attestation key stays. */
export async function reset(body: Body, _request: CborMap, signal: AbortSignal): Promise<null> {
  if (body.clock.now() - body.poweredAt > body.profile.timings.resetWindow) throw new StatusError(Status.NOT_ALLOWED);
  await body.touch(signal);
  body.state = freshState(body.profile, body.state.attestation);
  body.pinMismatches = 0;
  body.largeBlobWrite = null;
  body.enrollment = null;
  body.resetPinUvAuthTokens();
  body.save();
  return null;
}
