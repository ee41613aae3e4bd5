/** WebAuthn Level 3, section "Test Vectors", through the backend's own verification. */
import { X509Certificate } from 'node:crypto';
import { verifyAuthenticationResponse } from '@simplewebauthn/server';
import { describe, expect, it, vi } from 'vitest';
import { readAttestationObject } from '../../../../src/backend/webauthn/attestation-object.ts';
import { createRelyingParty } from '../../../../src/backend/webauthn/relying-party.ts';
import {
  CA_CERTIFICATE,
  CA_SECRET,
  CA_SERIAL,
  VECTOR_ORIGIN,
  VECTOR_RP_ID,
  type Vector,
  W3C_VECTORS,
} from '../../../support/webauthn/w3c-vectors.ts';

// Both cores may be busy with other suites.
vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

/** Values that the specification prints (none.ES256, none.ES256.crossOrigin, the root), to hold the generator to it. */
const PRINTED = {
  caSecret: '7809337f05740a96a78eedf9e9280499dcc8f2aa129616049ec1dccfe103eb2a',
  caSerial: 'ed7f905d8bd0b414d1784913170a90b6',
  caCertificateStart:
    '30820207308201ada003020102021100ed7f905d8bd0b414d1784913170a90b6300a06082a8648ce3d0403023062311e301c06035504030c15576562417574686e207465737420766563746f7273310c300a060355040a0c03573343',
  attestationObject:
    'a363666d74646e6f6e656761747453746d74a068617574684461746158a4bfabc37432958b063360d3ad6461c9c4735ae7f8edd46592a5e0f01452b2e4b559000000008446ccb9ab1db374750b2367ff6f3a1f0020f91f391db4c9b2fde0ea70189cba3fb63f579ba6122b33ad94ff3ec330084be4a5010203262001215820afefa16f97ca9b2d23eb86ccb64098d20db90856062eb249c33a9b672f26df61225820930a56b87a2fca66334b03458abf879717c12cc68ed73290af2e2664796b9220',
  assertionChallenge: '39c0e7521417ba54d43e8dc95174f423dee9bf3cd804ff6d65c857c9abf4d408',
  authenticatorData: 'bfabc37432958b063360d3ad6461c9c4735ae7f8edd46592a5e0f01452b2e4b51900000000',
  signature:
    '3046022100f50a4e2e4409249c4a853ba361282f09841df4dd4547a13a87780218deffcd380221008480ac0f0b93538174f575bf11a1dd5d78c6e486013f937295ea13653e331e87',
  crossOriginClientData:
    '7b2274797065223a22776562617574686e2e637265617465222c226368616c6c656e6765223a224f2d57717a514e5463554a484930437257576e7951504859647862694332674872434d475666704c4f306b222c226f726967696e223a2268747470733a2f2f6578616d706c652e6f7267222c2263726f73734f726967696e223a747275652c22657874726144617461223a22636c69656e74446174614a534f4e206d617920626520657874656e6465642077697468206164646974696f6e616c206669656c647320696e20746865206675747572652c207375636820617320746869733a207a5a7175457444523944577170573574425754467567227d',
};

const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64url');
const relyingParty = createRelyingParty({
  origin: VECTOR_ORIGIN,
  rpId: VECTOR_RP_ID,
  trust: { roots: [new X509Certificate(CA_CERTIFICATE)], metadata: null },
  algorithms: [-8, -7, -257, -35, -36, -53],
});

function register({ credentialId, registration }: Vector) {
  const id = text(credentialId);
  return relyingParty.checkRegistration(
    {
      id,
      rawId: id,
      response: { clientDataJSON: text(registration.clientDataJSON), attestationObject: text(registration.attestationObject) },
    },
    { question: text(registration.challenge), userVerification: 'preferred' },
  );
}

function assertionOf({ credentialId, assertion }: Vector) {
  const id = text(credentialId);
  return {
    id,
    rawId: id,
    response: {
      clientDataJSON: text(assertion.clientDataJSON),
      authenticatorData: text(assertion.authenticatorData),
      signature: text(assertion.signature),
    },
  };
}

function authenticate(vector: Vector) {
  const object = readAttestationObject(text(vector.registration.attestationObject));
  return relyingParty.checkAssertion(assertionOf(vector), {
    question: text(vector.assertion.challenge),
    userVerification: 'preferred',
    credentialId: text(vector.credentialId),
    publicKey: text(object?.data.attested?.publicKey ?? Buffer.alloc(0)),
    userHandle: 'somebody',
    backupEligible: object?.data.backupEligible ?? false,
  });
}

/** What comes of each registration, and why where it is refused. */
const REGISTRATIONS: Readonly<Record<string, string>> = {
  'none.ES256': 'none',
  'packed-self.ES256': 'self',
  // Doorstep's pages are never framed.
  'none.ES256.crossOrigin': 'refused: cross-origin',
  'none.ES256.topOrigin': 'refused: cross-origin',
  'none.ES256.long-credential-id': 'none',
  'packed.ES256': 'verified',
  'packed.ES384': 'verified',
  'packed.ES512': 'verified',
  'packed.RS256': 'verified',
  'packed.EdDSA': 'verified',
  'packed.Ed448': 'verified',
  // 8.3.1 asks for a TPM maker of the TCG registry; the vector names id:00000000.
  'tpm.ES256': 'refused: attestation',
  // 8.4 asks for an origin and a purpose in the key description; the vector's lists are empty.
  'android-key.ES256': 'refused: attestation',
  'apple.ES256': 'verified',
  'fido-u2f.ES256': 'verified',
};

describe('W3C WebAuthn Level 3 test vectors', () => {
  it('are made as the specification prints them', () => {
    const [none, , crossOrigin] = W3C_VECTORS;
    expect(CA_SECRET.toString('hex')).toBe(PRINTED.caSecret);
    expect(CA_SERIAL.toString('hex')).toBe(PRINTED.caSerial);
    expect(CA_CERTIFICATE.toString('hex').startsWith(PRINTED.caCertificateStart)).toBe(true);
    expect(none?.registration.attestationObject.toString('hex')).toBe(PRINTED.attestationObject);
    expect(none?.assertion.challenge.toString('hex')).toBe(PRINTED.assertionChallenge);
    expect(none?.assertion.authenticatorData.toString('hex')).toBe(PRINTED.authenticatorData);
    expect(none?.assertion.signature.toString('hex')).toBe(PRINTED.signature);
    expect(crossOrigin?.registration.clientDataJSON.toString('hex')).toBe(PRINTED.crossOriginClientData);
    expect(W3C_VECTORS.map(({ name }) => name)).toEqual(Object.keys(REGISTRATIONS));
  });

  it.each(W3C_VECTORS.map((vector) => [vector.name, vector] as const))('registration %s', async (name, vector) => {
    const verdict = await register(vector);
    expect(verdict.ok ? verdict.credential.attestation : `refused: ${verdict.refusal}`).toBe(REGISTRATIONS[name]);
    if (verdict.ok) expect(verdict.credential.credentialId).toBe(text(vector.credentialId));
  });

  it.each(W3C_VECTORS.map((vector) => [vector.name, vector] as const))('authentication %s', async (name, vector) => {
    const verdict = await authenticate(vector);
    const framed = name.includes('Origin');
    expect(verdict).toMatchObject(framed ? { ok: false, refusal: 'cross-origin' } : { ok: true, counter: 0 });
  });

  it.each(
    W3C_VECTORS.filter(({ name }) => !name.includes('Ed448') && !name.includes('Origin')).map((vector) => [vector.name, vector] as const),
  )('the library agrees on %s', async (_, vector) => {
    const object = readAttestationObject(text(vector.registration.attestationObject));
    const { verified } = await verifyAuthenticationResponse({
      response: { ...assertionOf(vector), type: 'public-key', clientExtensionResults: {} },
      expectedChallenge: text(vector.assertion.challenge),
      expectedOrigin: VECTOR_ORIGIN,
      expectedRPID: VECTOR_RP_ID,
      requireUserVerification: false,
      credential: {
        id: text(vector.credentialId),
        publicKey: new Uint8Array(object?.data.attested?.publicKey ?? Buffer.alloc(0)),
        counter: 0,
      },
    });
    expect(verified).toBe(true);
  });

  it('refuses each vector with one bit changed anywhere in what is signed', async () => {
    for (const vector of W3C_VECTORS.filter(({ name }) => !name.includes('Origin'))) {
      for (const part of ['authenticatorData', 'signature'] as const) {
        for (let index = 0; index < vector.assertion[part].length; index += 1) {
          const changed = Buffer.from(vector.assertion[part]);
          changed[index] = (changed[index] ?? 0) ^ 0x01;
          const verdict = await authenticate({ ...vector, assertion: { ...vector.assertion, [part]: changed } });
          expect(verdict.ok, `${vector.name} ${part} ${index}`).toBe(false);
        }
      }
    }
  });
});
