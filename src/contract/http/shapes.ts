/** What the HTTP API carries. One schema gives the validation, the type, and the entry in OpenAPI. */
import { type Static, type TSchema, Type } from 'typebox';

const closed = { additionalProperties: false };
const Nullable = <T extends TSchema>(schema: T) => Type.Union([schema, Type.Null()]);

/** Opaque identifier made by the backend: 22 base64url letters (128 bits). */
export const Id = Type.String({ pattern: '^[A-Za-z0-9_-]{22}$' });
/** base64url without padding. */
export const Base64Url = Type.String({ pattern: '^[A-Za-z0-9_-]*$', maxLength: 65536 });
/** RFC 3339, UTC, milliseconds. */
export const Instant = Type.String({ format: 'date-time' });
export const AuthenticatorName = Type.String({ minLength: 1, maxLength: 64 });

export const Problem = Type.Object(
  {
    type: Type.String(),
    title: Type.String(),
    status: Type.Integer(),
    code: Type.String(),
    detail: Type.String(),
    /** What else is known, such as `retryAfterSeconds`. Never a secret. */
    facts: Type.Record(Type.String(), Type.Union([Type.String(), Type.Number(), Type.Boolean(), Type.Null()])),
    instance: Type.String(),
  },
  { ...closed, description: 'Problem details (RFC 9457); `code` is the stable name of the failure.' },
);
export type Problem = Static<typeof Problem>;

/** `totp` and `hotp`: an app's or a token's codes. `desktop`: a paired computer, which approves by a typed number. */
export const AuthenticatorKind = Type.Union([
  Type.Literal('security-key'),
  Type.Literal('desktop'),
  Type.Literal('totp'),
  Type.Literal('hotp'),
  Type.Literal('recovery-codes'),
]);
export type AuthenticatorKind = Static<typeof AuthenticatorKind>;
export const CodeAlgorithm = Type.Union([Type.Literal('SHA1'), Type.Literal('SHA256'), Type.Literal('SHA512')]);
export type CodeAlgorithm = Static<typeof CodeAlgorithm>;
export const CodeForm = Type.Object(
  {
    algorithm: CodeAlgorithm,
    digits: Type.Union([Type.Literal(6), Type.Literal(8)]),
    period: Nullable(Type.Integer({ minimum: 15, maximum: 120 })),
  },
  closed,
);
export type CodeForm = Static<typeof CodeForm>;
export const AuthenticatorState = Type.Union([
  Type.Literal('pending'),
  Type.Literal('active'),
  Type.Literal('suspended'),
  Type.Literal('removed'),
]);
export type AuthenticatorState = Static<typeof AuthenticatorState>;
/** 'unverified' where no trust root or metadata says who made the token. */
export const AttestationStatus = Type.Union([
  Type.Literal('verified'),
  Type.Literal('unverified'),
  Type.Literal('self'),
  Type.Literal('none'),
]);
export type AttestationStatus = Static<typeof AttestationStatus>;

/** Why an authenticator is suspended: 100 wrong codes in a row, or its key was used from a copy. */
export const SuspendedBecause = Type.Union([Type.Literal('too-many-failures'), Type.Literal('copied'), Type.Literal('desk')]);
export type SuspendedBecause = Static<typeof SuspendedBecause>;

export const Authenticator = Type.Object(
  {
    id: Id,
    kind: AuthenticatorKind,
    name: Type.String(),
    state: AuthenticatorState,
    suspendedBecause: Nullable(SuspendedBecause),
    /** Form of its codes; null for other kinds. Period in seconds, null for HOTP. */
    code: Nullable(CodeForm),
    /** Spare codes that were not used yet; null for other kinds. */
    spareCodesLeft: Nullable(Type.Integer()),
    preferred: Type.Boolean(),
    /** Make and model from verified metadata, else null. */
    model: Nullable(Type.String()),
    aaguid: Nullable(Type.String()),
    attestation: Nullable(AttestationStatus),
    /** base64url credential id of a security key, so that the app can tell which plugged-in key it is. */
    credentialId: Nullable(Type.String()),
    addedAt: Instant,
    lastUsedAt: Nullable(Instant),
    lastUsedFrom: Nullable(Type.String()),
  },
  closed,
);
export type Authenticator = Static<typeof Authenticator>;

export const Organization = Type.Object({ name: Type.String(), origin: Type.String(), rpId: Type.String() }, closed);
export type Organization = Static<typeof Organization>;
export const Person = Type.Object({ id: Id, username: Type.String(), displayName: Type.String() }, closed);
export type Person = Static<typeof Person>;

/**
 * 'password': the password was right, the second step is missing. 'enrolling': right, the person has
 * no way yet and policy lets a first one be added. 'full': both steps done.
 */
export const SessionState = Type.Union([Type.Literal('none'), Type.Literal('password'), Type.Literal('enrolling'), Type.Literal('full')]);
export type SessionState = Static<typeof SessionState>;

export const Session = Type.Object(
  {
    state: SessionState,
    organization: Organization,
    person: Nullable(Person),
    /** Kinds of ways only: before the second step nobody learns names or labels. */
    ways: Type.Array(AuthenticatorKind),
    /** The kind of the first choice, where it is one of `ways`. */
    preferred: Nullable(AuthenticatorKind),
    /** The service that sent the person here, and what it is called. */
    service: Nullable(Type.Object({ name: Type.String() }, closed)),
    /** Where to go once the state is 'full'; null stays on Doorstep's own pages. */
    returnTo: Nullable(Type.String()),
  },
  closed,
);
export type Session = Static<typeof Session>;

export const PasswordStep = Type.Object(
  {
    username: Type.String({ minLength: 1, maxLength: 256 }),
    password: Type.String({ minLength: 1, maxLength: 1024 }),
    challengeId: Type.Optional(Id),
  },
  closed,
);

/** `?challenge=` of the session: the request of a service that the page was opened with. */
export const SessionQuery = Type.Object({ challenge: Type.Optional(Id) }, closed);
/**
 * A person who is already signed in and comes with a new request of a service shows the key again for it:
 * `challengeId` says for which. Absent (or no body at all): the request that came with the password, if any.
 */
export const BeginAssertion = Type.Object({ challengeId: Type.Optional(Id) }, closed);

/** Answer to a request for ceremony options. `options` is handed to the browser or to the token as it is. */
export const CreationCeremony = Type.Object({ ceremonyId: Id, expiresAt: Instant, options: Type.Any() }, closed);
export const RequestCeremony = Type.Object({ ceremonyId: Id, expiresAt: Instant, options: Type.Any() }, closed);

const Extensions = Type.Record(Type.String(), Type.Unknown());
export const RegistrationCredential = Type.Object({
  id: Base64Url,
  rawId: Base64Url,
  type: Type.Literal('public-key'),
  authenticatorAttachment: Type.Optional(Nullable(Type.String())),
  clientExtensionResults: Extensions,
  response: Type.Object({
    clientDataJSON: Base64Url,
    attestationObject: Base64Url,
    transports: Type.Optional(Type.Array(Type.String({ maxLength: 32 }), { maxItems: 16 })),
  }),
});
export const AssertionCredential = Type.Object({
  id: Base64Url,
  rawId: Base64Url,
  type: Type.Literal('public-key'),
  authenticatorAttachment: Type.Optional(Nullable(Type.String())),
  clientExtensionResults: Extensions,
  response: Type.Object({
    clientDataJSON: Base64Url,
    authenticatorData: Base64Url,
    signature: Base64Url,
    userHandle: Type.Optional(Nullable(Base64Url)),
  }),
});

export const FinishRegistration = Type.Object({ ceremonyId: Id, name: AuthenticatorName, credential: RegistrationCredential }, closed);
export const FinishAssertion = Type.Object({ ceremonyId: Id, credential: AssertionCredential }, closed);
export const ChangeAuthenticator = Type.Object(
  { name: Type.Optional(AuthenticatorName), preferred: Type.Optional(Type.Literal(true)) },
  { ...closed, minProperties: 1 },
);

export const PairingCode = Type.Object({ code: Type.String(), expiresAt: Instant }, closed);
export type PairingCode = Static<typeof PairingCode>;
/** Public half of a device key, JWK (RFC 7517), P-256. */
export const DeviceJwk = Type.Object({ kty: Type.Literal('EC'), crv: Type.Literal('P-256'), x: Base64Url, y: Base64Url }, closed);
export const PairDevice = Type.Object(
  {
    code: Type.String({ minLength: 1, maxLength: 32 }),
    name: AuthenticatorName,
    platform: Type.String({ maxLength: 32 }),
    publicKey: DeviceJwk,
  },
  { ...closed, description: 'Signed like every device request, with the key that is being paired: proof of possession.' },
);
/** Of the backend, Ed25519, base64url: what it says about the end of a connection is signed with it (`sync.ts`). */
export const BackendKey = Type.String({ pattern: '^[A-Za-z0-9_-]{43}$' });
/** `backendKey` is absent in what was kept by an app from before there was one: it comes with the next greeting then. */
export const PairedDevice = Type.Object(
  { deviceId: Id, person: Person, organization: Organization, backendKey: Type.Optional(BackendKey) },
  closed,
);
export type PairedDevice = Static<typeof PairedDevice>;

export const AssuranceLevel = Type.Union([Type.Literal('phishing-resistant'), Type.Literal('other-device'), Type.Literal('same-device')]);
export const ChallengeState = Type.Union([
  Type.Literal('pending'),
  Type.Literal('approved'),
  Type.Literal('denied'),
  Type.Literal('expired'),
  Type.Literal('canceled'),
]);
export type ChallengeState = Static<typeof ChallengeState>;

export const ChallengeResult = Type.Object(
  {
    /** RFC 8176, such as ["pwd","hwk","user"]. */
    amr: Type.Array(Type.String()),
    authenticatorId: Id,
    assurance: AssuranceLevel,
    userVerified: Type.Boolean(),
    person: Person,
  },
  closed,
);
/** A challenge as its service sees it. */
export const Challenge = Type.Object(
  {
    id: Id,
    state: ChallengeState,
    createdAt: Instant,
    expiresAt: Instant,
    /** Where the service sends the person's browser. */
    signInUrl: Type.String(),
    /**
     * The number that the person types into the paired desktop, for the service to show; told once, in the answer that
     * made the challenge, and null where nobody is named, where no desktop may approve, and where policy wants to know that
     * it is shown at another computer (`DOORSTEP_APPROVALS=other-device`): only a sign-in page can show it then.
     */
    number: Nullable(Type.String({ pattern: '^[0-9]{2,8}$' })),
    result: Nullable(ChallengeResult),
  },
  closed,
);
export type Challenge = Static<typeof Challenge>;
export const CreateChallenge = Type.Object(
  {
    /** Absent: whoever signs in at `signInUrl`; then `returnTo` is needed, and the `code` that it brings back. */
    username: Type.Optional(Type.String({ minLength: 1, maxLength: 256 })),
    /** What the person is shown beside the service's name, such as the place. */
    place: Type.Optional(Type.String({ maxLength: 128 })),
    returnTo: Type.Optional(Type.String({ maxLength: 2048 })),
    userVerification: Type.Optional(Type.Union([Type.Literal('required'), Type.Literal('preferred'), Type.Literal('discouraged')])),
  },
  closed,
);

/**
 * `?wait=SECONDS`, 0 to 30: hold the answer until the challenge ends. `code`: what the person's browser brought back
 * with the return address; without it the answer to a challenge that named nobody is not told.
 */
export const ChallengeQuery = Type.Object(
  {
    wait: Type.Optional(Type.String({ pattern: '^([0-9]|[12][0-9]|30)$' })),
    code: Type.Optional(Type.String({ pattern: '^[A-Za-z0-9_-]{43}$' })),
  },
  closed,
);

/** A challenge as the person's desktop sees it: one that a service made, or one that the sign-in page did. */
export const WaitingChallenge = Type.Object(
  {
    id: Id,
    serviceName: Type.String(),
    place: Nullable(Type.String()),
    /** The browser that asks, as its sign-in page was seen: address, and words such as "Firefox on Windows". Null where a service asks. */
    asked: Nullable(Type.Object({ address: Type.String(), browser: Nullable(Type.String()) }, closed)),
    /** How the number is typed here; null where this challenge has none. */
    number: Nullable(Type.Object({ digits: Type.Integer({ minimum: 2, maximum: 8 }), triesLeft: Type.Integer() }, closed)),
    /** Whether a touched key answers it too. */
    byKey: Type.Boolean(),
    createdAt: Instant,
    expiresAt: Instant,
  },
  closed,
);
export type WaitingChallenge = Static<typeof WaitingChallenge>;

/** The rules that a desktop has to know. */
export const DevicePolicy = Type.Object(
  {
    /** Whether a desktop may approve at all. */
    approvals: Type.Boolean(),
    /** The person said "this wasn't me": requests are stopped until the desk, or a touched key, opens them again. */
    approvalsStopped: Type.Boolean(),
    /** Whether the app may hold Doorstep's own codes. */
    codes: Type.Boolean(),
  },
  closed,
);
export type DevicePolicy = Static<typeof DevicePolicy>;

/** How a request of the person ended a short while ago, so that a desktop that still shows it can say so. */
export const EndedChallenge = Type.Object(
  {
    id: Id,
    state: ChallengeState,
    /** What answered it, where something did. */
    authenticatorId: Nullable(Id),
  },
  closed,
);
export type EndedChallenge = Static<typeof EndedChallenge>;

/** All that a paired desktop knows of its person. `version` grows with every change. */
export const DeviceSnapshot = Type.Object(
  {
    version: Type.Integer(),
    serverTime: Instant,
    deviceId: Id,
    person: Person,
    organization: Organization,
    authenticators: Type.Array(Authenticator),
    challenges: Type.Array(WaitingChallenge),
    /** Newest first. */
    ended: Type.Optional(Type.Array(EndedChallenge)),
    policy: DevicePolicy,
  },
  closed,
);
export type DeviceSnapshot = Static<typeof DeviceSnapshot>;

/** The answer to a finished registration, a change, and a successful try. */
export const OneAuthenticator = Type.Object({ authenticator: Authenticator }, closed);
export const AuthenticatorList = Type.Object(
  {
    authenticators: Type.Array(Authenticator),
    /** The person said "this wasn't me": no computer is asked until requests are opened again. */
    approvalsStopped: Type.Optional(Type.Boolean()),
  },
  closed,
);

export const Health = Type.Object({ ok: Type.Literal(true), version: Type.String() }, closed);
