/** The first step: a user name and a password become a session that can reach the second step and nothing else. */
import { hash } from 'node:crypto';
import { DoorstepError } from '../../../contract/errors.ts';
import { cancelApprovalsOf } from '../approvals/cancel-approval.ts';
import { hasAnyWay, wayRules } from '../authenticators/ways.ts';
import { requireOpenChallenge } from '../challenges/open-challenge.ts';
import type { Caller, Domain } from '../domain.ts';
import { newId } from '../identifiers.ts';
import { type AttemptKey, guardTry, sourceKey } from '../limits.ts';
import type { PersonRecord, SessionRecord, StoredSessionState } from '../model.ts';
import { hashSessionToken, newSessionToken } from '../sessions/token.ts';
import type { Tables, Transaction } from '../stores.ts';
import { usernameKey } from '../usernames.ts';

export interface PasswordStepInput {
  readonly username: string;
  readonly password: string;
  readonly challengeId: string | null;
  /** Token that the browser came with; its session ends here. */
  readonly previousToken: string | null;
}

export interface OpenedSession {
  /** The bearer token: for the cookie, kept nowhere else. */
  readonly token: string;
  readonly session: SessionRecord;
}

/**
 * Throws `password.wrong` (the same in words and in time for an unknown name and a wrong password),
 * `request.rate-limited`, `password.locked`, `request.busy`, `person.disabled`, or what is wrong with the service's request.
 */
export async function passwordStep(domain: Domain, caller: Caller, input: PasswordStepInput): Promise<OpenedSession> {
  const account = usernameKey(input.username);
  const limits = limitsOf(domain, account, caller);
  await guardTry(domain, [limits.source, limits.accountAndSource, limits.account]);
  const person = await domain.store.read.people.byUsernameKey(account);
  const right = await checkPassword(domain, limits, person, input.password);
  if (person === null || !right) return refuse(domain, caller, person, 'password.wrong');
  if (person.disabledAt !== null) return refuse(domain, caller, person, 'person.disabled');
  if (input.challengeId !== null) await requireChallenge(domain, limits, input.challengeId, person);
  await renewHash(domain, person, input.password);
  const opened = newSession(person, await firstState(domain, person), caller, input.challengeId, domain.clock.now());
  await domain.store.transaction(async (tx) => {
    await forgiveTry(tx, limits);
    await endPrevious(domain, tx, caller, input.previousToken);
    await tx.sessions.insert(opened.session);
    await tx.audit.append(
      {
        event: 'password.checked',
        outcome: 'done',
        actor: { kind: 'person', id: person.id },
        personId: person.id,
        subjectId: opened.session.id,
        source: caller.source,
        reason: null,
        facts: { state: opened.session.state, challengeId: input.challengeId },
      },
      domain.clock.now(),
    );
  });
  return opened;
}

/**
 * A password that could not be looked at (`request.busy`) was not wrong: the account's tries are taken back, so that a
 * flood locks nobody out. The address keeps its count: it is part of the flood, or will be served in a moment.
 */
async function checkPassword(domain: Domain, limits: Limits, person: PersonRecord | null, password: string): Promise<boolean> {
  try {
    return await domain.passwords.verify(person?.passwordHash ?? null, password);
  } catch (error) {
    await domain.store.transaction(async (tx) => {
      await tx.attempts.forgive(limits.accountAndSource.key);
      await tx.attempts.forgive(limits.account.key);
    });
    throw error;
  }
}

/** What is wrong with the service's request is no wrong password: the try is forgiven before that is said. */
async function requireChallenge(domain: Domain, limits: Limits, challengeId: string, person: PersonRecord): Promise<void> {
  try {
    await requireOpenChallenge(domain, challengeId, person.id);
  } catch (error) {
    await domain.store.transaction((tx) => forgiveTry(tx, limits));
    throw error;
  }
}

async function forgiveTry(tx: Transaction, limits: Limits): Promise<void> {
  await tx.attempts.clear(limits.account.key);
  await tx.attempts.clear(limits.accountAndSource.key);
  await tx.attempts.forgive(limits.source.key);
}

type Limits = Readonly<Record<'account' | 'accountAndSource' | 'source', AttemptKey>>;

/** Keys hold a hash of what was typed: people type passwords into the wrong field. */
function accountLimit(domain: Domain, account: string): AttemptKey {
  const name = hash('sha256', account, 'base64url');
  return { key: `password:account:${name}`, limit: domain.policy.limits.passwordPerAccount };
}

function limitsOf(domain: Domain, name: string, caller: Caller): Limits {
  const limits = domain.policy.limits;
  const source = sourceKey(caller.source);
  const account = accountLimit(domain, name);
  return {
    account,
    accountAndSource: { key: `${account.key}:source:${source}`, limit: limits.passwordPerAccountAndSource },
    source: { key: `password:source:${source}`, limit: limits.passwordPerSource },
  };
}

/** What a lock of the password, for now or for good, says to somebody who has shown it before that; null: there is none. */
export async function passwordLock(domain: Domain, tables: Tables, person: PersonRecord): Promise<DoorstepError | null> {
  const { key, limit } = accountLimit(domain, person.usernameKey);
  const attempts = await tables.attempts.byKey(key);
  if (attempts === null) return null;
  if (limit.lockAfter !== null && attempts.failures > limit.lockAfter) return new DoorstepError('password.locked');
  const left = attempts.blockedUntil - domain.clock.now();
  return left > 0 ? new DoorstepError('request.rate-limited', { retryAfterSeconds: Math.ceil(left / 1_000) }) : null;
}

async function refuse(
  domain: Domain,
  caller: Caller,
  person: PersonRecord | null,
  reason: 'password.wrong' | 'person.disabled',
): Promise<never> {
  await domain.store.transaction((tx) =>
    tx.audit.append(
      {
        event: 'password.checked',
        outcome: 'refused',
        actor: { kind: 'anonymous', id: null },
        personId: person?.id ?? null,
        subjectId: null,
        source: caller.source,
        reason,
        facts: {},
      },
      domain.clock.now(),
    ),
  );
  throw new DoorstepError(reason);
}

/** 'enrolling' only where the person has no way yet and policy lets the password alone add the first one. */
async function firstState(domain: Domain, person: PersonRecord): Promise<StoredSessionState> {
  const ways = await domain.store.read.authenticators.listOf(person.id);
  return !hasAnyWay(ways, wayRules(domain.policy, person)) && domain.policy.firstEnrollment === 'password' ? 'enrolling' : 'password';
}

async function renewHash(domain: Domain, person: PersonRecord, password: string): Promise<void> {
  if (person.passwordHash === null || !domain.passwords.isOutdated(person.passwordHash)) return;
  const hash = await domain.passwords.hash(password);
  await domain.store.transaction((tx) => tx.people.setPasswordHash(person.id, hash));
}

function newSession(
  person: PersonRecord,
  state: StoredSessionState,
  caller: Caller,
  challengeId: string | null,
  now: number,
): OpenedSession {
  const token = newSessionToken(now);
  const session: SessionRecord = {
    id: newId(),
    tokenHash: hashSessionToken(token),
    personId: person.id,
    state,
    challengeId,
    createdAt: now,
    seenAt: now,
    secondStepAt: null,
    authenticatorId: null,
    source: caller.source,
  };
  return { token, session };
}

async function endPrevious(domain: Domain, tx: Transaction, caller: Caller, token: string | null): Promise<void> {
  if (token === null) return;
  const previous = await tx.sessions.byTokenHash(hashSessionToken(token));
  if (previous === null) return;
  // Ended first: what it is asking at this moment is there to be taken back, or is not asked any more.
  await tx.sessions.remove(previous.id);
  await cancelApprovalsOf(domain, tx, caller, previous);
}
