/**
 * What the token process and the main process say to each other, and what of it the windows see.
 * Requests carry a number, answers the same number; prompts go the other way. Plain, cloneable data.
 */
import type { ErrorCode, ErrorDetail } from './errors.ts';

/** Where a token is plugged in. `practice` is the software authenticator of a run from source. */
export type TokenSource = 'usb' | 'practice';

export type PinState = 'unsupported' | 'not-set' | 'set' | 'must-change' | 'locked-until-replug' | 'blocked';

/** One plugged-in token. `id` is stable while it stays plugged in. */
export interface TokenSummary {
  readonly id: string;
  readonly source: TokenSource;
  /** Product name as the token gives it; untrusted text. */
  readonly product: string;
  readonly manufacturer: string;
  /** USB serial number, or null where the token gives none. */
  readonly serial: string | null;
  /** 'ready' once getInfo was read; 'opening' before; 'failed' with a code. */
  readonly state: { readonly kind: 'opening' } | { readonly kind: 'ready' } | { readonly kind: 'failed'; readonly code: ErrorCode };
  /** 'fido2' speaks CTAP2, 'u2f' CTAP1 alone. */
  readonly protocol: 'fido2' | 'u2f' | 'unknown';
  /** getInfo versions, such as "FIDO_2_1"; "U2F_V2". */
  readonly versions: readonly string[];
  /** 32 lower-case hex digits; null for U2F. */
  readonly aaguid: string | null;
  readonly pin: { readonly state: PinState; readonly retries: number | null; readonly minLength: number };
  readonly can: {
    readonly wink: boolean;
    readonly userVerification: boolean;
    readonly passkeys: boolean;
    readonly managePasskeys: boolean;
    readonly renamePasskeys: boolean;
    readonly fingerprints: boolean;
    readonly alwaysUv: boolean;
    readonly minPinLength: boolean;
    readonly enterpriseAttestation: boolean;
    readonly largeBlobs: boolean;
  };
  /** Passkeys that still fit, where the token says. */
  readonly passkeysLeft: number | null;
}

/** A discoverable credential that is kept on a token (authenticatorCredentialManagement). */
export interface PasskeySummary {
  readonly credentialId: string;
  readonly rpId: string;
  readonly userId: string;
  readonly userName: string;
  readonly userDisplayName: string;
}

/** What the token process asks of the person. Exactly one prompt is open a request. */
export type Prompt =
  | { readonly kind: 'touch'; readonly tokenIds: readonly string[]; readonly purpose: 'use' | 'choose' | 'reset' }
  | { readonly kind: 'pin'; readonly tokenId: string; readonly retries: number; readonly wrong: boolean; readonly minLength: number }
  | {
      readonly kind: 'new-pin';
      readonly tokenId: string;
      readonly minLength: number;
      /** `tooLong`: the PIN has more than 63 bytes or more than the token takes. */
      readonly refused: { readonly minLength: number; readonly typed: number; readonly tooLong?: boolean } | null;
    }
  | { readonly kind: 'plug-in' }
  | { readonly kind: 'replug'; readonly tokenId: string; readonly step: 'pull-out' | 'plug-in' }
  | {
      readonly kind: 'choose-passkey';
      readonly tokenId: string;
      readonly users: readonly { readonly name: string; readonly displayName: string }[];
    };

export type PromptAnswer =
  | { readonly kind: 'pin'; readonly pin: string }
  | { readonly kind: 'new-pin'; readonly pin: string }
  | { readonly kind: 'passkey'; readonly index: number }
  | { readonly kind: 'cancel' };

/** PublicKeyCredentialCreationOptionsJSON, the members that Doorstep uses (WebAuthn Level 3, 5.1.10). */
export interface CreationOptionsJson {
  readonly rp: { readonly id: string; readonly name: string };
  readonly user: { readonly id: string; readonly name: string; readonly displayName: string };
  /** base64url */
  readonly challenge: string;
  readonly pubKeyCredParams: readonly { readonly type: 'public-key'; readonly alg: number }[];
  readonly timeout?: number;
  readonly excludeCredentials?: readonly CredentialDescriptorJson[];
  readonly authenticatorSelection?: {
    readonly residentKey?: 'discouraged' | 'preferred' | 'required';
    readonly userVerification?: 'discouraged' | 'preferred' | 'required';
  };
  readonly attestation?: 'none' | 'indirect' | 'direct' | 'enterprise';
  readonly extensions?: {
    readonly credProps?: boolean;
    readonly credentialProtectionPolicy?:
      | 'userVerificationOptional'
      | 'userVerificationOptionalWithCredentialIDList'
      | 'userVerificationRequired';
    readonly enforceCredentialProtectionPolicy?: boolean;
    readonly hmacCreateSecret?: boolean;
    readonly minPinLength?: boolean;
    readonly credBlob?: string;
    readonly largeBlob?: { readonly support: 'required' | 'preferred' };
  };
}

export interface CredentialDescriptorJson {
  readonly type: 'public-key';
  /** base64url */
  readonly id: string;
  readonly transports?: readonly string[];
}

/** PublicKeyCredentialRequestOptionsJSON (WebAuthn Level 3, 5.1.10). */
export interface RequestOptionsJson {
  readonly challenge: string;
  readonly rpId: string;
  readonly timeout?: number;
  readonly allowCredentials?: readonly CredentialDescriptorJson[];
  readonly userVerification?: 'discouraged' | 'preferred' | 'required';
  readonly extensions?: {
    readonly hmacGetSecret?: { readonly salt1: string; readonly salt2?: string };
    readonly getCredBlob?: boolean;
    readonly largeBlob?: { readonly read?: boolean; readonly write?: string };
  };
}

/** RegistrationResponseJSON (WebAuthn Level 3, 5.1.8). Binary members are base64url. */
export interface RegistrationJson {
  readonly id: string;
  readonly rawId: string;
  readonly type: 'public-key';
  readonly authenticatorAttachment?: 'cross-platform';
  readonly response: { readonly clientDataJSON: string; readonly attestationObject: string; readonly transports: readonly string[] };
  readonly clientExtensionResults: Readonly<Record<string, unknown>>;
}

/** AuthenticationResponseJSON (WebAuthn Level 3, 5.1.8). */
export interface AssertionJson {
  readonly id: string;
  readonly rawId: string;
  readonly type: 'public-key';
  readonly authenticatorAttachment?: 'cross-platform';
  readonly response: {
    readonly clientDataJSON: string;
    readonly authenticatorData: string;
    readonly signature: string;
    readonly userHandle?: string;
  };
  readonly clientExtensionResults: Readonly<Record<string, unknown>>;
}

/**
 * The calls that the token process answers. Where `tokenId` is absent, any plugged-in token may answer
 * and several are told apart by touch. Every call can be stopped with `cancel`.
 */
export interface TokenCalls {
  list: { request: Record<string, never>; answer: readonly TokenSummary[] };
  register: {
    request: { tokenId?: string; origin: string; options: CreationOptionsJson };
    answer: { tokenId: string; credential: RegistrationJson };
  };
  assert: {
    request: { tokenId?: string; origin: string; options: RequestOptionsJson };
    answer: { tokenId: string; credential: AssertionJson };
  };
  setPin: { request: { tokenId: string }; answer: TokenSummary };
  changePin: { request: { tokenId: string }; answer: TokenSummary };
  reset: { request: { tokenId: string }; answer: TokenSummary };
  wink: { request: { tokenId: string }; answer: null };
  /**
   * Which of these credentials (base64url) the token holds, asked silently: no prompt, no touch, no PIN. Null where it
   * holds none or does not say. A hint, no proof. `token.busy` where another call has the token: ask again later.
   */
  recognize: { request: { tokenId: string; rpId: string; credentialIds: readonly string[] }; answer: { credentialId: string | null } };
  passkeys: { request: { tokenId: string }; answer: readonly PasskeySummary[] };
  deletePasskey: { request: { tokenId: string; credentialId: string }; answer: null };
  /** `userId` is the handle as `passkeys` listed it: the token wants the whole user and refuses another handle. */
  renamePasskeyUser: {
    request: { tokenId: string; credentialId: string; userId: string; userName: string; userDisplayName: string };
    answer: null;
  };
}

export type TokenCall = keyof TokenCalls;

/** Messages to the token process. */
export type ToTokenProcess =
  | { readonly kind: 'call'; readonly id: number; readonly call: TokenCall; readonly request: TokenCalls[TokenCall]['request'] }
  | { readonly kind: 'answer'; readonly id: number; readonly answer: PromptAnswer }
  | { readonly kind: 'cancel'; readonly id: number }
  | { readonly kind: 'stop' };

/** Messages from the token process. */
export type FromTokenProcess =
  | { readonly kind: 'ready' }
  | { readonly kind: 'tokens'; readonly tokens: readonly TokenSummary[] }
  | { readonly kind: 'prompt'; readonly id: number; readonly prompt: Prompt | null }
  | { readonly kind: 'done'; readonly id: number; readonly ok: true; readonly value: unknown }
  | { readonly kind: 'done'; readonly id: number; readonly ok: false; readonly code: ErrorCode; readonly detail: ErrorDetail };
