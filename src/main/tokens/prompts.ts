/**
 * The one thing that the person is asked for. A newer wish of the person ends an older one; a prompt without
 * an answer ends at its deadline; a closed or reloaded window is a "no".
 */
import { DoorstepError } from '../../contract/errors.ts';
import type { AppState, PromptSubject } from '../../contract/ipc.ts';
import type { Prompt, PromptAnswer } from '../../contract/tokens.ts';

/** What a flow needs to put questions to the person. */
export interface Asking {
  /** Aborted when the person says no, closes the window, starts something else, or leaves a prompt unanswered. */
  readonly signal: AbortSignal;
  readonly onPrompt: (prompt: Prompt | null, answer: (answer: PromptAnswer) => void) => void;
}

export interface Prompts {
  /** Runs a flow that may ask; ends the flow that asked before. Rejects as the flow does. `challengeId`: what `cancelChallenge` finds it by. */
  ask<T>(about: PromptSubject, flow: (asking: Asking) => Promise<T>, challengeId?: string): Promise<T>;
  /** The person's answer to the open prompt. @throws DoorstepError ceremony.ended, ipc.refused */
  answer(promptId: number, answer: PromptAnswer): void;
  /** Ends whatever is being asked, as a "no". */
  cancel(): void;
  /** Ends the flow about this challenge, if it is the one that asks. */
  cancelChallenge(challengeId: string): void;
}

/** A person who went away has said no. Longer than a key waits for its touch (30 s), short of any challenge's life. */
const DEADLINE = 180_000;

export function createPrompts(show: (prompt: AppState['prompt']) => void, deadline: number = DEADLINE): Prompts {
  let active: { readonly abort: AbortController; readonly challengeId: string | undefined } | null = null;
  let open: { readonly id: number; readonly prompt: Prompt; readonly answer: (answer: PromptAnswer) => void } | null = null;
  let nextId = 1;
  let timer: NodeJS.Timeout | undefined;

  const close = () => {
    clearTimeout(timer);
    open = null;
    show(null);
  };

  const cancel = () => {
    active?.abort.abort();
    close();
  };

  return {
    async ask(about, flow, challengeId) {
      active?.abort.abort();
      const own = { abort: new AbortController(), challengeId };
      active = own;
      try {
        return await flow({
          signal: own.abort.signal,
          onPrompt(prompt, answer) {
            if (active !== own) return;
            clearTimeout(timer);
            if (prompt === null || own.abort.signal.aborted) {
              close();
              return;
            }
            open = { id: nextId++, prompt, answer };
            timer = setTimeout(cancel, deadline);
            show({ id: open.id, about, prompt });
          },
        });
      } finally {
        if (active === own) {
          active = null;
          close();
        }
      }
    },
    answer(promptId, answer) {
      if (open === null || open.id !== promptId) throw new DoorstepError('ceremony.ended');
      if (answer.kind === 'cancel') {
        cancel();
        return;
      }
      if (!fits(open.prompt, answer)) throw new DoorstepError('ipc.refused');
      const { answer: give } = open;
      // One question, one answer: the second click finds nothing open.
      open = null;
      clearTimeout(timer);
      give(answer);
    },
    cancel,
    cancelChallenge(challengeId) {
      if (active?.challengeId === challengeId) cancel();
    },
  };
}

/** Whether the answer is one to this question. */
export function fits(prompt: Prompt, answer: PromptAnswer): boolean {
  switch (answer.kind) {
    case 'pin':
      return prompt.kind === 'pin';
    case 'new-pin':
      return prompt.kind === 'new-pin';
    case 'passkey':
      return prompt.kind === 'choose-passkey' && answer.index < prompt.users.length;
    case 'cancel':
      return true;
  }
}
