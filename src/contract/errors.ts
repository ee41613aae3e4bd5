/**
 * Every failure that crosses a process boundary has one of these codes. Callers branch on the code,
 * never on the text; `docs/errors.md` is held to this table by a test.
 *
 * `status` is the HTTP status of the problem details answer (RFC 9457); `title` and `remedy` are the
 * cause and the way out in plain words, shown where no better words are known.
 */
export const ERRORS = {
  // Requests
  'request.malformed': {
    status: 400,
    title: 'The request is not in the form that the API asks for.',
    remedy: 'Compare it with /v1/openapi.json.',
  },
  'request.too-large': { status: 413, title: 'The request is too large.', remedy: 'Send at most 64 KiB.' },
  'request.not-found': { status: 404, title: 'There is nothing at this address.', remedy: 'Compare it with /v1/openapi.json.' },
  'request.wrong-origin': {
    status: 403,
    title: 'The request comes from another site.',
    remedy: 'Open the sign-in page itself and try again.',
  },
  'request.rate-limited': { status: 429, title: 'Too many tries in a short time.', remedy: 'Wait a little, then try again.' },
  internal: {
    status: 500,
    title: 'Something went wrong on our side.',
    remedy: 'Try again. If it stays, tell the help desk the number of this answer.',
  },
  'store.unavailable': { status: 503, title: 'The database does not answer.', remedy: 'Try again in a moment.' },

  // Sessions and people
  'session.missing': { status: 401, title: 'You are not signed in.', remedy: 'Sign in, then try again.' },
  'session.second-step-missing': { status: 403, title: 'The second step is still missing.', remedy: 'Finish signing in, then try again.' },
  'session.stale': { status: 403, title: 'This change wants a fresh second step.', remedy: 'Show your key again, then try again.' },
  'password.wrong': { status: 401, title: 'That user name and password do not go together.', remedy: 'Type both again.' },
  'password.locked': {
    status: 403,
    title: 'Too many wrong passwords. This one is stopped.',
    remedy: 'Ask the help desk for a new one. Ways other than this one still work.',
  },
  'request.busy': { status: 503, title: 'Too many people are signing in at once.', remedy: 'Wait a few seconds, then try again.' },
  'person.disabled': { status: 403, title: 'This account is closed.', remedy: 'Ask the help desk.' },

  // Authenticators
  'authenticator.not-found': { status: 404, title: 'This is not one of your keys.', remedy: 'Try the other one.' },
  'authenticator.already-enrolled': { status: 409, title: 'This key is already enrolled.', remedy: 'Use it, or plug in another one.' },
  'authenticator.last-way': { status: 409, title: 'This is your last way in.', remedy: 'Add another first.' },
  'authenticator.too-many': { status: 409, title: 'You have as many of these as there can be.', remedy: 'Remove one first.' },
  'authenticator.suspended': { status: 403, title: 'This key is stopped.', remedy: 'Ask the help desk.' },
  'authenticator.counter-regressed': {
    status: 403,
    title: 'This key answered with an old counter. It may have been copied.',
    remedy: 'Use another way and tell the help desk.',
  },
  'enrollment.needs-claim': { status: 403, title: 'A first key needs a claim code from the lab.', remedy: 'Ask the lab for a claim code.' },
  'attestation.refused': { status: 403, title: 'This make of key is not allowed here.', remedy: 'Ask the lab for one that is.' },

  // Codes
  'code.wrong': { status: 403, title: 'That code did not work.', remedy: 'Wait for a new one, then type that.' },
  'code.locked': { status: 403, title: 'Too many wrong codes.', remedy: 'Ways other than this one still work.' },
  'code.not-used': { status: 403, title: 'Codes are not used here.', remedy: 'Use another way.' },
  'code.seed-key-missing': {
    status: 503,
    title: 'The key that seals the seeds is missing.',
    remedy: 'Put the file that DOORSTEP_SEED_KEYS names back, then start again.',
  },
  'spare-code.wrong': { status: 403, title: 'That spare code did not work.', remedy: 'Type another one from the sheet.' },

  // WebAuthn ceremonies
  'webauthn.failed': { status: 403, title: 'The answer of the key does not fit the question.', remedy: 'Try again.' },
  'ceremony.ended': { status: 409, title: 'This question has been answered or has run out.', remedy: 'Start again.' },

  // Challenges
  'challenge.not-found': { status: 404, title: 'This request is not known.', remedy: 'Start again at the service.' },
  'challenge.ended': { status: 409, title: 'This request has ended.', remedy: 'Start again at the service.' },
  'challenge.return-code': {
    status: 403,
    title: 'The answer is told only for the code that the person’s browser brought back.',
    remedy: 'Ask with the code of the return address, or start again.',
  },
  'challenge.pending-exists': {
    status: 409,
    title: 'Another request is still waiting for this person.',
    remedy: 'Answer or deny that one first.',
  },

  'challenge.wants-verification': {
    status: 403,
    title: 'This request wants a key with its PIN or a fingerprint.',
    remedy: 'Use your key and its PIN.',
  },

  'approval.number-wrong': { status: 403, title: 'That number is not on the page.', remedy: 'Read the number again.' },
  'approval.stopped': {
    status: 403,
    title: 'Requests are stopped.',
    remedy: 'Use another way, or ask the help desk to open them again.',
  },
  'approval.no-desktop': { status: 409, title: 'No computer of yours can be asked.', remedy: 'Use another way.' },
  'approval.same-device': {
    status: 403,
    title: 'This computer cannot approve its own sign-in.',
    remedy: 'Use another computer, or another way.',
  },
  'approval.place-unknown': {
    status: 403,
    title: 'Nobody knows which computer asks, so none can approve it.',
    remedy: 'Open the sign-in page of your organization and ask from there, or use another way.',
  },
  'approval.statement-wrong': {
    status: 403,
    title: 'The answer of this computer does not fit the request.',
    remedy: 'Open the request again.',
  },
  'approvals.want-key': {
    status: 403,
    title: 'Only a touched key opens requests again.',
    remedy: 'Sign in with your key, or ask the help desk.',
  },

  'challenge.other-person': {
    status: 403,
    title: 'This request is for someone else.',
    remedy: 'Sign out, then sign in as the person it is for.',
  },
  'person.unknown': { status: 404, title: 'Nobody here has that user name.', remedy: 'Check how it is written.' },

  // Devices and services
  'pairing.code-wrong': { status: 403, title: 'That code did not work.', remedy: 'Open your security page and make a new one.' },
  'device.unknown': { status: 401, title: 'This computer is not connected any more.', remedy: 'Connect it again from your security page.' },
  'device.removed': {
    status: 401,
    title: 'This computer was removed.',
    remedy: 'If that was not you, tell the help desk. Else connect it again from your security page.',
  },
  'device.copied': {
    status: 401,
    title: 'The key of this computer was used from a copy.',
    remedy: 'Connect this computer again from your security page. The help desk knows.',
  },
  'device.signature-wrong': {
    status: 401,
    title: 'The signature of this computer does not hold.',
    remedy: 'Set the clock of this computer, then try again.',
  },
  'device.request-replayed': { status: 401, title: 'This signed request was already used.', remedy: 'Send a new one.' },
  'service.key-wrong': {
    status: 401,
    title: 'The key of this service is not known.',
    remedy: 'Ask an administrator for a new service key.',
  },
  'service.return-address': {
    status: 400,
    title: 'This return address is not registered for the service.',
    remedy: 'Register it, or use one that is.',
  },

  // Tokens at this computer
  'token.gone': { status: 0, title: 'Key pulled out too soon.', remedy: 'Plug it in and try again.' },
  'token.none': { status: 0, title: 'No key is plugged in.', remedy: 'Plug one in.' },
  'token.busy': { status: 0, title: 'Another program is using this key.', remedy: 'Close it there, then try again.' },
  'token.no-permission': {
    status: 0,
    title: 'This computer does not let Doorstep talk to the key.',
    remedy: 'Install the udev rule that comes with Doorstep, then plug the key in again.',
  },
  'token.platform-keeps-it': { status: 0, title: 'Windows keeps this to itself.', remedy: 'Open Windows Settings, Security key.' },
  'token.timeout': { status: 0, title: 'The key did not answer in time.', remedy: 'Pull it out, plug it in and try again.' },
  'token.not-touched': { status: 0, title: 'Nobody touched the key in time.', remedy: 'Try again and touch it when it blinks.' },
  'token.misbehaved': {
    status: 0,
    title: 'This key gives answers that make no sense.',
    remedy: 'Pull it out, plug it in and try again. If it stays, ask the lab for another.',
  },
  'token.unsupported': { status: 0, title: 'This key cannot do that.', remedy: 'Use another key.' },
  'token.full': { status: 0, title: 'This key has no room left.', remedy: 'Remove a sign-in that is kept on it.' },
  'token.excluded': { status: 0, title: 'This key is already enrolled.', remedy: 'Use it, or plug in another one.' },
  'token.no-credentials': { status: 0, title: 'This is not one of your keys.', remedy: 'Try the other one.' },
  'token.not-allowed': { status: 0, title: 'The key refuses that now.', remedy: 'Pull it out, plug it in and try again at once.' },
  'token.refused': { status: 0, title: 'The key refused.', remedy: 'Try again.' },
  'token.canceled': { status: 0, title: 'You stopped it.', remedy: 'Start again when you are ready.' },
  'token.process-down': {
    status: 0,
    title: 'The part that talks to keys stopped and is starting again.',
    remedy: 'Try again in a moment.',
  },
  'pin.wrong': { status: 0, title: 'Wrong PIN.', remedy: 'Type it again.' },
  'pin.locked-until-replug': { status: 0, title: 'PIN locked for now.', remedy: 'Pull the key out, plug it in, try again.' },
  'pin.blocked': { status: 0, title: 'The PIN of this key is blocked.', remedy: 'Wipe the key, then add it again.' },
  'pin.policy': { status: 0, title: 'The key does not take this PIN.', remedy: 'Choose a longer one.' },
  'pin.not-set': { status: 0, title: 'This key has no PIN yet.', remedy: 'Set one first.' },
  'pin.must-change': { status: 0, title: 'This PIN must be changed before the key works.', remedy: 'Change it now.' },
  'rp.not-allowed': { status: 0, title: 'This site may not ask for that name.', remedy: 'Tell the administrator of the site.' },

  // Codes that the app keeps
  'seed.malformed': {
    status: 0,
    title: 'This is not a code that can be added.',
    remedy: 'Check it, or use the link or picture of the site.',
  },
  'seed.unsupported': {
    status: 0,
    title: 'Doorstep cannot give codes of this kind.',
    remedy: 'Ask the site for time-based codes with SHA-1, 6 digits.',
  },
  'seed.duplicate': { status: 0, title: 'This code is here already.', remedy: 'Use the one that is here.' },
  'seed.gone': {
    status: 0,
    title: 'The secret of this code is not in the keychain any more.',
    remedy: 'Remove it and add it again from the site.',
  },
  'seed.too-many': { status: 0, title: 'There is no room for more codes.', remedy: 'Remove some first.' },
  'picture.none': { status: 0, title: 'No square picture was found there.', remedy: 'Use a sharper or larger picture.' },
  'picture.unreadable': { status: 0, title: 'This file is not a picture that can be read.', remedy: 'Use a PNG or JPEG file.' },
  'screen.not-captured': { status: 0, title: 'The screen could not be read.', remedy: 'Save the picture to a file, then choose that.' },
  'clipboard.empty': {
    status: 0,
    title: 'Nothing that can be added is on the clipboard.',
    remedy: 'Copy the link or the picture, then try again.',
  },
  'guard.not-set': { status: 0, title: 'An export wants a PIN or a key first.', remedy: 'Set one in Settings.' },
  'guard.wrong': { status: 0, title: 'Wrong PIN.', remedy: 'Type it again.' },
  'guard.waiting': { status: 0, title: 'Too many wrong PINs.', remedy: 'Wait a little, then try again.' },
  'export.malformed': { status: 0, title: 'This is not a file of codes from Doorstep.', remedy: 'Choose another file.' },
  'export.wrong-passphrase': { status: 0, title: 'That passphrase does not open this file.', remedy: 'Type it again.' },
  'file.unwritable': { status: 0, title: 'The file could not be written.', remedy: 'Choose another folder.' },
  'disk.full': { status: 0, title: 'The disk is full. Nothing was lost.', remedy: 'Free some room, then try again.' },

  // The app
  'ipc.refused': {
    status: 0,
    title: 'The window asked for something that it may not have.',
    remedy: 'Close the window and open it again.',
  },
  'keychain.absent': { status: 0, title: 'No keychain found.', remedy: 'Install GNOME Keyring or KWallet.' },
  'keychain.locked': { status: 0, title: 'The keychain is locked.', remedy: 'Unlock it, then try again.' },
  'keychain.dismissed': { status: 0, title: 'The keychain stayed locked.', remedy: 'Try again and type its password.' },
  'keychain.failed': { status: 0, title: 'The keychain gave an error.', remedy: 'Restart the computer, then try again.' },
  'backend.unreachable': { status: 0, title: 'No connection.', remedy: 'Check the network. Codes and keys still work.' },
  'backend.not-proven': {
    status: 0,
    title: 'What answers does not prove that it is your organization. Nothing was forgotten.',
    remedy: 'Ask the help desk. If this computer was removed, disconnect it in the settings.',
  },
  'backend.not-trusted': { status: 0, title: 'The address is not safe to use.', remedy: 'Use an address that starts with https.' },
  'clock.wrong': { status: 401, title: 'The clock of this computer is wrong.', remedy: 'Set it, then try again.' },
  'changes.too-many': {
    status: 0,
    title: 'Too many changes wait for the connection. This one was not made.',
    remedy: 'Connect to the network, then try again.',
  },
  'not-paired': { status: 0, title: 'This computer is not connected yet.', remedy: 'Type a code from your security page.' },
} as const satisfies Record<string, { status: number; title: string; remedy: string }>;

export type ErrorCode = keyof typeof ERRORS;

/** What else a failure may carry. Plain data; never a secret. */
export type ErrorDetail = Readonly<Record<string, string | number | boolean | null>>;

/** The one error base. `message` is for logs; people read the catalogue's words for `code`. */
export class DoorstepError extends Error {
  override readonly name = 'DoorstepError';
  readonly code: ErrorCode;
  readonly detail: ErrorDetail;
  constructor(code: ErrorCode, detail: ErrorDetail = {}, options?: ErrorOptions) {
    super(`${code}: ${ERRORS[code].title}`, options);
    this.code = code;
    this.detail = detail;
  }
}

/** A failure as data, for IPC and the token process. */
export type Outcome<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly code: ErrorCode; readonly detail: ErrorDetail };

export function isErrorCode(text: unknown): text is ErrorCode {
  return typeof text === 'string' && Object.hasOwn(ERRORS, text);
}

/** Turns anything thrown into data. An error that is not ours becomes `internal`, its text is not carried. */
export function failure(error: unknown): Outcome<never> {
  if (error instanceof DoorstepError) return { ok: false, code: error.code, detail: error.detail };
  return { ok: false, code: 'internal', detail: {} };
}

/** Ends a switch over a closed union: a new member is a type error here, and a loud failure at run time. */
export function assertNever(value: never): never {
  throw new Error(`unexpected member: ${JSON.stringify(value)}`);
}
