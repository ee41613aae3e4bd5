/** Telling the person to touch, for as long as a command waits for it. */
import { DoorstepError } from '../../contract/errors.ts';
import type { Ceremony, Telling } from './human.ts';
import type { SessionToken } from './token.ts';

type TouchPurpose = Extract<Telling, { kind: 'touch' }>['purpose'];

/**
 * Runs `command` under a touch prompt. What a token answers after the person stopped the ceremony is not used:
 * throws `token.canceled` then, also where the touch won the race.
 */
export async function touching<T>(
  tokens: readonly SessionToken[],
  purpose: TouchPurpose,
  ceremony: Ceremony,
  command: () => Promise<T>,
): Promise<T> {
  ceremony.human.tell({ kind: 'touch', tokenIds: tokens.map(({ id }) => id), purpose });
  try {
    const answer = await command();
    throwIfStopped(ceremony);
    return answer;
  } finally {
    ceremony.human.tell(null);
  }
}

/** Throws `token.canceled`, or the reason that the ceremony was aborted with. */
export function throwIfStopped({ signal }: Ceremony): void {
  if (!signal.aborted) return;
  throw signal.reason instanceof DoorstepError ? signal.reason : new DoorstepError('token.canceled');
}
