/** What a person types of a seed, before main reads it. Main has the last word on the secret itself. */
import type { TypedSeed } from '../../../contract/codes.ts';

export const ALGORITHMS = ['SHA1', 'SHA256', 'SHA512'] as const;
export const DIGITS = [6, 8] as const;
export const KINDS = ['totp', 'hotp'] as const;

export interface SeedForm {
  readonly issuer: string;
  readonly account: string;
  readonly secret: string;
  /** Indexes into the lists above. */
  readonly kind: number;
  readonly algorithm: number;
  readonly digits: number;
  /** As typed. */
  readonly period: string;
  readonly counter: string;
}

export const EMPTY_FORM: SeedForm = { issuer: '', account: '', secret: '', kind: 0, algorithm: 0, digits: 0, period: '30', counter: '0' };

/** Members of the form that cannot stand as they are. */
export type SeedFault = 'issuer' | 'secret' | 'period' | 'counter';

/** @returns the seed to hand over, or the first member to mend */
export function seedOf(form: SeedForm): { readonly seed: TypedSeed } | { readonly fault: SeedFault } {
  const issuer = form.issuer.trim();
  const account = form.account.trim();
  const secret = form.secret.trim();
  const kind = KINDS[form.kind] ?? 'totp';
  const period = wholeNumber(form.period);
  const counter = wholeNumber(form.counter);
  if (issuer === '' && account === '') return { fault: 'issuer' };
  if (secret === '') return { fault: 'secret' };
  if (kind === 'totp' && (period === null || period < 15 || period > 120)) return { fault: 'period' };
  if (kind === 'hotp' && counter === null) return { fault: 'counter' };
  const algorithm = ALGORITHMS[form.algorithm] ?? 'SHA1';
  const digits = DIGITS[form.digits] ?? 6;
  return {
    seed: {
      kind,
      issuer,
      account,
      secret,
      algorithm,
      digits,
      period: kind === 'totp' ? (period ?? 30) : 30,
      counter: kind === 'hotp' ? (counter ?? 0) : 0,
    },
  };
}

function wholeNumber(typed: string): number | null {
  const text = typed.trim();
  if (!/^[0-9]{1,16}$/.test(text)) return null;
  const value = Number(text);
  return Number.isSafeInteger(value) ? value : null;
}
