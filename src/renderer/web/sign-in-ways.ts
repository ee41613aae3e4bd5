/** The ways of the second step as a person chooses among them: kinds only, for a thief may be reading. */
import type { AuthenticatorKind } from '../../contract/http/shapes.ts';

export type SignInWay = 'security-key' | 'desktop' | 'code' | 'spare-code';

/** Stronger ways first; the sheet is for the day when nothing else is at hand. */
const ORDER: readonly SignInWay[] = ['security-key', 'desktop', 'code', 'spare-code'];

const WAY: Readonly<Record<AuthenticatorKind, SignInWay>> = {
  'security-key': 'security-key',
  desktop: 'desktop',
  totp: 'code',
  hotp: 'code',
  'recovery-codes': 'spare-code',
};

/** @returns each way once, the person's first choice first */
export function signInWays(kinds: readonly AuthenticatorKind[], preferred: AuthenticatorKind | null): readonly SignInWay[] {
  const there = new Set(kinds.map((kind) => WAY[kind]));
  const first = preferred === null ? null : WAY[preferred];
  return ORDER.filter((way) => there.has(way)).toSorted((a, b) => Number(b === first) - Number(a === first));
}

/** The way to begin with: the first one, but no key where this browser cannot talk to one and something else is there. */
export function firstWay(ways: readonly SignInWay[], canUseKeys: boolean): SignInWay | null {
  return ways.find((way) => way !== 'security-key' || canUseKeys) ?? ways[0] ?? null;
}
