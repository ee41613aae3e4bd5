import type { AuthenticatorKind } from '../../../contract/http/shapes.ts';
import type { AuthenticatorRecord } from '../model.ts';

/** Can this authenticator finish a sign-in on its own? A paired computer alone cannot: it shows a key, it is none. */
export function isWorkingWay(authenticator: AuthenticatorRecord): boolean {
  return authenticator.kind === 'security-key' && authenticator.state === 'active';
}

export function hasWorkingWay(authenticators: readonly AuthenticatorRecord[]): boolean {
  return authenticators.some(isWorkingWay);
}

/** The kinds that the sign-in page may offer; never names. */
export function kindsOfWays(authenticators: readonly AuthenticatorRecord[]): AuthenticatorKind[] {
  return [...new Set(authenticators.filter(isWorkingWay).map((authenticator) => authenticator.kind))];
}

/** The ids to allow or to exclude in a ceremony. */
export function credentialsOf(authenticators: readonly AuthenticatorRecord[]): { id: string; transports: readonly string[] }[] {
  return authenticators.flatMap(({ credentialId, transports }) => (credentialId === null ? [] : [{ id: credentialId, transports }]));
}
