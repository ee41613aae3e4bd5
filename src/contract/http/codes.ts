/** Codes over HTTP: enrolling a source of codes, and signing in with one. */
import { type Static, Type } from 'typebox';
import { AuthenticatorName, CodeForm, Id, Instant } from './shapes.ts';

const closed = { additionalProperties: false };

/**
 * A code as a person types it: spaces and dashes anywhere, nothing is assumed of it. It is normalized before any limit
 * or lookup sees it; digits other than 0 to 9 are refused.
 */
export const TypedCode = Type.String({ minLength: 1, maxLength: 64 });

/** Signs in, or shows a second step again, with a code. Every wrong one gets the same answer: `code.wrong`. */
export const CodeStep = Type.Object({ code: TypedCode, challengeId: Type.Optional(Id) }, closed);

/** What kind of codes to enroll; absent members are the policy's: TOTP, SHA-1, 6 digits, 30 s. */
export const BeginCodeEnrollment = Type.Object(
  { kind: Type.Optional(Type.Union([Type.Literal('totp'), Type.Literal('hotp')])), form: Type.Optional(CodeForm) },
  closed,
);

/** Opens nothing until one code is proved. The only answer that ever carries the seed. */
export const CodeEnrollment = Type.Object(
  {
    /** Also the id of the authenticator that it becomes: an app whose proof was not answered finds it in its next snapshot. */
    enrollmentId: Id,
    kind: Type.Union([Type.Literal('totp'), Type.Literal('hotp')]),
    form: CodeForm,
    /** base32 without padding. */
    secret: Type.String(),
    /** The same as an otpauth:// link, for a QR picture. */
    link: Type.String(),
    expiresAt: Instant,
  },
  closed,
);
export type CodeEnrollment = Static<typeof CodeEnrollment>;

export const FinishCodeEnrollment = Type.Object({ code: TypedCode, name: AuthenticatorName }, closed);

/** A service that took the code itself answers its own pending challenge, which names the person. */
export const ChallengeCode = Type.Object({ code: TypedCode }, closed);

/** A new sheet of spare codes; the one before stops working. Shown once. */
export const SpareCodes = Type.Object({ codes: Type.Array(Type.String()), madeAt: Instant }, closed);
export type SpareCodes = Static<typeof SpareCodes>;
