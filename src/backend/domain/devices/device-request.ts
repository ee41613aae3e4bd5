/** Who a signed request comes from, and that it comes for the first time. The signature itself is the HTTP room's work. */
import { DoorstepError, type ErrorCode } from '../../../contract/errors.ts';
import { DEVICE_SIGNATURE_WINDOW } from '../../../contract/http/device-signature.ts';
import { SECOND } from '../clock.ts';
import type { Caller, Domain } from '../domain.ts';
import { newId } from '../identifiers.ts';
import type { AuthenticatorRecord, PersonRecord } from '../model.ts';
import { personChanged } from '../people/person-changed.ts';
import type { Transaction } from '../stores.ts';
import { auditDevice } from './audit-device.ts';
import { type GenerationMint, generationMint, judgeGeneration } from './generation.ts';

/** What the signature on a request says, beyond what it is about. */
export interface SignedClaims {
  /** Good once. */
  readonly nonce: string;
  readonly generation: string | null;
  /** Milliseconds since 1970, by the desktop's clock. */
  readonly signedAt: number;
}

export interface CurrentDevice {
  readonly device: AuthenticatorRecord;
  readonly person: PersonRecord;
  readonly signed: SignedClaims;
}

/** How far apart the marks of use are kept. */
const TOUCH_EVERY = 60_000;

/** A desktop that was paired once, whatever has become of it. Throws `device.unknown`. */
export async function knownDevice(domain: Domain, id: string): Promise<AuthenticatorRecord> {
  const device = await domain.store.read.authenticators.byId(id);
  if (device === null || device.kind !== 'desktop' || device.deviceKey === null) throw new DoorstepError('device.unknown', { device: id });
  return device;
}

/**
 * The person of a desktop that may go on. Throws `device.removed` with how much it is to forget (`wipe`), `device.copied`,
 * `authenticator.suspended`, or `person.disabled` where the account is closed: it may be opened again, so nothing is to be
 * forgotten for it.
 */
export async function personOfDevice(domain: Domain, device: AuthenticatorRecord): Promise<PersonRecord> {
  const ended = endOf(device);
  if (ended !== null) throw ended;
  const person = await domain.store.read.people.byId(device.personId);
  if (person === null) throw new DoorstepError('device.unknown', { device: device.id });
  if (person.disabledAt !== null) throw new DoorstepError('person.disabled');
  return person;
}

/** The desktop as it is now. Throws `device.removed` and so on where it may not go on. */
export async function requireActive(tx: Transaction, id: string): Promise<AuthenticatorRecord> {
  const device = await tx.authenticators.byId(id);
  const ended = device === null ? new DoorstepError('device.unknown', { device: id }) : endOf(device);
  if (device === null || ended !== null) throw ended;
  return device;
}

function endOf(device: AuthenticatorRecord): DoorstepError | null {
  if (device.state === 'active') return null;
  const about = { device: device.id };
  if (device.state === 'removed') return new DoorstepError('device.removed', { ...about, wipe: device.removedWipe ?? 'doorstep' });
  return device.suspendedBecause === 'copied' ? new DoorstepError('device.copied', about) : new DoorstepError('authenticator.suspended');
}

/** Remembers the nonce of a signed request for as long as its signature could be good. Throws `device.request-replayed`. */
export async function refuseReplay(domain: Domain, tx: Transaction, signer: string, nonce: string): Promise<void> {
  const expiresAt = domain.clock.now() + 2 * DEVICE_SIGNATURE_WINDOW * SECOND;
  if (!(await tx.replays.remember(`${signer}:${nonce}`, expiresAt))) throw new DoorstepError('device.request-replayed');
}

export type Admission = 'admitted' | 'device.copied';

/**
 * Lets a signed request in, in the transaction of what it does, so that both cost one write: its nonce is used up, the
 * generation that it shows is taken, and the desktop marked as used. Throws `device.request-replayed`, also for a request
 * that was on its way when the generation changed. 'device.copied' is to be thrown after the transaction has been kept:
 * the desktop is suspended by then, and the desk told.
 */
async function admitRequest(
  domain: Domain,
  tx: Transaction,
  caller: Caller,
  current: CurrentDevice,
  mint: GenerationMint,
): Promise<Admission> {
  const { device, signed } = current;
  const now = domain.clock.now();
  await refuseReplay(domain, tx, device.id, signed.nonce);
  const known = await requireActive(tx, device.id);
  let shown = judgeGeneration(mint, known, signed, now);
  if ((shown === 'next' || shown === 'ahead') && signed.generation !== null) {
    const taken = await tx.authenticators.takeGeneration(device.id, { from: known.generation, to: signed.generation, at: now });
    if (taken && shown === 'ahead') await auditAhead(domain, tx, caller, current, mint, known);
    // Not taken: another request of the same desktop has shown it at this moment.
    shown = taken ? 'current' : judgeGeneration(mint, await requireActive(tx, device.id), signed, now);
  }
  if (shown === 'copied') {
    await suspendCopy(domain, tx, caller, current);
    return 'device.copied';
  }
  if (shown !== 'current') throw new DoorstepError('device.request-replayed');
  if (device.lastUsedAt === null || now - device.lastUsedAt >= TOUCH_EVERY) await tx.authenticators.touch(device.id, now, caller.source);
  return 'admitted';
}

/** The database was restored from a backup: whoever runs it should know, because removals since then are undone too. */
async function auditAhead(
  domain: Domain,
  tx: Transaction,
  caller: Caller,
  { device, person, signed }: CurrentDevice,
  mint: GenerationMint,
  known: AuthenticatorRecord,
): Promise<void> {
  const facts = { known: mint.sequenceOf(device.id, known.generation), shown: mint.sequenceOf(device.id, signed.generation) };
  await auditDevice(tx, caller, { device, person }, { event: 'device.ahead', facts }, domain.clock.now());
}

/** Both holders are shut out: nobody can tell which of them is the person's. */
async function suspendCopy(domain: Domain, tx: Transaction, caller: Caller, { device, person }: CurrentDevice): Promise<void> {
  const now = domain.clock.now();
  if (!(await tx.authenticators.suspend(device.id, 'copied'))) return;
  await tx.sessions.removeShownWith(device.id, null);
  await suspendHeld(domain, tx, caller, { device, person });
  const facts = { lastUsedFrom: device.lastUsedFrom };
  await tx.reports.insert({
    id: newId(),
    kind: 'copied',
    personId: person.id,
    subjectId: device.id,
    source: caller.source,
    facts,
    at: now,
    closedAt: null,
  });
  await personChanged(tx, person.id);
  await auditDevice(tx, caller, { device, person }, { event: 'device.copied', facts }, now);
}

/** Whoever has the copy has the seeds of the codes that this desktop gives too. */
async function suspendHeld(
  domain: Domain,
  tx: Transaction,
  caller: Caller,
  { device, person }: Pick<CurrentDevice, 'device' | 'person'>,
): Promise<void> {
  for (const { id, kind, heldBy } of await tx.authenticators.listOf(person.id)) {
    if (heldBy !== device.id || !(await tx.authenticators.suspend(id, 'copied'))) continue;
    await tx.sessions.removeShownWith(id, null);
    await tx.audit.append(
      {
        event: 'authenticator.suspended',
        outcome: 'done',
        actor: { kind: 'system', id: null },
        personId: person.id,
        subjectId: id,
        source: caller.source,
        reason: 'device.copied',
        facts: { kind, because: 'copied', with: device.id },
      },
      domain.clock.now(),
    );
  }
}

/** Does `work` for an admitted request, in one transaction; an error code that it answers is thrown after that was kept. */
export async function admitted<T>(
  domain: Domain,
  caller: Caller,
  current: CurrentDevice,
  work: (tx: Transaction) => Promise<{ readonly refused: DoorstepError } | { readonly value: T }>,
): Promise<T> {
  const mint = await generationMint(domain);
  const outcome = await domain.store.transaction(async (tx) => {
    const admission = await admitRequest(domain, tx, caller, current, mint);
    return admission === 'admitted'
      ? work(tx)
      : { refused: new DoorstepError(admission satisfies ErrorCode, { device: current.device.id }) };
  });
  if ('refused' in outcome) throw outcome.refused;
  return outcome.value;
}
