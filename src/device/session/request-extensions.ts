/** Extensions of an assertion (WebAuthn section 10.1, CTAP 2.1 section 12). */
import { DoorstepError } from '../../contract/errors.ts';
import { concat, toBase64url } from '../bytes.ts';
import { type CborKey, type CborMap, type CborValue, cborMap } from '../ctap2/cbor.ts';
import type { Assertion } from '../ctap2/get-assertion.ts';
import type { SharedSecret } from '../ctap2/pin-protocol.ts';
import type { Ceremony } from './human.ts';
import { readBlob, writeBlob } from './large-blob.ts';
import { bytesOf, type Request } from './options.ts';
import { agreeWith } from './pin-entry.ts';
import type { SessionToken } from './token.ts';
import type { UserProof } from './user-proof.ts';

/** Bytes of one salt and of one output of hmac-secret. */
const SALT = 32;

export interface RequestExtensions {
  /** Whether a largeBlobWrite permission is needed. */
  readonly writes: boolean;
  /** The map for the token; may fetch a key agreement. */
  readonly inputs: (proof: UserProof) => Promise<{ readonly map: CborMap; readonly secret: SharedSecret | null }>;
  /** What the relying party gets. */
  readonly outputs: (assertion: Assertion, proof: UserProof, secret: SharedSecret | null) => Promise<Readonly<Record<string, unknown>>>;
}

/** Throws `request.malformed` for salts of a wrong length. What the token does not know is left out. */
export function requestExtensions(token: SessionToken, { extensions }: Request, ceremony: Ceremony): RequestExtensions {
  const known = new Set(token.info?.extensions ?? []);
  const salts = saltsOf(extensions.hmacGetSecret);
  const hmac = salts !== null && known.has('hmac-secret');
  const credBlob = extensions.getCredBlob === true && known.has('credBlob');
  const large = extensions.largeBlob !== undefined && known.has('largeBlobKey') && token.option('largeBlobs') === true;
  const write = extensions.largeBlob?.write === undefined ? undefined : bytesOf(extensions.largeBlob.write, 'largeBlob.write');

  return {
    writes: large && write !== undefined,
    async inputs(proof) {
      const inputs: [CborKey, CborValue][] = [];
      let secret: SharedSecret | null = null;
      if (hmac && salts !== null) {
        secret = proof.kind === 'token' ? proof.secret : await agreeWith(token, ceremony);
        inputs.push(['hmac-secret', hmacInput(secret, salts)]);
      }
      if (credBlob) inputs.push(['credBlob', true]);
      if (large) inputs.push(['largeBlobKey', true]);
      return { map: cborMap(inputs), secret };
    },
    async outputs(assertion, proof, secret) {
      const outputs: Record<string, unknown> = {};
      const fromToken = assertion.authData.extensions;
      const sealed = fromToken?.get('hmac-secret');
      if (secret !== null && salts !== null && sealed instanceof Uint8Array)
        outputs['hmacGetSecret'] = hmacOutput(secret.decrypt(sealed), salts);
      const stored = fromToken?.get('credBlob');
      if (credBlob && stored instanceof Uint8Array) outputs['getCredBlob'] = toBase64url(stored);
      const key = assertion.largeBlobKey;
      if (large && key !== undefined) outputs['largeBlob'] = await largeBlob(token, key, write, proof, ceremony);
      return outputs;
    },
  };
}

function saltsOf(wanted: { readonly salt1: string; readonly salt2?: string } | undefined): Uint8Array | null {
  if (wanted === undefined) return null;
  const salts = [wanted.salt1, ...(wanted.salt2 === undefined ? [] : [wanted.salt2])].map((salt) => bytesOf(salt, 'hmacGetSecret'));
  if (salts.some(({ length }) => length !== SALT)) throw new DoorstepError('request.malformed', { member: 'hmacGetSecret' });
  return concat(...salts);
}

function hmacInput(secret: SharedSecret, salts: Uint8Array): CborMap {
  const sealed = secret.encrypt(salts);
  return cborMap([
    [1, secret.platformKey],
    [2, sealed],
    [3, secret.authenticate(sealed)],
    // Tokens of CTAP 2.0 know no fourth member, and protocol one alone.
    [4, secret.protocol === 2 ? 2 : undefined],
  ]);
}

function hmacOutput(output: Uint8Array, salts: Uint8Array): Readonly<Record<string, string>> {
  if (output.length !== salts.length) throw new DoorstepError('token.misbehaved', { reason: 'hmac-secret' });
  const output1 = toBase64url(output.slice(0, SALT));
  return output.length === SALT ? { output1 } : { output1, output2: toBase64url(output.slice(SALT)) };
}

async function largeBlob(
  token: SessionToken,
  key: Uint8Array,
  write: Uint8Array | undefined,
  proof: UserProof,
  ceremony: Ceremony,
): Promise<Readonly<Record<string, unknown>>> {
  if (key.length !== 32) throw new DoorstepError('token.misbehaved', { reason: 'large-blob-key' });
  if (write !== undefined) return { written: await writeBlob(token, key, write, proof, ceremony) };
  const blob = await readBlob(token, key, ceremony);
  return blob === null ? {} : { blob: toBase64url(blob) };
}
