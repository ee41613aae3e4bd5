/**
 * Every text that a person reads, in English. Another language is one more object of this shape; the compiler
 * names what it lacks. Texts with parameters are functions, so that each language orders and counts in its own way.
 *
 * Rules (the look): plain, active, present; "you"; cause, then remedy; no exclamation marks.
 */
import { app } from './en/app.ts';
import { approval } from './en/approval.ts';
import { codes } from './en/codes.ts';
import { type FailureWords, failure } from './en/failures.ts';
import { pin, ui, ways, when } from './en/parts.ts';
import { proof } from './en/proof.ts';
import { settings } from './en/settings.ts';
import { web } from './en/web.ts';

export type { FailureWords };

export const en = {
  language: { name: 'English', tag: 'en', formats: 'en-GB', direction: 'ltr' as 'ltr' | 'rtl' },
  failure,
  ui,
  when,
  ways,
  pin,
  web,
  app,
  approval,
  proof,
  codes,
  settings,
};

export type Messages = typeof en;
