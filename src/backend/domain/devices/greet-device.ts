import { DoorstepError } from '../../../contract/errors.ts';
import type { DeviceWelcome } from '../../../contract/http/sync.ts';
import type { Caller, Domain } from '../domain.ts';
import { backendKey, proveWelcome } from './backend-word.ts';
import { admitted, type CurrentDevice, requireActive } from './device-request.ts';
import { generationMint } from './generation.ts';
import { deviceSnapshot } from './snapshot.ts';

/** A desktop connects: a new generation to show from now on, and all that it shows. Throws as `admitRequest` does. */
export async function greetDevice(domain: Domain, caller: Caller, current: CurrentDevice): Promise<DeviceWelcome> {
  const mint = await generationMint(domain);
  const generation = await admitted(domain, caller, current, async (tx) => {
    const next = mint.next(await requireActive(tx, current.device.id));
    // Removed or stopped at this moment: the next greeting hears which of the two.
    if (!(await tx.authenticators.offerGeneration(current.device.id, next))) throw new DoorstepError('device.request-replayed');
    return { value: next };
  });
  const statement = await proveWelcome(domain, { sub: current.device.id, after: current.signed.generation, generation });
  return { generation, snapshot: await deviceSnapshot(domain, current), backendKey: await backendKey(domain), statement };
}
