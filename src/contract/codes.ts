/** The codes that the app keeps, as the windows see them. No seed is ever among it. */
import { type Static, Type } from 'typebox';

const closed = { additionalProperties: false };

export interface CodeEntry {
  readonly id: string;
  readonly kind: 'totp' | 'hotp';
  /** Who wants the code; may be empty. */
  readonly issuer: string;
  readonly account: string;
  /** What the person calls it; empty: issuer and account speak for it. */
  readonly name: string;
  readonly algorithm: 'SHA1' | 'SHA256' | 'SHA512';
  readonly digits: 6 | 8;
  /** Seconds; null for HOTP. */
  readonly period: number | null;
  /** The person's own Doorstep authenticator that it belongs to, or null for any other site. */
  readonly authenticatorId: string | null;
  /** 'gone': the keychain has lost its seed. */
  readonly state: 'ready' | 'gone';
}

/** One code to show. Instants are this computer's clock, milliseconds since 1970. */
export interface ShownCode {
  readonly id: string;
  readonly code: string;
  /** The one after it; null for HOTP. */
  readonly next: string | null;
  readonly from: number;
  readonly until: number | null;
}

/** What was found in a link, a picture or a file, before anything is kept. */
export interface CodeDraft {
  readonly draftId: string;
  readonly items: readonly {
    readonly index: number;
    readonly kind: 'totp' | 'hotp';
    readonly issuer: string;
    readonly account: string;
    readonly algorithm: 'SHA1' | 'SHA256' | 'SHA512';
    readonly digits: 6 | 8;
    readonly period: number | null;
    /** The same seed is kept already, under this id. */
    readonly duplicateOf: string | null;
  }[];
  /** Parts of an export (otpauth-migration): which were seen (counted from 1), of how many; null where there is one part only. */
  readonly parts: { readonly seen: readonly number[]; readonly of: number } | null;
  /** Entries that cannot be kept, in words such as "Example (MD5)". */
  readonly refused: readonly string[];
}

/** `reason` of seed.malformed: which part is not as it must be. 'secret-letter' comes with `at`, the place of the letter, from 1. */
export type SeedFlaw =
  | 'link'
  | 'kind'
  | 'escape'
  | 'twice'
  | 'secret-missing'
  | 'secret-letter'
  | 'secret-length'
  | 'secret-short'
  | 'secret-long'
  | 'counter'
  | 'export';

/** `reason` of seed.unsupported: well-formed, yet no code can be given for it. `given` is what stood there. */
export type SeedLimit = 'algorithm' | 'digits' | 'period' | 'export-version';

const Name = Type.String({ maxLength: 64 });
const CodeId = Type.String({ pattern: '^[A-Za-z0-9_-]{22}$' });

/** 'text' carries what the person typed or pasted; the others are fetched by main itself. `draftId` adds a further part. */
export const CodeSource = Type.Union([
  Type.Object({ from: Type.Literal('text'), text: Type.String({ minLength: 1, maxLength: 8192 }) }, closed),
  Type.Object({ from: Type.Literal('clipboard') }, closed),
  Type.Object({ from: Type.Literal('file') }, closed),
  /** The whole screen first; 'region' opens the viewfinder. */
  Type.Object({ from: Type.Literal('screen') }, closed),
  Type.Object({ from: Type.Literal('region') }, closed),
]);

export const TypedSeed = Type.Object(
  {
    kind: Type.Union([Type.Literal('totp'), Type.Literal('hotp')]),
    issuer: Name,
    account: Name,
    /** base32, spaces and case as typed. */
    secret: Type.String({ minLength: 1, maxLength: 1024 }),
    algorithm: Type.Union([Type.Literal('SHA1'), Type.Literal('SHA256'), Type.Literal('SHA512')]),
    digits: Type.Union([Type.Literal(6), Type.Literal(8)]),
    /** Seconds; ignored for HOTP. */
    period: Type.Integer({ minimum: 15, maximum: 120 }),
    /** Next counter; ignored for TOTP. */
    counter: Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER }),
  },
  closed,
);
export type TypedSeed = Static<typeof TypedSeed>;

const Passphrase = Type.String({ minLength: 8, maxLength: 256 });
const Pin = Type.String({ minLength: 6, maxLength: 64 });

export const CODE_REQUESTS = {
  /** The codes of every TOTP entry, for now and the period after. */
  'code.show': Type.Object({}, closed),
  /** The next code of an HOTP entry: its counter moves on before the code is told. */
  'code.next': Type.Object({ id: CodeId }, closed),
  /** Puts the code on the clipboard, and takes it off again after 30 s if it still is there. HOTP: the one shown last. */
  'code.copy': Type.Object({ id: CodeId }, closed),
  'code.read': Type.Object({ source: CodeSource, draftId: Type.Optional(CodeId) }, closed),
  'code.keep': Type.Object({ draftId: CodeId, indexes: Type.Array(Type.Integer({ minimum: 0 }), { minItems: 1, maxItems: 256 }) }, closed),
  'code.drop': Type.Object({ draftId: CodeId }, closed),
  'code.type': TypedSeed,
  'code.rename': Type.Object({ id: CodeId, name: Name }, closed),
  'code.move': Type.Object({ id: CodeId, to: Type.Integer({ minimum: 0 }) }, closed),
  /** Gone from the list at once; its seed goes 10 s later, or at once where the app ends, unless it is restored. */
  'code.remove': Type.Object({ id: CodeId }, closed),
  'code.restore': Type.Object({ id: CodeId }, closed),
  /** Enrolls this app as a source of Doorstep's own codes, with one proven code. */
  'code.enroll-own': Type.Object({ name: Type.String({ minLength: 1, maxLength: 64 }) }, closed),
  /** Writes every code to a file that the person chooses, sealed with the passphrase. The PIN, or a touch where a key guards. */
  'code.export': Type.Object({ passphrase: Passphrase, pin: Type.Optional(Pin) }, closed),
  'code.import': Type.Object({ passphrase: Type.String({ minLength: 1, maxLength: 256 }) }, closed),
  /** What guards an export. `current` is the PIN that guards now, where one does. */
  'guard.set-pin': Type.Object({ pin: Pin, current: Type.Optional(Pin) }, closed),
  'guard.use-key': Type.Object({ current: Type.Optional(Pin) }, closed),
} as const;

export interface CodeAnswers {
  'code.show': readonly ShownCode[];
  'code.next': ShownCode;
  /** When the clipboard is cleared, ms since 1970. */
  'code.copy': { readonly clearedAt: number };
  /** Null: the person chose no file, or closed the viewfinder. */
  'code.read': CodeDraft | null;
  'code.keep': { readonly ids: readonly string[] };
  'code.drop': null;
  'code.type': { readonly id: string };
  'code.rename': null;
  'code.move': null;
  'code.remove': { readonly until: number };
  'code.restore': null;
  'code.enroll-own': { readonly id: string };
  /** Null: the person chose no file. */
  'code.export': { readonly path: string; readonly count: number } | null;
  'code.import': { readonly added: number; readonly known: number } | null;
  'guard.set-pin': null;
  'guard.use-key': null;
}
