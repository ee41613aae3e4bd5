/** A code as a person typed it, made comparable before any limit, cache or lookup sees it. */
import type { Digits } from './form.ts';

/** White space of every kind, what is invisible between letters, and the dashes that people group digits with. */
const BETWEEN = /[\s\u00ad\u200b-\u200d\u2060\ufeff\u2010-\u2015\u2212-]+/g;

/**
 * The digits alone, or null where anything else was typed: digits of other scripts are refused, since two
 * writings of one code must never be two codes.
 */
export function normalizeTypedCode(typed: string): string | null {
  const digits = typed.replace(BETWEEN, '');
  return /^[0-9]{6,8}$/.test(digits) ? digits : null;
}

/** The number that the digits write, or null where a code of this form cannot look so. */
export function typedValue(digits: string, wanted: Digits): number | null {
  return digits.length === wanted && /^[0-9]+$/.test(digits) ? Number(digits) : null;
}
