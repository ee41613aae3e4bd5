import type { Authenticator } from '../../contract/http/shapes.ts';

/** Whether it finishes a sign-in on its own. A connected computer does not: it shows a key, it is none. */
export function isWorkingWay(authenticator: Authenticator): boolean {
  return authenticator.kind === 'security-key' && authenticator.state === 'active';
}

/** How many ways are left without this one, and whether it is the last: the backend has the last word. */
export function waysWithout(
  authenticators: readonly Authenticator[],
  gone: Authenticator,
): { readonly left: number; readonly isLast: boolean } {
  const left = authenticators.filter((one) => one.id !== gone.id && isWorkingWay(one)).length;
  return { left, isLast: left === 0 && isWorkingWay(gone) };
}

/** First choice first, keys before computers, then as they came. */
export function inOrder(authenticators: readonly Authenticator[]): readonly Authenticator[] {
  const rank = (one: Authenticator): number => (one.preferred ? 0 : one.kind === 'security-key' ? 1 : 2);
  return authenticators.toSorted((a, b) => rank(a) - rank(b) || a.addedAt.localeCompare(b.addedAt));
}
