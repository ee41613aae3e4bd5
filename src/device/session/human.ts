/** The person, as the flows see them: told what to do, asked for what only they know. */

import type { Prompt, PromptAnswer } from '../../contract/tokens.ts';
import type { Clock } from '../clock.ts';

export type Telling = Extract<Prompt, { kind: 'touch' | 'plug-in' | 'replug' }>;
export type Asking = Extract<Prompt, { kind: 'pin' | 'new-pin' | 'choose-passkey' }>;

export type AnswerTo<Q extends Asking> = Exclude<
  Q extends { kind: 'choose-passkey' } ? Extract<PromptAnswer, { kind: 'passkey' }> : Extract<PromptAnswer, { kind: Q['kind'] }>,
  { kind: 'cancel' }
>;

export interface Human {
  /** Shows what the person has to do now; null takes it away. */
  tell(prompt: Telling | null): void;
  /** Asks. Throws `token.canceled` when the person stops, does not answer in time, or `signal` aborts. */
  ask<Q extends Asking>(prompt: Q, signal: AbortSignal): Promise<AnswerTo<Q>>;
}

/** What every flow is given beside its token: the person, a way to be stopped, and time. */
export interface Ceremony {
  readonly human: Human;
  /** Aborted when the person stops it and when the time of the ceremony is over. */
  readonly signal: AbortSignal;
  readonly clock: Clock;
}
