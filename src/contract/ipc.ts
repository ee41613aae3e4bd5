/**
 * The one map from channel to signature between the windows and the main process. The preload exposes
 * `invoke(channel, request)` and `subscribe(listener)` and nothing else; main parses every request with the
 * schema that stands here and answers with an `Outcome`.
 */
import { type Static, type TSchema, Type } from 'typebox';
import { CODE_REQUESTS, type CodeAnswers, type CodeEntry } from './codes.ts';
import type { ErrorCode, ErrorDetail, Outcome } from './errors.ts';
import type { Authenticator, DevicePolicy, Organization, Person, WaitingChallenge } from './http/shapes.ts';
import type { PasskeySummary, Prompt, TokenSummary } from './tokens.ts';

const closed = { additionalProperties: false };
const TokenId = Type.String({ minLength: 1, maxLength: 128 });
const Nothing = Type.Object({}, closed);
const Name = Type.String({ minLength: 1, maxLength: 64 });
const Id = Type.String({ pattern: '^[A-Za-z0-9_-]{22}$' });
/** base64url of a user handle. */
const UserId = Type.String({ pattern: '^[A-Za-z0-9_-]+$', maxLength: 128 });

export const PromptAnswerSchema = Type.Union([
  Type.Object({ kind: Type.Literal('pin'), pin: Type.String({ minLength: 1, maxLength: 256 }) }, closed),
  Type.Object({ kind: Type.Literal('new-pin'), pin: Type.String({ minLength: 1, maxLength: 256 }) }, closed),
  Type.Object({ kind: Type.Literal('passkey'), index: Type.Integer({ minimum: 0, maximum: 255 }) }, closed),
  Type.Object({ kind: Type.Literal('cancel') }, closed),
]);

export const IPC_REQUESTS = {
  /** The whole state, once; later changes come through `subscribe`. */
  'state.get': Nothing,
  /** Connects this computer with a code from the security page. `server` changes the backend's address. */
  'pairing.connect': Type.Object(
    { code: Type.String({ minLength: 1, maxLength: 32 }), server: Type.Optional(Type.String({ maxLength: 2048 })) },
    closed,
  ),
  'pairing.disconnect': Nothing,
  'keychain.retry': Nothing,
  'key.enroll': Type.Object({ tokenId: TokenId, name: Name }, closed),
  /** Asks the backend for a challenge of its own and answers it with the key: does this key still work? */
  'key.try': Type.Object({ tokenId: TokenId }, closed),
  'key.set-pin': Type.Object({ tokenId: TokenId }, closed),
  'key.change-pin': Type.Object({ tokenId: TokenId }, closed),
  'key.reset': Type.Object({ tokenId: TokenId }, closed),
  'key.wink': Type.Object({ tokenId: TokenId }, closed),
  'key.passkeys': Type.Object({ tokenId: TokenId }, closed),
  'key.delete-passkey': Type.Object({ tokenId: TokenId, credentialId: Type.String({ maxLength: 2048 }) }, closed),
  'key.rename-passkey': Type.Object(
    { tokenId: TokenId, credentialId: Type.String({ maxLength: 2048 }), userId: UserId, userName: Name, userDisplayName: Name },
    closed,
  ),
  'prompt.answer': Type.Object({ promptId: Type.Integer(), answer: PromptAnswerSchema }, closed),
  'authenticator.rename': Type.Object({ id: Id, name: Name }, closed),
  'authenticator.prefer': Type.Object({ id: Id }, closed),
  'authenticator.remove': Type.Object({ id: Id }, closed),
  'challenge.answer': Type.Object({ id: Id }, closed),
  /** Opens the one approval window on this request. */
  'approval.review': Type.Object({ id: Id }, closed),
  'approval.approve': Type.Object({ id: Id, number: Type.String({ pattern: '^[0-9]{2,8}$' }) }, closed),
  'approval.deny': Type.Object({ id: Id }, closed),
  'approval.not-me': Type.Object({ id: Id }, closed),
  /** The approval window has shown how its request ended, and closes. */
  'approval.close': Nothing,
  'settings.change': Type.Object({ startAtLogin: Type.Optional(Type.Boolean()) }, { ...closed, minProperties: 1 }),
  'notice.dismiss': Type.Object({ id: Type.String({ minLength: 1, maxLength: 64 }) }, closed),
  ...CODE_REQUESTS,
  /** The practice key of a run from source; refused in a packaged app. */
  'practice.plug': Nothing,
  'practice.unplug': Nothing,
  'practice.touch': Nothing,
} as const satisfies Record<string, TSchema>;

export type IpcChannel = keyof typeof IPC_REQUESTS;
export type IpcRequest<C extends IpcChannel> = Static<(typeof IPC_REQUESTS)[C]>;

export interface IpcAnswers extends CodeAnswers {
  'state.get': AppState;
  'pairing.connect': null;
  'pairing.disconnect': null;
  'keychain.retry': null;
  'key.enroll': { authenticatorId: string };
  'key.try': { name: string };
  'key.set-pin': null;
  'key.change-pin': null;
  'key.reset': null;
  'key.wink': null;
  'key.passkeys': readonly PasskeySummary[];
  'key.delete-passkey': null;
  'key.rename-passkey': null;
  'prompt.answer': null;
  'authenticator.rename': null;
  'authenticator.prefer': null;
  'authenticator.remove': null;
  'challenge.answer': null;
  'approval.review': null;
  'approval.approve': null;
  'approval.deny': null;
  'approval.not-me': null;
  'approval.close': null;
  'settings.change': null;
  'notice.dismiss': null;
  'practice.plug': null;
  'practice.unplug': null;
  'practice.touch': null;
}

export type KeychainState = 'checking' | 'ready' | 'absent' | 'locked' | 'dismissed' | 'failed';
export type ConnectionState = 'connecting' | 'online' | 'offline' | 'clock-wrong' | 'removed';

/** All that the windows show. Replaced whole at each change; holds no secret. */
export interface AppState {
  readonly version: string;
  /** The address that pairing will use, and the page where a code is made. */
  readonly server: string;
  readonly keychain: KeychainState;
  readonly pairing:
    | { readonly state: 'unknown' }
    | { readonly state: 'none' }
    | { readonly state: 'paired'; readonly deviceId: string; readonly person: Person; readonly organization: Organization };
  readonly connection: ConnectionState;
  /** Clock of this computer minus that of the backend, seconds; null before the first contact. */
  readonly clockSkew: number | null;
  readonly tokens: readonly TokenSummary[];
  /** Which plugged-in token (by its id) is which of `authenticators` (by its id), as far as the tokens say so without a touch. */
  readonly recognized: Readonly<Record<string, string>>;
  readonly authenticators: readonly Authenticator[];
  /** Instant of the last snapshot, or null. */
  readonly checkedAt: string | null;
  /** Empty while the session of the computer is locked. */
  readonly challenges: readonly WaitingChallenge[];
  /** The request that the approval window is about, and how it ended if it has; null: the window is closed. */
  readonly review: { readonly challenge: WaitingChallenge; readonly ended: ReviewEnd | null } | null;
  /** Null before the first contact. */
  readonly policy: DevicePolicy | null;
  /** Changes that were made offline and wait for the backend. */
  readonly waitingChanges: number;
  /** Why this computer was removed, while `connection` is 'removed'. */
  readonly removal: { readonly because: 'removed' | 'copied' | 'unknown'; readonly wiped: 'everything' | 'doorstep' } | null;
  /** In the person's order. */
  readonly codes: readonly CodeEntry[];
  /** A code that was just removed and can be restored until then (ms since 1970). */
  readonly removedCode: { readonly id: string; readonly label: string; readonly until: number } | null;
  readonly exportGuard: 'none' | 'pin' | 'key';
  readonly settings: { readonly startAtLogin: boolean | null };
  /** Where a menu of the system sends the person; each new number is a new wish. */
  readonly goTo?: { readonly screen: 'home' | 'codes' | 'keys' | 'settings'; readonly number: number };
  /** Things to know once, such as that no notifications can be shown here. */
  readonly notices: readonly Notice[];
  /** The one thing that the person is asked for now. */
  readonly prompt: { readonly id: number; readonly about: PromptSubject; readonly prompt: Prompt } | null;
  readonly practiceKey: { readonly available: boolean; readonly pluggedIn: boolean; readonly wantsTouch: boolean };
  /** A failure that belongs to no single request, such as the token process that keeps stopping. */
  readonly fault: { readonly code: ErrorCode; readonly detail: ErrorDetail } | null;
}

export type ReviewEnd = 'approved' | 'denied' | 'reported' | 'expired' | 'canceled' | 'too-many-wrong' | 'elsewhere';

export interface Notice {
  readonly id: string;
  readonly kind: 'no-notifications' | 'no-tray' | 'change-refused';
  /** Of a refused change: the error code. */
  readonly code: ErrorCode | null;
  /** Of a refused change: what it was about. */
  readonly about: string | null;
}

/** What a prompt is for, so that the window can say "VPN asks: is this you? Touch your key". */
export type PromptSubject =
  | { readonly kind: 'enroll' }
  | { readonly kind: 'try' }
  | { readonly kind: 'challenge'; readonly serviceName: string }
  | { readonly kind: 'set-pin' }
  | { readonly kind: 'change-pin' }
  | { readonly kind: 'reset' }
  | { readonly kind: 'passkeys' }
  | { readonly kind: 'export' };

/** What the preload puts on `window.doorstep`. */
export interface DoorstepBridge {
  invoke<C extends IpcChannel>(channel: C, request: IpcRequest<C>): Promise<Outcome<IpcAnswers[C]>>;
  /** Called with the whole state at each change; returns the unsubscribe. */
  subscribe(listener: (state: AppState) => void): () => void;
}

export { IPC_INVOKE, IPC_STATE } from './ipc-wires.ts';
