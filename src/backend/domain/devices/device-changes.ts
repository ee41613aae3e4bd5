/** What was changed at a desktop, perhaps long ago and offline, brought together with what was changed elsewhere. */
import type { ChangeResult, ChangeResults, DeviceChange } from '../../../contract/http/sync.ts';
import { applyChange } from '../authenticators/change.ts';
import { applyRemoval } from '../authenticators/remove.ts';
import type { Asker } from '../ceremonies/asker.ts';
import type { Caller, Domain } from '../domain.ts';
import type { Transaction } from '../stores.ts';
import { admitted, type CurrentDevice, requireActive } from './device-request.ts';
import { deviceSnapshot } from './snapshot.ts';

/**
 * Does each change once, in the order in which they come; a key that was seen before is answered as it was then. All of
 * them are kept, or none.
 */
export async function applyDeviceChanges(
  domain: Domain,
  caller: Caller,
  current: CurrentDevice,
  changes: readonly DeviceChange[],
): Promise<ChangeResults> {
  const results = await admitted<ChangeResult[]>(domain, caller, current, async (tx) => {
    // Two desktops that come back at the same moment are taken one after the other.
    await tx.authenticators.lockWaysOf(current.person.id);
    await requireActive(tx, current.device.id);
    const done: ChangeResult[] = [];
    for (const change of changes) done.push(await once(domain, tx, caller, current, change));
    return { value: done };
  });
  return { results, snapshot: await deviceSnapshot(domain, current) };
}

async function once(domain: Domain, tx: Transaction, caller: Caller, current: CurrentDevice, change: DeviceChange): Promise<ChangeResult> {
  const known = await tx.deviceChanges.byKey(current.device.id, change.key);
  if (known !== null) return { key: known.key, outcome: known.outcome, code: known.code };
  const result = { key: change.key, ...(await apply(domain, tx, caller, current, change)) };
  await tx.deviceChanges.insert({ ...result, deviceId: current.device.id, at: domain.clock.now() });
  return result;
}

async function apply(
  domain: Domain,
  tx: Transaction,
  caller: Caller,
  { device, person }: CurrentDevice,
  { authenticatorId: id, madeAt, change }: DeviceChange,
): Promise<Omit<ChangeResult, 'key'>> {
  const asker: Asker = { kind: 'device', device, person };
  if (change.kind === 'remove') return remove(domain, tx, caller, asker, id);
  const now = domain.clock.now();
  const made = Date.parse(madeAt);
  // Nobody changes anything in the future: a clock that is ahead would win for ever.
  const at = Number.isNaN(made) ? now : Math.min(made, now);
  const what = change.kind === 'rename' ? { name: change.name } : { preferred: true as const };
  const changed = await applyChange(domain, tx, caller, asker, { id, ...what, at });
  return { outcome: changed.outcome, code: changed.outcome === 'refused' ? changed.code : null };
}

/** A removal wins over everything, however old it is. */
async function remove(domain: Domain, tx: Transaction, caller: Caller, asker: Asker, id: string): Promise<Omit<ChangeResult, 'key'>> {
  const code = await applyRemoval(domain, tx, caller, asker, { id });
  if (code === null) return { outcome: 'done', code: null };
  const target = code === 'authenticator.not-found' ? await tx.authenticators.byId(id) : null;
  const gone = target?.personId === asker.person.id && target.state === 'removed';
  return gone ? { outcome: 'gone', code: null } : { outcome: 'refused', code };
}
