/**
 * WebAuthn as the backend does it: our own strict checks of everything that the library leaves to its caller, and the
 * library for the attestation statements and the signatures. No network, ever: the library's own trust services stay
 * empty (they would fetch lists), who made a token is judged in `attestation.ts`.
 */
import { createHash } from 'node:crypto';
import { SettingsService, verifyAuthenticationResponse, verifyRegistrationResponse } from '@simplewebauthn/server';
import type {
  AssertionAnswer,
  AssertionVerdict,
  ExpectedAssertion,
  ExpectedRegistration,
  RegistrationAnswer,
  RegistrationVerdict,
  WebAuthn,
} from '../domain/webauthn.ts';
import { type AttestationTrust, judgeAttestation } from './attestation.ts';
import { type AttestationObject, mayFetch, readAttestationObject } from './attestation-object.ts';
import { type AuthenticatorData, readAuthenticatorData } from './authenticator-data.ts';
import { fromBase64Url } from './base64url.ts';
import { refusedClientData } from './client-data.ts';
import { isWeakKey } from './cose-key.ts';

export interface RelyingPartyOptions {
  readonly origin: string;
  readonly rpId: string;
  readonly trust: AttestationTrust;
  /** COSE algorithms (IANA), best first. RS1 (-65535) is not among them and never will be. */
  readonly algorithms?: readonly number[];
}

/** EdDSA with Ed25519, ES256, RS256. */
const DEFAULT_ALGORITHMS = [-8, -7, -257];
const FORMATS = new Set(['none', 'packed', 'fido-u2f', 'tpm', 'android-key', 'apple']);

export function createRelyingParty(options: RelyingPartyOptions): WebAuthn {
  for (const identifier of ['android-key', 'android-safetynet', 'apple'] as const) {
    SettingsService.setRootCertificates({ identifier, certificates: [] });
  }
  const algorithms = options.algorithms ?? DEFAULT_ALGORITHMS;
  const rpIdHash = createHash('sha256').update(options.rpId).digest();
  const context = { ...options, algorithms, rpIdHash };
  return {
    algorithms,
    checkRegistration: (answer, expected) => checkRegistration(context, answer, expected),
    checkAssertion: (answer, expected) => checkAssertion(context, answer, expected),
  };
}

interface Context extends RelyingPartyOptions {
  readonly algorithms: readonly number[];
  readonly rpIdHash: Buffer;
}

type Flags = Pick<ExpectedRegistration, 'userVerification'>;

/** 7.1 steps 13 to 17, 7.2 steps 15 to 19: who it is for, touch, PIN, and the two backup flags. */
function refusedFlags(
  context: Context,
  data: AuthenticatorData,
  expected: Flags,
): 'rp-id' | 'user-presence' | 'user-verification' | 'backup-flags' | null {
  if (!context.rpIdHash.equals(data.rpIdHash)) return 'rp-id';
  if (!data.userPresent) return 'user-presence';
  if (expected.userVerification === 'required' && !data.userVerified) return 'user-verification';
  if (data.backedUp && !data.backupEligible) return 'backup-flags';
  return null;
}

async function checkRegistration(
  context: Context,
  answer: RegistrationAnswer,
  expected: ExpectedRegistration,
): Promise<RegistrationVerdict> {
  const refuse = (refusal: Exclude<RegistrationVerdict, { ok: true }>['refusal']): RegistrationVerdict => ({
    ok: false,
    code: 'webauthn.failed',
    refusal,
  });
  const { clientDataJSON, attestationObject, transports } = answer.response;
  const refusedClient = refusedClientData(clientDataJSON, {
    type: 'webauthn.create',
    question: expected.question,
    origin: context.origin,
  });
  if (refusedClient !== null) return refuse(refusedClient);
  const object = readAttestationObject(attestationObject);
  if (object === null) return refuse('malformed');
  const { data, format, chain } = object;
  const refusedByFlags = refusedFlags(context, data, expected);
  if (refusedByFlags !== null) return refuse(refusedByFlags);
  const attested = data.attested;
  if (attested === null || Buffer.from(attested.credentialId).toString('base64url') !== answer.id) return refuse('credential');
  if (isWeakKey(attested.publicKey)) return refuse('algorithm');
  if (!(await statementHolds(context, answer, expected, object))) return refuse('attestation');
  const judged = judgeAttestation(context.trust, { format, aaguid: dashedAaguid(attested.aaguid), chain, now: new Date() });
  if (!judged.ok) return { ok: false, code: 'attestation.refused', refusal: 'attestation', status: judged.status };
  return {
    ok: true,
    credential: {
      credentialId: answer.id,
      publicKey: Buffer.from(attested.publicKey).toString('base64url'),
      counter: data.counter,
      transports: [...new Set(transports ?? [])],
      aaguid: dashedAaguid(attested.aaguid),
      attestation: judged.attestation,
      model: judged.model,
      backupEligible: data.backupEligible,
      backedUp: data.backedUp,
      userVerified: data.userVerified,
    },
  };
}

/** 7.1 steps 21 and 22: the statement is well-formed and its signature holds. Says nothing about who made the token. */
async function statementHolds(
  context: Context,
  answer: RegistrationAnswer,
  expected: ExpectedRegistration,
  object: AttestationObject,
): Promise<boolean> {
  if (!FORMATS.has(object.format) || mayFetch(object)) return false;
  try {
    const { verified } = await verifyRegistrationResponse({
      response: {
        id: answer.id,
        rawId: answer.rawId,
        type: 'public-key',
        clientExtensionResults: {},
        response: { clientDataJSON: answer.response.clientDataJSON, attestationObject: answer.response.attestationObject },
      },
      expectedChallenge: expected.question,
      expectedOrigin: context.origin,
      expectedRPID: context.rpId,
      requireUserVerification: expected.userVerification === 'required',
      supportedAlgorithmIDs: [...context.algorithms],
    });
    return verified;
  } catch {
    // The library throws for every fault of the answer, each with a text of its own; none of them is for people.
    return false;
  }
}

/** Lower-case hex with dashes (RFC 9562); all zero means that the token names no model. */
function dashedAaguid(bytes: Uint8Array): string | null {
  const hex = Buffer.from(bytes).toString('hex');
  if (/^0{32}$/.test(hex)) return null;
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-');
}

async function checkAssertion(context: Context, answer: AssertionAnswer, expected: ExpectedAssertion): Promise<AssertionVerdict> {
  const refuse = (refusal: Exclude<AssertionVerdict, { ok: true }>['refusal']): AssertionVerdict => ({ ok: false, refusal });
  if (answer.id !== expected.credentialId || answer.rawId !== answer.id) return refuse('credential');
  const { clientDataJSON, authenticatorData, signature, userHandle } = answer.response;
  const refusedClient = refusedClientData(clientDataJSON, { type: 'webauthn.get', question: expected.question, origin: context.origin });
  if (refusedClient !== null) return refuse(refusedClient);
  // 7.2 step 6: a token that names the person names this one; one that is a second factor alone may stay silent.
  if (userHandle !== undefined && userHandle !== null && userHandle !== '' && userHandle !== expected.userHandle)
    return refuse('user-handle');
  const bytes = fromBase64Url(authenticatorData);
  const data = bytes === null ? null : readAuthenticatorData(bytes);
  if (data === null) return refuse('malformed');
  const refusedByFlags = refusedFlags(context, data, expected);
  if (refusedByFlags !== null) return refuse(refusedByFlags);
  // 7.2 step 18: whether a credential may be copied is settled when it is made.
  if (data.backupEligible !== expected.backupEligible) return refuse('backup-flags');
  if (fromBase64Url(signature) === null || !(await signatureHolds(context, answer, expected))) return refuse('signature');
  return { ok: true, counter: data.counter, userVerified: data.userVerified, backedUp: data.backedUp };
}

async function signatureHolds(context: Context, answer: AssertionAnswer, expected: ExpectedAssertion): Promise<boolean> {
  try {
    const { verified } = await verifyAuthenticationResponse({
      response: {
        id: answer.id,
        rawId: answer.rawId,
        type: 'public-key',
        clientExtensionResults: {},
        response: {
          clientDataJSON: answer.response.clientDataJSON,
          authenticatorData: answer.response.authenticatorData,
          signature: answer.response.signature,
        },
      },
      expectedChallenge: expected.question,
      expectedOrigin: context.origin,
      expectedRPID: context.rpId,
      requireUserVerification: expected.userVerification === 'required',
      // The counter is the store's: compared and set in one step, after the signature has been found good.
      credential: { id: expected.credentialId, publicKey: new Uint8Array(Buffer.from(expected.publicKey, 'base64url')), counter: 0 },
    });
    return verified;
  } catch {
    return false;
  }
}
