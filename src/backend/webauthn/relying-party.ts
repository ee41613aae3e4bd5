/**
 * WebAuthn as the backend does it: assertions, and all that a registration says of itself, are checked by our own strict
 * code, step by step as the specification has them (and against the library in the tests); attestation statements by the
 * library. No network, ever: the library's own trust services stay empty (they would fetch lists), who made a token is
 * judged in `attestation.ts`.
 */
import { hash } from 'node:crypto';
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
import { holds, KeptKeys, readCredentialKey } from './cose-key.ts';
import { u2fStatementHolds } from './u2f-statement.ts';

export interface RelyingPartyOptions {
  readonly origin: string;
  readonly rpId: string;
  readonly trust: AttestationTrust;
  /** COSE algorithms (IANA), best first. RS1 (-65535) is not among them and never will be. */
  readonly algorithms?: readonly number[];
}

/** EdDSA with Ed25519, ES256, RS256. */
const DEFAULT_ALGORITHMS = [-8, -7, -257];
const MOST_KEYS = 10_000;
const FORMATS = new Set(['none', 'packed', 'fido-u2f', 'tpm', 'android-key', 'apple']);

export function createRelyingParty(options: RelyingPartyOptions): WebAuthn {
  const algorithms = options.algorithms ?? DEFAULT_ALGORITHMS;
  const rpIdHash = hash('sha256', options.rpId, 'buffer');
  const context = { ...options, algorithms, rpIdHash, keys: new KeptKeys(MOST_KEYS) };
  return {
    algorithms,
    checkRegistration: (answer, expected) => checkRegistration(context, answer, expected),
    checkAssertion: (answer, expected) => checkAssertion(context, answer, expected),
  };
}

interface Context extends RelyingPartyOptions {
  readonly algorithms: readonly number[];
  readonly rpIdHash: Buffer;
  readonly keys: KeptKeys;
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
  const clientData = fromBase64Url(clientDataJSON);
  if (clientData === null) return refuse('malformed');
  const refusedClient = refusedClientData(clientData, {
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
  const key = readCredentialKey(attested.publicKey);
  if (key === null || !context.algorithms.includes(key.algorithm)) return refuse('algorithm');
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
    if (object.format === 'fido-u2f') {
      const clientData = Buffer.from(answer.response.clientDataJSON, 'base64url');
      return u2fStatementHolds(object, hash('sha256', clientData, 'buffer'));
    }
    const { verifyRegistrationResponse } = await library();
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

let loading: Promise<typeof import('@simplewebauthn/server')> | null = null;

/** Loaded at the first registration: it takes longer to load than all the rest of the backend. Its own lists of roots are emptied. */
function library(): Promise<typeof import('@simplewebauthn/server')> {
  loading ??= import('@simplewebauthn/server').then((loaded) => {
    for (const identifier of ['android-key', 'android-safetynet', 'apple'] as const) {
      loaded.SettingsService.setRootCertificates({ identifier, certificates: [] });
    }
    return loaded;
  });
  return loading;
}

/** Lower-case hex with dashes (RFC 9562); all zero means that the token names no model. */
function dashedAaguid(bytes: Uint8Array): string | null {
  const hex = Buffer.from(bytes).toString('hex');
  if (/^0{32}$/.test(hex)) return null;
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-');
}

/** WebAuthn Level 3, 7.2, from step 5 on; the counter (step 22) is the store's. Synchronous work: a signature is 60 µs. */
async function checkAssertion(context: Context, answer: AssertionAnswer, expected: ExpectedAssertion): Promise<AssertionVerdict> {
  const refuse = (refusal: Exclude<AssertionVerdict, { ok: true }>['refusal']): AssertionVerdict => ({ ok: false, refusal });
  if (answer.id !== expected.credentialId || answer.rawId !== answer.id) return refuse('credential');
  const { response } = answer;
  const clientData = fromBase64Url(response.clientDataJSON);
  const authenticatorData = fromBase64Url(response.authenticatorData);
  const signature = fromBase64Url(response.signature);
  if (clientData === null || authenticatorData === null || signature === null) return refuse('malformed');
  const refusedClient = refusedClientData(clientData, { type: 'webauthn.get', question: expected.question, origin: context.origin });
  if (refusedClient !== null) return refuse(refusedClient);
  // Step 6: a token that names the person names this one; one that is a second factor alone may stay silent.
  if (response.userHandle && response.userHandle !== expected.userHandle) return refuse('user-handle');
  const data = readAuthenticatorData(authenticatorData);
  if (data === null) return refuse('malformed');
  const refusedByFlags = refusedFlags(context, data, expected);
  if (refusedByFlags !== null) return refuse(refusedByFlags);
  // Step 18: whether a credential may be copied is settled when it is made.
  if (data.backupEligible !== expected.backupEligible) return refuse('backup-flags');
  // Steps 20 and 21.
  const key = context.keys.read(expected.publicKey);
  if (key === null) return refuse('algorithm');
  const signed = Buffer.concat([authenticatorData, hash('sha256', clientData, 'buffer')]);
  if (!holds(key, signed, signature)) return refuse('signature');
  return { ok: true, counter: data.counter, userVerified: data.userVerified, backedUp: data.backedUp };
}
