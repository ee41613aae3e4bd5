/**
 * The second step of a sign-in with a spare code. It stands for what the person has, never for the password too: the
 * session has shown that before, and nothing else takes a spare code.
 */
import { DoorstepError, type ErrorCode, type ErrorDetail } from '../../../contract/errors.ts';
import { suspendAfterFailures } from '../authenticators/suspend.ts';
import { placeOf, refusalOf, requireRequestForCodes, sourceOf, type TypedStep } from '../codes/code-step.ts';
import type { Caller, Domain } from '../domain.ts';
import { type AttemptKey, blockedFor, countFailure, countTry, tooManyTries } from '../limits.ts';
import type { AuthenticatorRecord, PersonRecord } from '../model.ts';
import type { CurrentSession } from '../sessions/current-session.ts';
import { letIn } from '../sessions/let-in.ts';
import { proofOfCode } from '../sessions/proof.ts';
import { newSessionToken } from '../sessions/token.ts';
import type { Transaction } from '../stores.ts';
import { readSpareCode, spareCodeHasher } from './spare-code.ts';

type Refused = { readonly code: ErrorCode; readonly detail: ErrorDetail };

/**
 * Answers the new bearer token of the session. Throws `spare-code.wrong`, `code.locked` (the sheet was stopped),
 * `request.rate-limited`, `password.locked`, or what is wrong with the service's request.
 */
export async function spareCodeStep(domain: Domain, caller: Caller, current: CurrentSession, typed: TypedStep): Promise<string> {
  const { session, person } = current;
  const challengeId = await requireRequestForCodes(domain, current, typed.challengeId);
  const sheet = current.authenticators.find(({ kind }) => kind === 'recovery-codes') ?? null;
  const code = readSpareCode(typed.code);
  // The same work without a sheet, and for what cannot be a code.
  const hash = (await spareCodeHasher(domain, sheet?.id ?? ''))(code ?? '');
  const source = sourceOf(domain, caller, 'spare-code');
  const token = newSessionToken(domain.clock.now());
  const outcome = await domain.store.transaction(async (tx): Promise<Refused | null> => {
    const now = domain.clock.now();
    const blocked = blockedFor(await tx.attempts.byKey(source.key), source.limit, now);
    if (blocked > 0) return tooManyTries({ ok: false, locked: false, retryAfter: blocked });
    const limits = limitsOf(domain, caller, person, sheet);
    const counted = await countTry(tx, limits, now);
    if (!counted.ok) return counted.locked ? { code: 'code.locked', detail: {} } : tooManyTries(counted);
    const known = sheet === null ? null : await tx.authenticators.byId(sheet.id);
    if (known?.state === 'suspended') return { code: 'code.locked', detail: {} };
    if (known?.state !== 'active' || !(await tx.spareCodes.use(known.id, hash, now))) {
      await refuse(domain, tx, caller, { person, sheet: known, source, limits, subject: refusalOf(challengeId, session.id) });
      return { code: 'spare-code.wrong', detail: {} };
    }
    if (!(await tx.authenticators.useActive(known.id, now, caller.source))) return { code: 'spare-code.wrong', detail: {} };
    for (const { key } of limits) await tx.attempts.clear(key);
    await auditUse(domain, tx, caller, person, known);
    const entered = await letIn(domain, tx, caller, { session, person, challengeId, proof: proofOfCode(known.id), token });
    return entered === 'done' ? null : entered;
  });
  if (outcome !== null) throw new DoorstepError(outcome.code, outcome.detail);
  return token;
}

/** The sheet's own count, which stops it, and the count of the place; apart from those of codes. */
function limitsOf(domain: Domain, caller: Caller, person: PersonRecord, sheet: AuthenticatorRecord | null): readonly AttemptKey[] {
  const place = placeOf(domain, caller, person, 'spare-code');
  return sheet === null ? [place] : [place, { key: `spare-code:sheet:${sheet.id}`, limit: domain.policy.limits.codePerAuthenticator }];
}

interface RefusedSpareCode {
  readonly person: PersonRecord;
  readonly sheet: AuthenticatorRecord | null;
  readonly source: AttemptKey;
  readonly limits: readonly AttemptKey[];
  readonly subject: ReturnType<typeof refusalOf>;
}

async function refuse(domain: Domain, tx: Transaction, caller: Caller, refused: RefusedSpareCode): Promise<void> {
  const now = domain.clock.now();
  const { person, sheet, source, limits, subject } = refused;
  await countFailure(tx, source, now);
  await tx.audit.append(
    {
      ...subject,
      outcome: 'refused',
      actor: { kind: 'person', id: person.id },
      personId: person.id,
      source: caller.source,
      reason: 'spare-code.wrong',
      facts: { by: 'spare-code' },
    },
    now,
  );
  const own = limits[1];
  const failures = own === undefined ? 0 : ((await tx.attempts.byKey(own.key))?.failures ?? 0);
  if (sheet === null || failures < (domain.policy.limits.codePerAuthenticator.lockAfter ?? Number.POSITIVE_INFINITY)) return;
  await suspendAfterFailures(domain, tx, caller, person, sheet);
}

async function auditUse(domain: Domain, tx: Transaction, caller: Caller, person: PersonRecord, sheet: AuthenticatorRecord): Promise<void> {
  await tx.audit.append(
    {
      event: 'spare-code.used',
      outcome: 'done',
      actor: { kind: 'person', id: person.id },
      personId: person.id,
      subjectId: sheet.id,
      source: caller.source,
      reason: null,
      facts: { left: (sheet.spareCodesLeft ?? 1) - 1 },
    },
    domain.clock.now(),
  );
}
