import { DoorstepError } from '../../../../src/contract/errors.ts';
import type { PromptAnswer } from '../../../../src/contract/tokens.ts';
import type { AnswerTo, Asking, Human, Telling } from '../../../../src/device/session/human.ts';

type Reply = (prompt: Asking) => PromptAnswer | Promise<PromptAnswer>;

/** A person who answers in the order of the script, and fails on a question that is not in it. */
export class ScriptedHuman implements Human {
  readonly told: (Telling | null)[] = [];
  readonly asked: Asking[] = [];
  readonly #replies: (PromptAnswer | Reply)[];

  constructor(...replies: (PromptAnswer | Reply)[]) {
    this.#replies = replies;
  }

  tell(prompt: Telling | null): void {
    this.told.push(prompt);
  }

  async ask<Q extends Asking>(prompt: Q): Promise<AnswerTo<Q>> {
    this.asked.push(prompt);
    const reply = this.#replies.shift();
    if (reply === undefined) throw new Error(`unexpected question: ${JSON.stringify(prompt)}`);
    const answer = typeof reply === 'function' ? await reply(prompt) : reply;
    if (answer.kind === 'cancel') throw new DoorstepError('token.canceled');
    return answer as AnswerTo<Q>;
  }

  /** Fails where the script was not used up. */
  done(): void {
    if (this.#replies.length > 0) throw new Error(`${this.#replies.length} answers were never asked for`);
  }
}
