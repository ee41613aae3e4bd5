import type { Authenticator, AuthenticatorKind } from '../../contract/http/shapes.ts';

/**
 * Whether it finishes a sign-in on its own, day after day. A sheet of spare codes is a way back, not a way in.
 * `desktops`: whether computers may approve now, by policy and because requests are not stopped.
 */
export function isWorkingWay({ kind, state }: Authenticator, desktops: boolean): boolean {
  return state === 'active' && kind !== 'recovery-codes' && (kind !== 'desktop' || desktops);
}

/** How many ways are left without this one, and whether it is the last: the backend has the last word. */
export function waysWithout(
  authenticators: readonly Authenticator[],
  gone: Authenticator,
  desktops: boolean,
): { readonly left: number; readonly isLast: boolean } {
  const left = authenticators.filter((one) => one.id !== gone.id && isWorkingWay(one, desktops)).length;
  return { left, isLast: left === 0 && isWorkingWay(gone, desktops) };
}

const RANK: Readonly<Record<AuthenticatorKind, number>> = { 'security-key': 1, desktop: 2, totp: 3, hotp: 3, 'recovery-codes': 4 };

/** First choice first, then keys, computers, codes and the sheet, each as they came. */
export function inOrder(authenticators: readonly Authenticator[]): readonly Authenticator[] {
  const rank = (one: Authenticator): number => (one.preferred ? 0 : RANK[one.kind]);
  return authenticators.toSorted((a, b) => rank(a) - rank(b) || a.addedAt.localeCompare(b.addedAt));
}
