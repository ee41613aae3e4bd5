/**
 * Every address of the HTTP API, by who may call it.
 *
 * | guard | who |
 * |---|---|
 * | open | anyone |
 * | password | a browser session that has at least shown the password |
 * | enrolling | a session that is 'enrolling' or 'full' (full: with a second step of the last 10 minutes) |
 * | full | a session with both steps |
 * | fresh | full, with a second step of the last 10 minutes |
 * | device | a request signed by a paired desktop (see `device-signature.ts`) |
 * | service | a bearer key of a service |
 */
export type Guard = 'open' | 'password' | 'enrolling' | 'full' | 'fresh' | 'device' | 'service';

export const ROUTES = {
  health: { method: 'GET', path: '/v1/health', guard: 'open' },

  /** `?challenge=` names the request that a service sent the person here with; see `SessionQuery`. */
  session: { method: 'GET', path: '/v1/session', guard: 'open' },
  passwordStep: { method: 'POST', path: '/v1/session/password', guard: 'open' },
  assertionOptions: { method: 'POST', path: '/v1/session/assertion/options', guard: 'password' },
  assertionStep: { method: 'POST', path: '/v1/session/assertion', guard: 'password' },
  codeStep: { method: 'POST', path: '/v1/session/code', guard: 'password' },
  spareCodeStep: { method: 'POST', path: '/v1/session/spare-code', guard: 'password' },
  beginApproval: { method: 'POST', path: '/v1/session/approval', guard: 'password' },
  /** `?wait=SECONDS` (at most 30) holds the answer until the person has decided. */
  approval: { method: 'GET', path: '/v1/session/approval/:id', guard: 'password' },
  /** Redeems an approved request: once, by the session that began it. */
  finishApproval: { method: 'POST', path: '/v1/session/approval/:id', guard: 'password' },
  cancelApproval: { method: 'DELETE', path: '/v1/session/approval/:id', guard: 'password' },
  signOut: { method: 'DELETE', path: '/v1/session', guard: 'open' },

  authenticators: { method: 'GET', path: '/v1/authenticators', guard: 'full' },
  registrationOptions: { method: 'POST', path: '/v1/authenticators/registration/options', guard: 'enrolling' },
  registration: { method: 'POST', path: '/v1/authenticators/registration', guard: 'enrolling' },
  changeAuthenticator: { method: 'PATCH', path: '/v1/authenticators/:id', guard: 'full' },
  removeAuthenticator: { method: 'DELETE', path: '/v1/authenticators/:id', guard: 'fresh' },
  codeEnrollment: { method: 'POST', path: '/v1/authenticators/codes', guard: 'enrolling' },
  finishCodeEnrollment: { method: 'POST', path: '/v1/authenticators/codes/:id', guard: 'enrolling' },
  spareCodes: { method: 'POST', path: '/v1/authenticators/spare-codes', guard: 'fresh' },
  /** Opens requests again after "this wasn't me"; the session's second step must have been a touched key. */
  resumeApprovals: { method: 'POST', path: '/v1/approvals/resume', guard: 'fresh' },
  pairingCode: { method: 'POST', path: '/v1/pairing-codes', guard: 'enrolling' },

  pairDevice: { method: 'POST', path: '/v1/devices', guard: 'open' },
  deviceSnapshot: { method: 'GET', path: '/v1/device', guard: 'device' },
  /** Begins each connection; see `DeviceWelcome`. */
  deviceHello: { method: 'POST', path: '/v1/device/hello', guard: 'device' },
  /** text/event-stream; each event is a `DeviceSnapshot`. */
  deviceEvents: { method: 'GET', path: '/v1/device/events', guard: 'device' },
  unpairDevice: { method: 'DELETE', path: '/v1/device', guard: 'device' },
  deviceRegistrationOptions: { method: 'POST', path: '/v1/device/registration/options', guard: 'device' },
  deviceRegistration: { method: 'POST', path: '/v1/device/registration', guard: 'device' },
  deviceChanges: { method: 'POST', path: '/v1/device/changes', guard: 'device' },
  deviceCodeEnrollment: { method: 'POST', path: '/v1/device/codes', guard: 'device' },
  deviceFinishCodeEnrollment: { method: 'POST', path: '/v1/device/codes/:id', guard: 'device' },
  deviceTryOptions: { method: 'POST', path: '/v1/device/assertion/options', guard: 'device' },
  deviceTry: { method: 'POST', path: '/v1/device/assertion', guard: 'device' },
  deviceChallengeOptions: { method: 'POST', path: '/v1/device/challenges/:id/options', guard: 'device' },
  deviceChallengeAnswer: { method: 'POST', path: '/v1/device/challenges/:id/assertion', guard: 'device' },
  /** Approve with the number, deny, or "this wasn't me": a signed statement. */
  deviceDecision: { method: 'POST', path: '/v1/device/challenges/:id/decision', guard: 'device' },

  createChallenge: { method: 'POST', path: '/v1/challenges', guard: 'service' },
  /** `?wait=SECONDS` (at most 30) holds the answer until the challenge ends. */
  challenge: { method: 'GET', path: '/v1/challenges/:id', guard: 'service' },
  /** A service that took the code itself answers its challenge with it. */
  challengeCode: { method: 'POST', path: '/v1/challenges/:id/code', guard: 'service' },
  cancelChallenge: { method: 'DELETE', path: '/v1/challenges/:id', guard: 'service' },
} as const satisfies Record<string, { method: 'GET' | 'POST' | 'PATCH' | 'DELETE'; path: string; guard: Guard }>;

export type RouteName = keyof typeof ROUTES;

/*
 * What comes back: session, the steps, finishApproval: `Session`. signOut, cancelApproval, unpairDevice, removeAuthenticator,
 * resumeApprovals, deviceChallengeAnswer, deviceDecision: 204. authenticators: `AuthenticatorList`. The two registrations, the
 * two finished code enrollments, changeAuthenticator and deviceTry: `OneAuthenticator`. The options routes: `CreationCeremony`
 * or `RequestCeremony`. The two code enrollments: `CodeEnrollment` (201). spareCodes: `SpareCodes` (201). beginApproval:
 * `ApprovalRequest` (201); approval: `ApprovalStatus`. deviceHello: `DeviceWelcome`; deviceChanges: `ChangeResults`.
 * createChallenge (201), challenge, challengeCode, cancelChallenge: `Challenge`. Every failure: `Problem`.
 *
 * Routes with the guards password, enrolling, full and fresh, and those of the session itself, change things
 * only for a request that carries our own `Origin` (or, where a browser leaves it out, `Sec-Fetch-Site: same-origin`).
 */
