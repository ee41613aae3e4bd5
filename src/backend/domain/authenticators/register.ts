/** Enrolling a security key, from a browser session or from a paired desktop (WebAuthn Level 3, 7.1). */
import { DoorstepError, type ErrorCode } from '../../../contract/errors.ts';
import type { Authenticator } from '../../../contract/http/shapes.ts';
import type { CreationOptionsJson } from '../../../contract/tokens.ts';
import { type Asker, actorOf } from '../ceremonies/asker.ts';
import { openCeremony, requireCeremony } from '../ceremonies/open-ceremony.ts';
import { creationOptions } from '../ceremonies/options.ts';
import type { Caller, Domain } from '../domain.ts';
import type { AuthenticatorRecord, CeremonyRecord } from '../model.ts';
import type { Question } from '../sessions/second-step.ts';
import { newSessionToken } from '../sessions/token.ts';
import { shownText } from '../shown-text.ts';
import type { Transaction } from '../stores.ts';
import { authenticatorView, LONGEST_NAME } from '../views.ts';
import type { NewCredential, RegistrationAnswer } from '../webauthn.ts';
import { addWay } from './add-way.ts';
import { newAuthenticator } from './new-authenticator.ts';

export async function beginRegistration(domain: Domain, asker: Asker): Promise<Question<CreationOptionsJson>> {
  const keys = await domain.store.read.authenticators.listOf(asker.person.id);
  const ceremony = await openCeremony(domain, asker, { purpose: 'register', challengeId: null, userVerification: 'preferred' });
  return { ceremony, options: creationOptions(domain, ceremony, asker.person, keys) };
}

export interface FinishedRegistration {
  readonly authenticator: Authenticator;
  /** New bearer token where the first key made the session full; else null. */
  readonly token: string | null;
}

/**
 * Throws `ceremony.ended`, `webauthn.failed`, `attestation.refused`, `authenticator.already-enrolled`, and
 * `session.second-step-missing` where another first key came before this one.
 */
export async function finishRegistration(
  domain: Domain,
  caller: Caller,
  asker: Asker,
  answer: { ceremonyId: string; name: string; credential: RegistrationAnswer },
): Promise<FinishedRegistration> {
  const ceremony = await requireCeremony(domain, asker, { id: answer.ceremonyId, purpose: 'register' });
  const verdict = await domain.webauthn.checkRegistration(answer.credential, {
    question: ceremony.question,
    userVerification: ceremony.userVerification,
  });
  if (!verdict.ok) {
    const facts = 'status' in verdict ? { refusal: verdict.refusal, status: verdict.status } : { refusal: verdict.refusal };
    return refuse(domain, caller, asker, { ceremony, code: verdict.code, facts });
  }
  const token = asker.kind === 'session' && asker.session.state === 'enrolling' ? newSessionToken(domain.clock.now()) : null;
  const added = newKey(domain, caller, asker, { name: answer.name, credential: verdict.credential });
  const outcome = await domain.store.transaction((tx) =>
    enroll(domain, tx, caller, { asker, ceremony, added, token, credential: verdict.credential }),
  );
  if (typeof outcome === 'string') throw new DoorstepError(outcome);
  return { authenticator: authenticatorView(outcome), token };
}

function newKey(
  domain: Domain,
  caller: Caller,
  asker: Asker,
  { name, credential }: { name: string; credential: NewCredential },
): AuthenticatorRecord {
  return newAuthenticator(
    {
      personId: asker.person.id,
      kind: 'security-key',
      name: shownText(name, LONGEST_NAME) || 'Key',
      addedAt: domain.clock.now(),
      addedFrom: caller.source,
    },
    {
      credentialId: credential.credentialId,
      publicKey: credential.publicKey,
      counter: credential.counter,
      transports: credential.transports,
      aaguid: credential.aaguid,
      attestation: credential.attestation,
      model: credential.model,
      backupEligible: credential.backupEligible,
      backedUp: credential.backedUp,
    },
  );
}

interface Enrollment {
  readonly asker: Asker;
  readonly ceremony: CeremonyRecord;
  readonly added: AuthenticatorRecord;
  readonly credential: NewCredential;
  readonly token: string | null;
}

async function enroll(
  domain: Domain,
  tx: Transaction,
  caller: Caller,
  { asker, ceremony, added, credential, token }: Enrollment,
): Promise<AuthenticatorRecord | ErrorCode> {
  const now = domain.clock.now();
  if (!(await tx.ceremonies.consume(ceremony.id, now))) return 'ceremony.ended';
  const way = await addWay(domain, tx, asker, { added, token });
  if (way === 'taken') {
    await auditRefusal(domain, tx, caller, asker, { ceremony, code: 'authenticator.already-enrolled', facts: {} });
    return 'authenticator.already-enrolled';
  }
  if (typeof way === 'string') return way;
  const { record, isFirst } = way;
  await tx.audit.append(
    {
      event: 'authenticator.added',
      outcome: 'done',
      actor: actorOf(asker),
      personId: asker.person.id,
      subjectId: record.id,
      source: caller.source,
      reason: null,
      facts: {
        kind: record.kind,
        aaguid: record.aaguid,
        attestation: record.attestation,
        model: record.model,
        userVerified: credential.userVerified,
        first: isFirst,
      },
    },
    now,
  );
  return record;
}

interface RefusedRegistration {
  readonly ceremony: CeremonyRecord;
  readonly code: ErrorCode;
  readonly facts: Readonly<Record<string, string>>;
}

async function refuse(domain: Domain, caller: Caller, asker: Asker, refused: RefusedRegistration): Promise<never> {
  await domain.store.transaction(async (tx) => {
    if (!(await tx.ceremonies.consume(refused.ceremony.id, domain.clock.now()))) return;
    await auditRefusal(domain, tx, caller, asker, refused);
  });
  throw new DoorstepError(refused.code);
}

async function auditRefusal(domain: Domain, tx: Transaction, caller: Caller, asker: Asker, refused: RefusedRegistration): Promise<void> {
  await tx.audit.append(
    {
      event: 'authenticator.added',
      outcome: 'refused',
      actor: actorOf(asker),
      personId: asker.person.id,
      subjectId: null,
      source: caller.source,
      reason: refused.code,
      facts: refused.facts,
    },
    domain.clock.now(),
  );
}
