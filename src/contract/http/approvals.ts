/** Approvals over HTTP: the number on the sign-in page, and what the desktop signs. */
import { type Static, Type } from 'typebox';
import { ChallengeState, Id, Instant } from './shapes.ts';

const closed = { additionalProperties: false };

export const BeginApproval = Type.Object({ challengeId: Type.Optional(Id) }, closed);

/** What the sign-in page shows. The number is told here and nowhere else. */
export const ApprovalRequest = Type.Object(
  {
    id: Id,
    number: Type.String({ pattern: '^[0-9]{2,8}$' }),
    /** Who asks, as the desktop says it too, and what the service says of the place. */
    serviceName: Type.String(),
    place: Type.Union([Type.String(), Type.Null()]),
    createdAt: Instant,
    expiresAt: Instant,
  },
  closed,
);
export type ApprovalRequest = Static<typeof ApprovalRequest>;

/** `?wait=SECONDS`, 0 to 30: hold the answer until the request ends. */
export const ApprovalQuery = Type.Object({ wait: Type.Optional(Type.String({ pattern: '^([0-9]|[12][0-9]|30)$' })) }, closed);
export const ApprovalStatus = Type.Object({ id: Id, state: ChallengeState, expiresAt: Instant }, closed);
export type ApprovalStatus = Static<typeof ApprovalStatus>;

/**
 * What a desktop says to a request: a compact JWS (RFC 7515), ES256 with the device key, protected header
 * `{ "alg": "ES256", "typ": "doorstep-approval+jwt" }`, payload `ApprovalStatement`.
 */
export const APPROVAL_STATEMENT_TYPE = 'doorstep-approval+jwt';
export const Decision = Type.Union([Type.Literal('approve'), Type.Literal('deny'), Type.Literal('not-me')]);
export type Decision = Static<typeof Decision>;
export const ApprovalStatement = Type.Object(
  {
    decision: Decision,
    /** The typed digits for `approve`, else null. */
    number: Type.Union([Type.String({ pattern: '^[0-9]{2,8}$' }), Type.Null()]),
    challengeId: Id,
    /** What the window showed: name of the service, id of the person, id of the device. */
    service: Type.String({ maxLength: 256 }),
    person: Id,
    device: Id,
    /** Seconds since 1970, the backend's clock. */
    iat: Type.Integer(),
  },
  closed,
);
export type ApprovalStatement = Static<typeof ApprovalStatement>;
export const DecideChallenge = Type.Object({ statement: Type.String({ minLength: 1, maxLength: 4096 }) }, closed);
