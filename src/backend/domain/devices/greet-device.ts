import { DoorstepError } from '../../../contract/errors.ts';
import type { DeviceWelcome } from '../../../contract/http/sync.ts';
import type { Caller, Domain } from '../domain.ts';
import { newId } from '../identifiers.ts';
import { admitted, type CurrentDevice } from './device-request.ts';
import { deviceSnapshot } from './snapshot.ts';

/** A desktop connects: a new generation to show from now on, and all that it shows. Throws as `admitRequest` does. */
export async function greetDevice(domain: Domain, caller: Caller, current: CurrentDevice): Promise<DeviceWelcome> {
  const generation = newId();
  await admitted(domain, caller, current, async (tx) =>
    (await tx.authenticators.offerGeneration(current.device.id, generation))
      ? { value: null }
      : { refused: new DoorstepError('device.unknown') },
  );
  return { generation, snapshot: await deviceSnapshot(domain, current) };
}
