import type { SeedFlaw, SeedLimit } from '../../../../contract/codes.ts';
import { ERRORS, type ErrorCode, type ErrorDetail } from '../../../../contract/errors.ts';
import { about, digits } from './amounts.ts';

/** Short waits in seconds, longer ones as a clock time. */
function waitFor(seconds: unknown, ends: string | null): string {
  if (typeof seconds !== 'number' || ends === null) return 'Wait a little, then try again.';
  return seconds < 90 ? `Wait ${about(seconds)}, then try again.` : `Wait until ${ends}, then try again.`;
}

/** What is wrong with a seed, by the part that main names. */
const FLAWS: Readonly<Record<SeedFlaw, string>> = {
  link: 'This is not a link that gives codes.',
  kind: 'The link does not say which kind of codes it gives.',
  escape: 'The link is cut or garbled.',
  twice: 'The link says one thing twice.',
  'secret-missing': 'There is no secret in it.',
  'secret-letter': 'A letter of the secret cannot be right.',
  'secret-length': 'The secret is cut: some letters are missing.',
  'secret-short': 'The secret is too short.',
  'secret-long': 'The secret is too long.',
  counter: 'Its counter is missing or no number.',
  export: 'This export is cut or garbled.',
};

const LIMITS: Readonly<Record<SeedLimit, string>> = {
  algorithm: 'algorithm',
  digits: 'number of digits',
  period: 'number of seconds',
  'export-version': 'version of export',
};

function flawOf(reason: unknown, at: unknown): string | null {
  if (reason === 'secret-letter' && typeof at === 'number') return `Letter ${at} of the secret cannot be right.`;
  return typeof reason === 'string' && Object.hasOwn(FLAWS, reason) ? FLAWS[reason as SeedFlaw] : null;
}

function limitOf(reason: unknown): string | null {
  return typeof reason === 'string' && Object.hasOwn(LIMITS, reason)
    ? `Doorstep cannot give codes with this ${LIMITS[reason as SeedLimit]}.`
    : null;
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
    case 'seed.malformed':
      return {
        title: flawOf(detail['reason'], detail['at']) ?? ERRORS[code].title,
        remedy: 'Check it, or use the link or picture of the site.',
      };
    case 'seed.unsupported':
      return { title: limitOf(detail['reason']) ?? ERRORS[code].title, remedy: ERRORS[code].remedy };
    case 'guard.waiting':
      return { title: 'Too many wrong PINs.', remedy: waitFor(detail['retryAfterSeconds'], ends) };
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
    case 'challenge.pending-exists':
      return { title: 'Another request still waits for you.', remedy: 'Answer or deny it in Doorstep, then try again.' };
    case 'backend.unreachable':
      return { title: 'No connection.', remedy: 'Check the network, then try again.' };
    default: {
      const { title, remedy } = ERRORS[code];
      return { title, remedy };
    }
  }
}
