/** Which authenticators open what. `WayRules` is what policy, and the person's own "this wasn't me", say about kinds. */
import { assertNever } from '../../../contract/errors.ts';
import type { AuthenticatorKind } from '../../../contract/http/shapes.ts';
import type { AuthenticatorRecord, PersonRecord } from '../model.ts';
import type { Policy } from '../policy.ts';

export interface WayRules {
  /** Whether policy lets a paired desktop approve at all. */
  readonly approvals: boolean;
  /** The person said "this wasn't me": their desktops open nothing until requests are opened again. */
  readonly approvalsStopped: boolean;
  /** Whether policy takes codes of an app or a token. */
  readonly codes: boolean;
}

export function wayRules(policy: Policy, person: PersonRecord): WayRules {
  return {
    approvals: policy.approvals,
    approvalsStopped: person.approvalsStoppedAt !== null,
    codes: policy.codes.allowed,
  };
}

/**
 * Can this authenticator finish any sign-in on its own? Spare codes cannot be counted on: a sheet is a way back, not a way
 * in, so it never stands in for the last working way.
 */
export function isWorkingWay(authenticator: AuthenticatorRecord, rules: WayRules): boolean {
  return authenticator.kind !== 'recovery-codes' && opens(authenticator, rules);
}

export function hasWorkingWay(authenticators: readonly AuthenticatorRecord[], rules: WayRules): boolean {
  return authenticators.some((one) => isWorkingWay(one, rules));
}

/**
 * Whether the person has ever got beyond the password: then the password alone adds nothing, also while every way of theirs
 * is stopped. A hundred wrong codes would otherwise turn a stolen password into a new key.
 */
export function hasAnyWay(authenticators: readonly AuthenticatorRecord[], rules: WayRules): boolean {
  return authenticators.some(({ kind }) => kind !== 'desktop' || rules.approvals);
}

/** Whether it is, or was before it was stopped, a way that can be counted on. */
export function isWay({ kind }: AuthenticatorRecord, rules: WayRules): boolean {
  return kind !== 'recovery-codes' && (kind !== 'desktop' || rules.approvals);
}

function opens({ kind, state, spareCodesLeft }: AuthenticatorRecord, rules: WayRules): boolean {
  if (state !== 'active') return false;
  switch (kind) {
    case 'security-key':
      return true;
    case 'desktop':
      return rules.approvals && !rules.approvalsStopped;
    case 'totp':
    case 'hotp':
      return rules.codes;
    case 'recovery-codes':
      return (spareCodesLeft ?? 0) > 0;
    default:
      return assertNever(kind);
  }
}

/** The kinds that the sign-in page may offer; never names. */
export function kindsOfWays(authenticators: readonly AuthenticatorRecord[], rules: WayRules): AuthenticatorKind[] {
  return [...new Set(authenticators.filter((one) => opens(one, rules)).map(({ kind }) => kind))];
}

export function isWorkingKey({ kind, state }: AuthenticatorRecord): boolean {
  return kind === 'security-key' && state === 'active';
}

export function hasWorkingKey(authenticators: readonly AuthenticatorRecord[]): boolean {
  return authenticators.some(isWorkingKey);
}

/** The ids to allow or to exclude in a ceremony. */
export function credentialsOf(authenticators: readonly AuthenticatorRecord[]): { id: string; transports: readonly string[] }[] {
  return authenticators.flatMap(({ credentialId, transports }) => (credentialId === null ? [] : [{ id: credentialId, transports }]));
}
