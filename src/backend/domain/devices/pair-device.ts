import { DoorstepError } from '../../../contract/errors.ts';
import type { PairedDevice } from '../../../contract/http/shapes.ts';
import { newAuthenticator } from '../authenticators/new-authenticator.ts';
import type { Caller, Domain } from '../domain.ts';
import { type AttemptKey, guardTry, sourceKey } from '../limits.ts';
import type { AuthenticatorRecord, PersonRecord } from '../model.ts';
import { personChanged } from '../people/person-changed.ts';
import { shownText } from '../shown-text.ts';
import type { Transaction } from '../stores.ts';
import { LONGEST_NAME, personView } from '../views.ts';
import { auditDevice } from './audit-device.ts';
import { backendKey } from './backend-word.ts';
import { refuseReplay } from './device-request.ts';
import { generationMint } from './generation.ts';
import { hashPairingCode, readPairingCode } from './pairing-code.ts';

export interface PairDeviceInput {
  readonly code: string;
  readonly name: string;
  readonly platform: string;
  /** Public key of the desktop; that it holds the private one has been proved by its signature on this request. */
  readonly publicKey: { readonly x: string; readonly y: string };
  /** Of the signed request, good once. */
  readonly nonce: string;
}

/**
 * Connects a desktop to the person whose code was typed. Throws `pairing.code-wrong`, `device.request-replayed`,
 * `request.rate-limited`, `request.busy`, and `device.copied` where it brings a key that was used from a copy.
 */
export async function pairDevice(domain: Domain, caller: Caller, input: PairDeviceInput): Promise<PairedDevice> {
  const limit: AttemptKey = { key: `pairing:source:${sourceKey(caller.source)}`, limit: domain.policy.limits.pairingPerSource };
  await guardTry(domain, [limit]);
  // Only after the limit: anyone can sign with a key of their own, and each nonce takes room in the store.
  await domain.store.transaction((tx) => refuseReplay(domain, tx, input.publicKey.x, input.nonce));
  const code = readPairingCode(input.code);
  if (code === null) return refuse(domain, caller);
  const codeHash = await hashPairingCode(domain, code);
  // Whatever backup has this desktop knows its generations again, and speaks with the key that it knows.
  await generationMint(domain);
  const key = await backendKey(domain);
  const paired = await domain.store.transaction(async (tx) => {
    const now = domain.clock.now();
    const used = await tx.pairing.use(codeHash, now);
    const person = used === null ? null : await tx.people.byId(used.personId);
    if (person === null || person.disabledAt !== null) return null;
    const device = newDevice(person, caller, input, now);
    await tx.authenticators.lockWaysOf(person.id);
    const replaced = await replaceEarlier(tx, person, input, now);
    await tx.authenticators.insert(device);
    for (const id of replaced) await tx.authenticators.handOver(id, device.id);
    await tx.attempts.clear(limit.key);
    await personChanged(tx, person.id);
    const facts = { kind: device.kind, platform: device.platform };
    await auditDevice(tx, caller, { device, person }, { event: 'authenticator.added', facts }, now);
    return { deviceId: device.id, person: personView(person), organization: domain.organization, backendKey: key };
  });
  return paired ?? refuse(domain, caller);
}

/** A desktop that has kept its key and forgot its pairing takes the place of what it was. Answers the ids that it had. */
async function replaceEarlier(
  tx: Transaction,
  person: PersonRecord,
  { publicKey }: PairDeviceInput,
  now: number,
): Promise<readonly string[]> {
  const replaced: string[] = [];
  for (const { id, deviceKey, state } of await tx.authenticators.listOf(person.id)) {
    if (deviceKey?.x !== publicKey.x || deviceKey.y !== publicKey.y) continue;
    // Whoever has the copy could go on with it.
    if (state !== 'active') throw new DoorstepError('device.copied');
    await tx.authenticators.remove(id, now, 'doorstep');
    await tx.sessions.removeShownWith(id, null);
    replaced.push(id);
  }
  return replaced;
}

function newDevice(person: PersonRecord, caller: Caller, input: PairDeviceInput, now: number): AuthenticatorRecord {
  return newAuthenticator(
    {
      personId: person.id,
      kind: 'desktop',
      name: shownText(input.name, LONGEST_NAME) || 'Computer',
      addedAt: now,
      addedFrom: caller.source,
    },
    { lastUsedAt: now, lastUsedFrom: caller.source, deviceKey: input.publicKey, platform: input.platform },
  );
}

async function refuse(domain: Domain, caller: Caller): Promise<never> {
  await domain.store.transaction((tx) =>
    tx.audit.append(
      {
        event: 'pairing.refused',
        outcome: 'refused',
        actor: { kind: 'anonymous', id: null },
        personId: null,
        subjectId: null,
        source: caller.source,
        reason: 'pairing.code-wrong',
        facts: {},
      },
      domain.clock.now(),
    ),
  );
  throw new DoorstepError('pairing.code-wrong');
}
