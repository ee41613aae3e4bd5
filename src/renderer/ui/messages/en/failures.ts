import { ERRORS, type ErrorCode, type ErrorDetail } from '../../../../contract/errors.ts';
import { about, digits } from './amounts.ts';

/** Short waits in seconds, longer ones as a clock time. */
function waitFor(seconds: unknown, ends: string | null): string {
  if (typeof seconds !== 'number' || ends === null) return 'Wait a little, then try again.';
  return seconds < 90 ? `Wait ${about(seconds)}, then try again.` : `Wait until ${ends}, then try again.`;
}

export interface FailureWords {
  readonly title: string;
  readonly remedy: string;
}

/** Better words than the contract's own, where people meet the failure. `ends` is a clock time where one is known. */
export function failure(code: ErrorCode, detail: ErrorDetail, ends: string | null): FailureWords {
  const left = typeof detail['retries'] === 'number' ? detail['retries'] : null;
  const minLength = typeof detail['minLength'] === 'number' ? detail['minLength'] : null;
  switch (code) {
    case 'request.rate-limited':
      return {
        title: 'Too many tries in a short time.',
        remedy: waitFor(detail['retryAfterSeconds'], ends),
      };
    case 'password.wrong':
      return { title: 'That user name and password do not go together.', remedy: 'Check both, then type the password again.' };
    case 'pin.wrong':
      return {
        title: left === null ? 'Wrong PIN.' : `Wrong PIN. ${digits(left, 'try', 'tries')} left, then the key must be wiped.`,
        remedy: 'Type it again.',
      };
    case 'pin.policy':
      return {
        title: 'The key does not take this PIN.',
        remedy: minLength === null ? 'Choose a longer one.' : `It wants ${minLength} digits or more. Choose a longer one.`,
      };
    case 'token.excluded':
    case 'authenticator.already-enrolled':
      return { title: 'This key is already one of yours.', remedy: 'Use it, or plug in another one.' };
    case 'token.canceled':
      return { title: 'You stopped it. Nothing was changed.', remedy: 'Start again when you are ready.' };
    case 'backend.unreachable':
      return { title: 'No connection.', remedy: 'Check the network, then try again.' };
    default: {
      const { title, remedy } = ERRORS[code];
      return { title, remedy };
    }
  }
}
