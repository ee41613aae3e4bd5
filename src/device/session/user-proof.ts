/** Verifying the person for one operation: a pinUvAuthToken by PIN or by the token itself, or the token's word. */
import { DoorstepError } from '../../contract/errors.ts';
import { getPinToken, getPinUvAuthTokenUsingPin, getPinUvAuthTokenUsingUv, type TokenPermissions } from '../ctap2/client-pin.ts';
import { type Answer, unwrap } from '../ctap2/command.ts';
import { authenticateWith, type SharedSecret } from '../ctap2/pin-protocol.ts';
import { STATUS, statusError } from '../ctap2/status.ts';
import type { Ceremony } from './human.ts';
import { agreeWith, withPin } from './pin-entry.ts';
import type { SessionToken } from './token.ts';
import { touching } from './touch.ts';
import { decideUv, type UvDecision, type UvQuestion } from './uv-decision.ts';

export type UserProof =
  | { readonly kind: 'none' }
  /** The operation itself carries the option uv. */
  | { readonly kind: 'built-in' }
  | {
      readonly kind: 'token';
      readonly protocol: number;
      /** pinUvAuthParam for a message. */
      readonly sign: (message: Uint8Array) => Uint8Array;
      readonly secret: SharedSecret;
      /** A new pinUvAuthToken, for the one case that the first one was too old. Throws where the person is needed again. */
      readonly renew: () => Promise<UserProof>;
    };

export interface ProofNeed extends TokenPermissions, Omit<UvQuestion, 'option' | 'permissions'> {}

/** Where a token does not say how often it wants to try by itself (CTAP 2.1: preferredPlatformUvAttempts). */
const UV_ATTEMPTS = 3;

/**
 * Verifies the person as `need` and the token ask, and runs `operation` with the proof. A proof that the token calls too
 * old is renewed once; a token that wants a proof after all gets one.
 * Throws `pin.not-set`, `pin.must-change`, `pin.blocked`, `pin.locked-until-replug`, `token.unsupported`, `token.canceled`.
 */
export async function withProof<T>(
  token: SessionToken,
  need: ProofNeed,
  ceremony: Ceremony,
  operation: (proof: UserProof) => Promise<Answer<T>>,
): Promise<Answer<T>> {
  const decide = () => decideUv({ ...need, option: (name) => token.option(name) });
  let decision = decide();
  if (decision.how === 'refuse') {
    // Another program may have set a PIN since getInfo was read.
    await token.refresh();
    decision = decide();
  }
  const proof = await prove(token, need, decision, ceremony);
  const answer = await operation(proof);
  if (answer.ok) return answer;
  const second = await secondProof(token, need, ceremony, decision, proof, answer.status);
  return second === null ? answer : operation(second);
}

async function secondProof(
  token: SessionToken,
  need: ProofNeed,
  ceremony: Ceremony,
  decision: UvDecision,
  proof: UserProof,
  status: number,
): Promise<UserProof | null> {
  switch (proof.kind) {
    case 'token':
      return status === STATUS.pinAuthInvalid || status === STATUS.pinTokenExpired ? proof.renew() : null;
    case 'built-in': {
      const failed = status === STATUS.uvInvalid || status === STATUS.uvBlocked || status === STATUS.puatRequired;
      return failed && decision.how === 'built-in' && decision.pinToo ? byPin(token, need, ceremony) : null;
    }
    case 'none': {
      if (status !== STATUS.puatRequired) return null;
      await token.refresh();
      const required = decideUv({ ...need, wanted: 'required', option: (name) => token.option(name) });
      return prove(token, need, required, ceremony);
    }
  }
}

async function prove(token: SessionToken, need: ProofNeed, decision: UvDecision, ceremony: Ceremony): Promise<UserProof> {
  switch (decision.how) {
    case 'none':
      return { kind: 'none' };
    case 'built-in':
      return { kind: 'built-in' };
    case 'built-in-token':
      return (await byToken(token, need, ceremony, decision.pinToo)) ?? byPin(token, need, ceremony);
    case 'pin':
      return byPin(token, need, ceremony);
    case 'refuse':
      throw new DoorstepError(decision.code);
  }
}

/** Null where the token gives up on the person and its PIN may be used instead. */
async function byToken(token: SessionToken, need: ProofNeed, ceremony: Ceremony, pinToo: boolean): Promise<UserProof | null> {
  const attempts = Math.max(1, Math.min(token.ctap2.preferredPlatformUvAttempts ?? UV_ATTEMPTS, UV_ATTEMPTS));
  for (let attempt = 1; ; attempt++) {
    const secret = await agreeWith(token, ceremony);
    const ask = () => getPinUvAuthTokenUsingUv(token.link, secret, permissionsOf(need), { signal: ceremony.signal });
    const answer = await touching([token], 'use', ceremony, ask);
    if (answer.ok) return tokenProof(secret, answer.value, async () => renewByToken(token, need, ceremony));
    const once = answer.status === STATUS.uvInvalid && attempt < attempts;
    if (once) continue;
    if (pinToo && (answer.status === STATUS.uvInvalid || answer.status === STATUS.uvBlocked)) return null;
    throw statusError(answer.status);
  }
}

async function renewByToken(token: SessionToken, need: ProofNeed, ceremony: Ceremony): Promise<UserProof> {
  const proof = await byToken(token, need, ceremony, false);
  if (proof === null) throw new DoorstepError('token.refused');
  return proof;
}

/** Throws `pin.must-change` before anything is asked: a right PIN would look wrong (section 6.5.5.7.1). */
async function byPin(token: SessionToken, need: ProofNeed, ceremony: Ceremony): Promise<UserProof> {
  if (token.ctap2.forcePinChange) await token.refresh();
  if (token.ctap2.forcePinChange) throw new DoorstepError('pin.must-change');
  const fetch = (secret: SharedSecret, pinHash: Uint8Array) => tokenByPin(token, need, ceremony, secret, pinHash);
  const { value, pinHash, secret } = await withPin(token, ceremony, fetch);
  return tokenProof(secret, value, async () => {
    const fresh = await agreeWith(token, ceremony);
    const again = unwrap(await fetch(fresh, pinHash));
    return tokenProof(fresh, again, () => Promise.reject(new DoorstepError('token.refused')));
  });
}

function tokenByPin(token: SessionToken, need: ProofNeed, { signal }: Ceremony, secret: SharedSecret, pinHash: Uint8Array) {
  return token.option('pinUvAuthToken') === true
    ? getPinUvAuthTokenUsingPin(token.link, secret, pinHash, permissionsOf(need), { signal })
    : getPinToken(token.link, secret, pinHash, { signal });
}

function permissionsOf({ permissions, rpId }: TokenPermissions): TokenPermissions {
  return rpId === undefined ? { permissions } : { permissions, rpId };
}

function tokenProof(secret: SharedSecret, pinUvAuthToken: Uint8Array, renew: () => Promise<UserProof>): UserProof {
  const sign = (message: Uint8Array) => authenticateWith(secret.protocol, pinUvAuthToken, message);
  return { kind: 'token', protocol: secret.protocol, sign, secret, renew };
}

/** The members of a request that carry the proof, for a message to be signed. */
export function proofMembers(
  proof: UserProof,
  message: Uint8Array,
): { userVerification?: true; pinUvAuth?: { protocol: number; param: Uint8Array } } {
  switch (proof.kind) {
    case 'none':
      return {};
    case 'built-in':
      return { userVerification: true };
    case 'token':
      return { pinUvAuth: { protocol: proof.protocol, param: proof.sign(message) } };
  }
}
