/** A seed with all that is needed to make its codes, and what can be wrong with one that came from outside. */
import type { SeedFlaw, SeedLimit } from '../contract/codes.ts';
import { DoorstepError } from '../contract/errors.ts';
import type { CodeAlgorithm } from '../contract/http/shapes.ts';
import { type Digits, LONGEST_PERIOD, SHORTEST_PERIOD } from './form.ts';

export interface Seed {
  readonly kind: 'totp' | 'hotp';
  readonly issuer: string;
  readonly account: string;
  readonly key: Uint8Array;
  readonly algorithm: CodeAlgorithm;
  readonly digits: Digits;
  /** Seconds; null for HOTP. */
  readonly period: number | null;
  /** The next counter; null for TOTP. */
  readonly counter: number | null;
}

/** Shorter ones were cut off on their way here: the shortest in use have ten bytes. */
export const SHORTEST_KEY = 8;
export const LONGEST_KEY = 128;
/** Letters of an issuer or account that are kept. */
export const LONGEST_NAME = 128;

/** `at` is the place of a wrong letter, from 1; the letter itself is not told, since it is part of a secret. */
export function malformed(reason: SeedFlaw, at?: number): DoorstepError {
  return new DoorstepError('seed.malformed', at === undefined ? { reason } : { reason, at });
}

export function unsupported(reason: SeedLimit, given: string): DoorstepError {
  return new DoorstepError('seed.unsupported', { reason, given: shownName(given).slice(0, 32) });
}

/** @throws DoorstepError seed.malformed, where the key is too short or too long */
export function checkKey(key: Uint8Array): Uint8Array {
  if (key.length < SHORTEST_KEY) throw malformed(key.length === 0 ? 'secret-missing' : 'secret-short');
  if (key.length > LONGEST_KEY) throw malformed('secret-long');
  return key;
}

/** @throws DoorstepError seed.unsupported */
export function checkPeriod(period: number, given: string): number {
  if (!Number.isInteger(period) || period < SHORTEST_PERIOD || period > LONGEST_PERIOD) throw unsupported('period', given);
  return period;
}

/** A name from outside as it may be shown: no controls, nothing that turns the direction of text, not endless. */
export function shownName(text: string): string {
  const plain = text
    .normalize('NFC')
    .replace(/[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Zl}\p{Zp}]/gu, ' ')
    .replace(/\s+/g, ' ')
    .trim();
  return [...plain].slice(0, LONGEST_NAME).join('');
}
