import { assertNever } from '../../../contract/errors.ts';
import type { PromptSubject } from '../../../contract/ipc.ts';
import type { Prompt } from '../../../contract/tokens.ts';
import type { Messages } from '../../ui/messages/en.ts';

type Touch = Extract<Prompt, { kind: 'touch' }>;

/** What the touch dialog says: who asks, which key, and what the touch will do. */
export function touchWords(
  prompt: Touch,
  about: PromptSubject,
  nameOf: (tokenId: string) => string,
  say: Messages['app']['prompt'],
): { readonly title: string; readonly text: string } {
  const only = prompt.tokenIds.length === 1 ? prompt.tokenIds[0] : undefined;
  const name = only === undefined ? say.keyWord : nameOf(only);
  const asks = about.kind === 'challenge' ? say.challengeTitle({ service: about.serviceName }) : null;
  switch (prompt.purpose) {
    case 'reset':
      return { title: say.touchResetTitle, text: say.touchReset({ name }) };
    case 'choose':
      return { title: asks ?? say.chooseTitle, text: say.touchChoose };
    case 'use':
      return asks === null ? { title: say.touchTitle, text: say.touch({ name }) } : { title: asks, text: say.touchChallenge({ name }) };
    default:
      return assertNever(prompt.purpose);
  }
}
