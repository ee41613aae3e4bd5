/** Enrolling a source of codes, from a browser session or a paired desktop: the seed first, then one code that proves it. */
import { randomBytes } from 'node:crypto';
import { DoorstepError, type ErrorCode } from '../../../contract/errors.ts';
import type { CodeEnrollment } from '../../../contract/http/codes.ts';
import type { Authenticator, CodeForm } from '../../../contract/http/shapes.ts';
import { encodeBase32 } from '../../../oath/base32.ts';
import { hmacKey } from '../../../oath/hmac.ts';
import { buildOtpauth } from '../../../oath/otpauth.ts';
import { searchNear } from '../../../oath/search.ts';
import { stepAt } from '../../../oath/totp.ts';
import { normalizeTypedCode } from '../../../oath/typed-code.ts';
import { addWay } from '../authenticators/add-way.ts';
import { newAuthenticator } from '../authenticators/new-authenticator.ts';
import { type Asker, actorOf, askedAt } from '../ceremonies/asker.ts';
import { instant } from '../clock.ts';
import type { Caller, Domain } from '../domain.ts';
import { newId } from '../identifiers.ts';
import { newSessionToken } from '../sessions/token.ts';
import { shownText } from '../shown-text.ts';
import type { Tables, Transaction } from '../stores.ts';
import { authenticatorView, LONGEST_NAME } from '../views.ts';
import { driftAt } from './look.ts';
import type { CodeEnrollmentRecord } from './model.ts';
import { requireCodes } from './settle.ts';

/** Bytes of a new seed: as long as the hash (RFC 4226, 4 R6; RFC 6238, 5.1). */
const SEED_LENGTH = { SHA1: 20, SHA256: 32, SHA512: 64 } as const;
const MOST_TRIES = 20;

export interface WantedCodes {
  readonly kind?: 'totp' | 'hotp';
  readonly form?: CodeForm;
}

/**
 * A new seed. Nothing is open with it before one code is proved; an earlier unproved one of the same place ends. Throws
 * `code.not-used`, `authenticator.too-many`, and `request.malformed` for a form that its kind cannot have.
 */
export async function beginCodeEnrollment(domain: Domain, caller: Caller, asker: Asker, wanted: WantedCodes): Promise<CodeEnrollment> {
  requireCodes(domain);
  const kind = wanted.kind ?? 'totp';
  const form = wanted.form ?? { algorithm: 'SHA1', digits: 6, period: kind === 'totp' ? 30 : null };
  // A clock's codes have a period, a counter's have none.
  if ((form.period === null) !== (kind === 'hotp')) throw new DoorstepError('request.malformed', { where: 'form.period' });
  if (await hasMost(domain, domain.store.read, asker)) throw new DoorstepError('authenticator.too-many');
  const now = domain.clock.now();
  const seed = randomBytes(SEED_LENGTH[form.algorithm]);
  const id = newId();
  const enrollment: CodeEnrollmentRecord = {
    id,
    personId: asker.person.id,
    ...askedAt(asker),
    kind,
    ...form,
    ...domain.seeds.seal(seed, id),
    tries: 0,
    createdAt: now,
    expiresAt: now + domain.policy.codes.enrollmentLife,
  };
  await domain.store.transaction(async (tx) => {
    await tx.codeEnrollments.insert(enrollment);
    await tx.audit.append(
      {
        event: 'code.enrollment-begun',
        outcome: 'done',
        actor: actorOf(asker),
        personId: asker.person.id,
        subjectId: id,
        source: caller.source,
        reason: null,
        facts: { kind, algorithm: form.algorithm, digits: form.digits, period: form.period },
      },
      now,
    );
  });
  const { name: issuer } = domain.organization;
  const link = buildOtpauth({ kind, issuer, account: asker.person.username, key: seed, ...form, counter: kind === 'hotp' ? 0 : null });
  return { enrollmentId: id, kind, form, secret: encodeBase32(seed), link, expiresAt: instant(enrollment.expiresAt) };
}

/** Each source of codes makes a guess more likely to be right. */
async function hasMost(domain: Domain, tables: Tables, { person }: Asker): Promise<boolean> {
  const known = await tables.authenticators.listOf(person.id);
  return known.filter(({ codeForm }) => codeForm !== null).length >= domain.policy.codes.mostPerPerson;
}

export interface FinishedCodeEnrollment {
  readonly authenticator: Authenticator;
  /** New bearer token where this first way made the session full; else null. */
  readonly token: string | null;
}

/** Throws `ceremony.ended`, `code.wrong`, `authenticator.too-many`, and `session.second-step-missing` where another first way came before this one. */
export async function finishCodeEnrollment(
  domain: Domain,
  caller: Caller,
  asker: Asker,
  answer: { enrollmentId: string; code: string; name: string },
): Promise<FinishedCodeEnrollment> {
  requireCodes(domain);
  const enrollment = await requireEnrollment(domain, asker, answer.enrollmentId);
  const position = provedPosition(domain, enrollment, answer.code);
  const token = asker.kind === 'session' && asker.session.state === 'enrolling' ? newSessionToken(domain.clock.now()) : null;
  const outcome = await domain.store.transaction(async (tx) => {
    if (!(await tx.codeEnrollments.count(enrollment.id, domain.clock.now(), MOST_TRIES))) return 'ceremony.ended';
    if (position === null) {
      await audit(domain, tx, caller, asker, { enrollment, reason: 'code.wrong' });
      return 'code.wrong';
    }
    return activate(domain, tx, caller, { asker, enrollment, position, name: answer.name, token });
  });
  if (typeof outcome === 'string') throw new DoorstepError(outcome);
  return { authenticator: authenticatorView(outcome), token };
}

/** The open enrollment, if it was begun here by this person: whoever brings the id of another place learns nothing. */
async function requireEnrollment(domain: Domain, asker: Asker, id: string): Promise<CodeEnrollmentRecord> {
  const enrollment = await domain.store.read.codeEnrollments.byId(id);
  const place = askedAt(asker);
  if (
    enrollment === null ||
    enrollment.personId !== asker.person.id ||
    enrollment.sessionId !== place.sessionId ||
    enrollment.deviceId !== place.deviceId ||
    enrollment.expiresAt <= domain.clock.now()
  ) {
    throw new DoorstepError('ceremony.ended');
  }
  return enrollment;
}

/** Whoever enrolls holds the seed: the window is as wide as a resynchronization's, so that a clock that is off is learned here. */
function provedPosition(domain: Domain, enrollment: CodeEnrollmentRecord, typed: string): number | null {
  const code = normalizeTypedCode(typed);
  if (code === null) return null;
  const { windows } = domain.policy.codes;
  const { period, algorithm, digits } = enrollment;
  const now = domain.clock.now();
  const window =
    period === null
      ? { first: 0, count: windows.counters + 1 }
      : { first: stepAt(now, period) - windows.resyncSteps, count: 2 * windows.resyncSteps + 1 };
  const key = hmacKey(domain.seeds.open(enrollment, enrollment.id), algorithm);
  return searchNear({ key, form: { algorithm, digits }, code, ...window });
}

interface Activation {
  readonly asker: Asker;
  readonly enrollment: CodeEnrollmentRecord;
  readonly position: number;
  readonly name: string;
  readonly token: string | null;
}

async function activate(domain: Domain, tx: Transaction, caller: Caller, { asker, enrollment, position, name, token }: Activation) {
  const now = domain.clock.now();
  const { id, personId, kind, algorithm, digits, period, sealed, seedKeyId } = enrollment;
  await tx.codeEnrollments.remove(id);
  // Several may have been begun, each at its own place.
  await tx.authenticators.lockWaysOf(personId);
  if (await hasMost(domain, tx, asker)) return 'authenticator.too-many';
  const form: CodeForm = { algorithm, digits, period };
  const given = { personId, kind, name: shownText(name, LONGEST_NAME) || 'Codes', addedAt: now, addedFrom: caller.source };
  const heldBy = asker.kind === 'device' ? asker.device.id : null;
  const way = await addWay(domain, tx, asker, { added: newAuthenticator(given, { id, codeForm: form, heldBy }), token });
  if (way === 'taken') throw new Error('an id was made twice');
  if (typeof way === 'string') return way;
  const drift = driftAt(enrollment, position, now);
  await tx.codes.insert({
    authenticatorId: id,
    personId,
    kind,
    ...form,
    sealed,
    seedKeyId,
    lastPosition: position,
    drift,
    failures: 0,
    blockedUntil: 0,
    candidate: null,
    candidateAt: null,
  });
  await audit(domain, tx, caller, asker, { enrollment, reason: null, first: way.isFirst });
  return way.record;
}

interface AuditedEnrollment {
  readonly enrollment: CodeEnrollmentRecord;
  readonly reason: ErrorCode | null;
  readonly first?: boolean;
}

async function audit(
  domain: Domain,
  tx: Transaction,
  caller: Caller,
  asker: Asker,
  { enrollment, reason, first }: AuditedEnrollment,
): Promise<void> {
  const { id, kind, algorithm, digits, period } = enrollment;
  await tx.audit.append(
    {
      event: 'authenticator.added',
      outcome: reason === null ? 'done' : 'refused',
      actor: actorOf(asker),
      personId: asker.person.id,
      subjectId: reason === null ? id : null,
      source: caller.source,
      reason,
      facts: { kind, algorithm, digits, period, ...(first === undefined ? {} : { first }) },
    },
    domain.clock.now(),
  );
}
