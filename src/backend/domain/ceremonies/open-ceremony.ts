import { DoorstepError } from '../../../contract/errors.ts';
import type { Domain } from '../domain.ts';
import { newId, newSecret } from '../identifiers.ts';
import type { CeremonyPurpose, CeremonyRecord, UserVerification } from '../model.ts';
import { type Asker, askedAt } from './asker.ts';

export interface CeremonyRequest {
  readonly purpose: CeremonyPurpose;
  readonly challengeId: string | null;
  readonly userVerification: UserVerification;
}

/** A new question, bound to person, place and purpose. Any earlier open one of the same purpose at the same place ends. */
export async function openCeremony(domain: Domain, asker: Asker, request: CeremonyRequest): Promise<CeremonyRecord> {
  const now = domain.clock.now();
  const ceremony: CeremonyRecord = {
    id: newId(),
    question: newSecret(),
    ...request,
    personId: asker.person.id,
    ...askedAt(asker),
    createdAt: now,
    expiresAt: now + domain.policy.ceremonyLife,
    consumedAt: null,
  };
  await domain.store.transaction((tx) => tx.ceremonies.insert(ceremony));
  return ceremony;
}

/**
 * The open question `id`, if it was asked here, of this person and for this purpose; else `ceremony.ended`: whoever
 * brings the answer of another place learns nothing about that one. `challengeId` undefined: whichever.
 */
export async function requireCeremony(
  domain: Domain,
  asker: Asker,
  wanted: { id: string; purpose: CeremonyPurpose; challengeId?: string | null },
): Promise<CeremonyRecord> {
  const ceremony = await domain.store.read.ceremonies.byId(wanted.id);
  const place = askedAt(asker);
  if (
    ceremony === null ||
    ceremony.purpose !== wanted.purpose ||
    ceremony.personId !== asker.person.id ||
    ceremony.sessionId !== place.sessionId ||
    ceremony.deviceId !== place.deviceId ||
    (wanted.challengeId !== undefined && ceremony.challengeId !== wanted.challengeId) ||
    ceremony.consumedAt !== null ||
    ceremony.expiresAt <= domain.clock.now()
  ) {
    throw new DoorstepError('ceremony.ended');
  }
  return ceremony;
}
