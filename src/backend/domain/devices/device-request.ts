/** Who a signed request comes from, and that it comes for the first time. The signature itself is the HTTP room's work. */
import { DoorstepError } from '../../../contract/errors.ts';
import { DEVICE_SIGNATURE_WINDOW } from '../../../contract/http/device-signature.ts';
import type { Caller, Domain } from '../domain.ts';
import type { AuthenticatorRecord, PersonRecord } from '../model.ts';

export interface CurrentDevice {
  readonly device: AuthenticatorRecord;
  readonly person: PersonRecord;
}

/** How far apart the marks of use are kept. */
const TOUCH_EVERY = 60_000;

/** The paired desktop `id`. Throws `device.unknown` where it was removed, or where the account is closed. */
export async function requireDevice(domain: Domain, id: string): Promise<CurrentDevice> {
  const device = await domain.store.read.authenticators.byId(id);
  if (device === null || device.kind !== 'desktop' || device.state !== 'active') throw new DoorstepError('device.unknown');
  const person = await domain.store.read.people.byId(device.personId);
  if (person === null || person.disabledAt !== null) throw new DoorstepError('device.unknown');
  return { device, person };
}

/** Remembers the nonce of a signed request for as long as its signature could be good. Throws `device.request-replayed`. */
export async function refuseReplay(domain: Domain, signer: string, nonce: string): Promise<void> {
  const expiresAt = domain.clock.now() + 2 * DEVICE_SIGNATURE_WINDOW * 1_000;
  const fresh = await domain.store.transaction((tx) => tx.replays.remember(`${signer}:${nonce}`, expiresAt));
  if (!fresh) throw new DoorstepError('device.request-replayed');
}

export async function touchDevice(domain: Domain, caller: Caller, { device }: CurrentDevice): Promise<void> {
  const now = domain.clock.now();
  if (device.lastUsedAt !== null && now - device.lastUsedAt < TOUCH_EVERY) return;
  await domain.store.transaction((tx) => tx.authenticators.touch(device.id, now, caller.source));
}
