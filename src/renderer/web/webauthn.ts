/** The browser's own dialogue with a key (WebAuthn Level 3), with its exceptions turned into our codes. */
import {
  browserSupportsWebAuthn,
  startAuthentication,
  startRegistration,
  WebAuthnAbortService,
  WebAuthnError,
} from '@simplewebauthn/browser';
import type { ErrorCode, Outcome } from '../../contract/errors.ts';
import type { AssertionJson, CreationOptionsJson, RegistrationJson, RequestOptionsJson } from '../../contract/tokens.ts';

type StartRegistration = Parameters<typeof startRegistration>[0]['optionsJSON'];
type StartAuthentication = Parameters<typeof startAuthentication>[0]['optionsJSON'];

/** Whether this browser can talk to keys at all. */
export function canUseKeys(): boolean {
  return browserSupportsWebAuthn();
}

/**
 * Asks for an assertion. The browser does not tell a stranger's key from nobody's touch (Level 3, 14.5.2:
 * it would reveal who has which key), so both are `token.not-touched`.
 */
export async function useKey(options: RequestOptionsJson): Promise<Outcome<AssertionJson>> {
  try {
    const optionsJSON = structuredClone(options) as unknown as StartAuthentication;
    return { ok: true, value: (await startAuthentication({ optionsJSON })) as unknown as AssertionJson };
  } catch (error) {
    return { ok: false, code: codeOf(error), detail: {} };
  }
}

/** Takes a question back that a key has not answered yet: it ends as `token.canceled`. */
export function stopAskingKey(): void {
  WebAuthnAbortService.cancelCeremony();
}

/** Makes a credential on a key. */
export async function enrollKey(options: CreationOptionsJson): Promise<Outcome<RegistrationJson>> {
  try {
    const optionsJSON = structuredClone(options) as unknown as StartRegistration;
    return { ok: true, value: (await startRegistration({ optionsJSON })) as unknown as RegistrationJson };
  } catch (error) {
    return { ok: false, code: codeOf(error), detail: {} };
  }
}

function codeOf(error: unknown): ErrorCode {
  const cause = error instanceof WebAuthnError ? error.cause : error;
  const name = cause instanceof Error ? cause.name : '';
  switch (name) {
    case 'InvalidStateError':
      return 'token.excluded';
    case 'AbortError':
      return 'token.canceled';
    case 'SecurityError':
      return 'rp.not-allowed';
    case 'NotSupportedError':
    case 'ConstraintError':
      return 'token.unsupported';
    case 'NotAllowedError':
      return 'token.not-touched';
    default:
      return 'token.refused';
  }
}
