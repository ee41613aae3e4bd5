import { randomBytes } from 'node:crypto';
import { type Cbor, type CborMap, encodeCbor } from '../cbor.ts';
import { type Algorithm, newPrivateKey, publicCoseKey, signWith } from '../crypto/keys.ts';
import { type CredentialUser, type StoredCredential, sha256 } from '../state.ts';
import { Status, StatusError } from '../status.ts';
import { authenticatorData } from './authenticator-data.ts';
import type { Body } from './body.ts';
import { CREDENTIAL_ID_LENGTH, findCredential, largeBlobKey, wrapCredential } from './credentials.ts';
import {
  descriptorIds,
  optionalBytes,
  optionalCount,
  optionalFlag,
  optionalList,
  optionalMap,
  optionalText,
  required,
} from './parameters.ts';
import { Permission } from './pin-uv-auth.ts';
import { startOfCommand, verifyUser } from './user-verification.ts';

const AUTH = { param: 8, protocol: 9 };
const NOTHING: CborMap = new Map();

/** authenticatorMakeCredential (CTAP 2.1, 6.1); the order of the checks is that of 6.1.2. */
export async function makeCredential(body: Body, request: CborMap, signal: AbortSignal): Promise<CborMap> {
  const clientDataHash = required(optionalBytes(request, 1));
  const rpId = required(optionalText(required(optionalMap(request, 2)), 'id'));
  const user = userOf(required(optionalMap(request, 3)));
  const params = required(optionalList(request, 4));
  const options = optionalMap(request, 7) ?? NOTHING;
  const extensions = optionalMap(request, 6) ?? NOTHING;
  await startOfCommand(body, request, AUTH, signal);
  const algorithm = chooseAlgorithm(body, params);
  const asked = checkOptions(body, request, options);
  const enterprise = checkEnterprise(body, request, rpId);
  const rpIdHash = sha256(Buffer.from(rpId));
  const seen = await verifyUser(body, request, { keys: AUTH, permission: Permission.mc, rpId, hash: clientDataHash, uv: asked.uv }, signal);

  const excluded = checkedList(body, optionalList(request, 5)).some((id) => {
    const found = findCredential(body, rpIdHash, id);
    return found !== null && (found.credProtect !== 3 || seen.uv);
  });
  if (!seen.up) await body.touch(signal);
  body.auth.consume();
  if (excluded) throw new StatusError(Status.CREDENTIAL_EXCLUDED);

  const made = create(body, { rpId, rpIdHash, user, algorithm, rk: asked.rk, extensions });
  body.state.counter += 1;
  body.save();
  const authData = authenticatorData({
    rpIdHash,
    up: true,
    uv: seen.uv,
    counter: body.state.counter,
    attested: attestedData(body, made.id, publicCoseKey(algorithm, made.privateKey)),
    extensions: made.outputs,
  });
  const response: CborMap = new Map<number, Cbor>([[2, authData]]);
  attest(body, response, algorithm, made.privateKey, Buffer.concat([authData, clientDataHash]));
  if (enterprise) response.set(4, true);
  if (made.largeBlobKey !== null) response.set(5, made.largeBlobKey);
  return response;
}

function userOf(map: CborMap): CredentialUser {
  const id = required(optionalBytes(map, 'id'));
  if (id.length > 64) throw new StatusError(Status.INVALID_LENGTH);
  const name = optionalText(map, 'name');
  const displayName = optionalText(map, 'displayName');
  return { id, ...(name === undefined ? {} : { name }), ...(displayName === undefined ? {} : { displayName }) };
}

function chooseAlgorithm(body: Body, params: readonly Cbor[]): Algorithm {
  let chosen: Algorithm | null = null;
  for (const item of params) {
    if (!(item instanceof Map)) throw new StatusError(Status.CBOR_UNEXPECTED_TYPE);
    const alg = required(item.get('alg'));
    if (required(optionalText(item, 'type')) !== 'public-key' || chosen !== null) continue;
    chosen = body.profile.algorithms.find((known) => known === alg) ?? null;
  }
  if (chosen === null) throw new StatusError(Status.UNSUPPORTED_ALGORITHM);
  return chosen;
}

function checkOptions(body: Body, request: CborMap, options: CborMap): { rk: boolean; uv: boolean } {
  const param = request.has(AUTH.param);
  const rk = optionalFlag(options, 'rk') ?? false;
  let uv = !param && (optionalFlag(options, 'uv') ?? false);
  if (uv && !body.uvConfigured) throw new StatusError(Status.INVALID_OPTION);
  if (rk && !body.profile.rk) throw new StatusError(Status.UNSUPPORTED_OPTION);
  if (optionalFlag(options, 'up') === false) throw new StatusError(Status.INVALID_OPTION);
  if (body.state.alwaysUv && !param && !uv) {
    if (!body.uvConfigured) throw new StatusError(Status.PUAT_REQUIRED);
    uv = true;
  }
  const mayGoWithout = body.profile.makeCredUvNotRqd && !body.state.alwaysUv && !rk;
  if (body.protected && !param && !uv && !mayGoWithout) throw new StatusError(Status.PUAT_REQUIRED);
  return { rk, uv };
}

function checkEnterprise(body: Body, request: CborMap, rpId: string): boolean {
  const wanted = optionalCount(request, 0x0a);
  if (wanted === undefined) return false;
  if (!body.profile.ep || !body.state.enterprise) throw new StatusError(Status.INVALID_PARAMETER);
  if (wanted !== 1 && wanted !== 2) throw new StatusError(Status.INVALID_OPTION);
  return wanted === 2 || body.profile.enterpriseRpIds.includes(rpId);
}

/** Ids of an allowList or excludeList. @throws StatusError LIMIT_EXCEEDED */
export function checkedList(body: Body, list: readonly Cbor[] | undefined): Buffer[] {
  if (list === undefined) return [];
  const limit = body.profile.maxCredentialCountInList;
  if (limit !== null && list.length > limit) throw new StatusError(Status.LIMIT_EXCEEDED);
  return descriptorIds(list);
}

interface Made {
  readonly id: Buffer;
  readonly privateKey: Buffer;
  readonly outputs: CborMap;
  readonly largeBlobKey: Buffer | null;
}

function create(
  body: Body,
  wanted: {
    readonly rpId: string;
    readonly rpIdHash: Buffer;
    readonly user: CredentialUser;
    readonly algorithm: Algorithm;
    readonly rk: boolean;
    readonly extensions: CborMap;
  },
): Made {
  const { rpId, rpIdHash, user, algorithm, rk, extensions } = wanted;
  const knows = new Set<string>(body.profile.extensions);
  const outputs: CborMap = new Map();

  let credProtect: 1 | 2 | 3 = 1;
  const protect = knows.has('credProtect') ? optionalCount(extensions, 'credProtect') : undefined;
  if (protect !== undefined) {
    if (protect !== 1 && protect !== 2 && protect !== 3) throw new StatusError(Status.INVALID_OPTION);
    credProtect = protect;
    outputs.set('credProtect', protect);
  }
  if (knows.has('hmac-secret') && optionalFlag(extensions, 'hmac-secret') === true) outputs.set('hmac-secret', true);
  if (knows.has('minPinLength') && optionalFlag(extensions, 'minPinLength') === true && body.state.minPinRpIds.includes(rpId)) {
    outputs.set('minPinLength', body.state.minPinLength);
  }
  const blob = knows.has('credBlob') ? optionalBytes(extensions, 'credBlob') : undefined;
  const keepsBlob = blob !== undefined && rk && blob.length <= body.profile.maxCredBlobLength;
  if (blob !== undefined) outputs.set('credBlob', keepsBlob);
  const wantsBlobKey = knows.has('largeBlobKey') ? optionalFlag(extensions, 'largeBlobKey') : undefined;
  if (wantsBlobKey !== undefined && !(wantsBlobKey && rk)) throw new StatusError(Status.INVALID_OPTION);

  const privateKey = newPrivateKey(algorithm);
  if (!rk) return { id: wrapCredential(body, rpIdHash, algorithm, credProtect, privateKey), privateKey, outputs, largeBlobKey: null };

  const id = randomBytes(CREDENTIAL_ID_LENGTH);
  const others = body.state.credentials.filter((other) => !(other.rpIdHash.equals(rpIdHash) && other.user.id.equals(user.id)));
  if (others.length >= body.profile.maxDiscoverable) throw new StatusError(Status.KEY_STORE_FULL);
  const kept: StoredCredential = {
    id,
    algorithm,
    privateKey,
    rpId,
    rpIdHash,
    user,
    credProtect,
    credBlob: keepsBlob ? blob : null,
    largeBlobKey: wantsBlobKey === true,
  };
  body.state.credentials = [...others, kept];
  return { id, privateKey, outputs, largeBlobKey: kept.largeBlobKey ? largeBlobKey(body, id) : null };
}

function attestedData(body: Body, id: Buffer, publicKey: CborMap): Buffer {
  const length = Buffer.alloc(2);
  length.writeUInt16BE(id.length);
  return Buffer.concat([Buffer.from(body.profile.aaguid, 'hex'), length, id, encodeCbor(publicKey)]);
}

/** Attestation statement formats packed (with x5c, or self) and none (WebAuthn, 8.2 and 8.7). */
function attest(body: Body, response: CborMap, algorithm: Algorithm, privateKey: Buffer, signed: Buffer): void {
  switch (body.profile.attestation) {
    case 'none':
      response.set(1, 'none').set(3, new Map());
      return;
    case 'self':
      response.set(1, 'packed');
      response.set(
        3,
        new Map<string, Cbor>([
          ['alg', algorithm],
          ['sig', signWith(algorithm, privateKey, signed)],
        ]),
      );
      return;
    case 'packed': {
      const { attestation } = body.state;
      response.set(1, 'packed');
      response.set(
        3,
        new Map<string, Cbor>([
          ['alg', -7],
          ['sig', signWith(-7, attestation.privateKey, signed)],
          ['x5c', [attestation.certificate]],
        ]),
      );
    }
  }
}
