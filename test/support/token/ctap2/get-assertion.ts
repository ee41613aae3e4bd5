import { createHmac } from 'node:crypto';
import type { Cbor, CborMap } from '../cbor.ts';
import { signWith } from '../crypto/keys.ts';
import { sha256 } from '../state.ts';
import { Status, StatusError } from '../status.ts';
import { authenticatorData } from './authenticator-data.ts';
import type { Body } from './body.ts';
import { type Credential, credRandom, findCredential, largeBlobKey } from './credentials.ts';
import { checkedList } from './make-credential.ts';
import { optionalBytes, optionalCount, optionalFlag, optionalList, optionalMap, optionalText, required } from './parameters.ts';
import { Permission } from './pin-uv-auth.ts';
import { startOfCommand, verifyUser } from './user-verification.ts';

const AUTH = { param: 6, protocol: 7 };
const NOTHING: CborMap = new Map();

/** What the answers of one getAssertion and its getNextAssertion have in common. */
interface Ceremony {
  readonly rpIdHash: Buffer;
  readonly clientDataHash: Buffer;
  readonly extensions: CborMap;
  readonly up: boolean;
  readonly uv: boolean;
  /** Whether the platform named the credentials: then no user is told. */
  readonly listed: boolean;
}

/** authenticatorGetAssertion (CTAP 2.1, 6.2). */
export async function getAssertion(body: Body, request: CborMap, signal: AbortSignal): Promise<CborMap> {
  const rpId = required(optionalText(request, 1));
  const clientDataHash = required(optionalBytes(request, 2));
  const list = optionalList(request, 3);
  const extensions = optionalMap(request, 4) ?? NOTHING;
  await startOfCommand(body, request, AUTH, signal);
  const asked = checkOptions(body, request, optionalMap(request, 5) ?? NOTHING);
  const rpIdHash = sha256(Buffer.from(rpId));
  const seen = await verifyUser(body, request, { keys: AUTH, permission: Permission.ga, rpId, hash: clientDataHash, uv: asked.uv }, signal);
  if (!asked.up && extensions.has('hmac-secret')) throw new StatusError(Status.UNSUPPORTED_OPTION);

  const listed = list !== undefined && list.length > 0;
  const found = locate(body, rpIdHash, listed ? checkedList(body, list) : null, seen.uv);
  const first = found[0];
  if (first === undefined) throw new StatusError(Status.NO_CREDENTIALS);
  if (asked.up && !seen.up) await body.touch(signal);
  if (asked.up) body.auth.consume();

  const ceremony: Ceremony = { rpIdHash, clientDataHash, extensions, up: asked.up, uv: seen.uv, listed };
  const rest = found.slice(1);
  const response = answer(body, ceremony, first, rest.length > 0);
  if (rest.length > 0) {
    response.set(5, found.length);
    body.remember(
      'assertions',
      rest.map((credential) => ({ ceremony, credential })),
    );
  }
  return response;
}

/** authenticatorGetNextAssertion (CTAP 2.1, 6.3). */
export function getNextAssertion(body: Body): CborMap {
  const { ceremony, credential } = body.next('assertions') as { ceremony: Ceremony; credential: Credential };
  return answer(body, ceremony, credential, true);
}

function checkOptions(body: Body, request: CborMap, options: CborMap): { up: boolean; uv: boolean } {
  const param = request.has(AUTH.param);
  const up = optionalFlag(options, 'up') ?? true;
  let uv = !param && (optionalFlag(options, 'uv') ?? false);
  if (uv && !body.uvConfigured) throw new StatusError(Status.INVALID_OPTION);
  if (options.has('rk')) throw new StatusError(Status.UNSUPPORTED_OPTION);
  if (body.state.alwaysUv && up && !param && !uv) {
    if (!body.uvConfigured) throw new StatusError(Status.PUAT_REQUIRED);
    uv = true;
  }
  return { up, uv };
}

/** One credential of the list, or all that are kept for the relying party; credProtect has its say (12.1). */
function locate(body: Body, rpIdHash: Buffer, ids: Buffer[] | null, uv: boolean): Credential[] {
  if (ids === null) {
    return body
      .discoverable(rpIdHash)
      .filter((kept) => kept.credProtect === 1 || uv)
      .map((kept) => ({ ...kept, stored: kept }));
  }
  for (const id of ids) {
    const found = findCredential(body, rpIdHash, id);
    if (found !== null && (found.credProtect !== 3 || uv)) return [found];
  }
  return [];
}

function answer(body: Body, ceremony: Ceremony, credential: Credential, several: boolean): CborMap {
  const outputs = extensionOutputs(body, ceremony, credential);
  // A probe without a touch must not be told apart by the counter (6.2.2 leaves it to us).
  if (ceremony.up) body.state.counter += 1;
  body.save();
  const authData = authenticatorData({
    rpIdHash: ceremony.rpIdHash,
    up: ceremony.up,
    uv: ceremony.uv,
    counter: body.state.counter,
    extensions: outputs,
  });
  const signature = signWith(credential.algorithm, credential.privateKey, Buffer.concat([authData, ceremony.clientDataHash]));
  const response: CborMap = new Map<number, Cbor>([
    [
      1,
      new Map<string, Cbor>([
        ['id', credential.id],
        ['type', 'public-key'],
      ]),
    ],
    [2, authData],
    [3, signature],
  ]);
  if (credential.stored !== null) {
    const user: CborMap = new Map<string, Cbor>([['id', credential.stored.user.id]]);
    // Names only where the person was verified and has to choose (6.2.2, step 12).
    if (ceremony.uv && several && !ceremony.listed) {
      if (credential.stored.user.name !== undefined) user.set('name', credential.stored.user.name);
      if (credential.stored.user.displayName !== undefined) user.set('displayName', credential.stored.user.displayName);
    }
    response.set(4, user);
    if (credential.stored.largeBlobKey && ceremony.extensions.get('largeBlobKey') === true) {
      response.set(7, largeBlobKey(body, credential.id));
    }
  }
  return response;
}

function extensionOutputs(body: Body, ceremony: Ceremony, credential: Credential): CborMap {
  const { extensions } = ceremony;
  const knows = new Set<string>(body.profile.extensions);
  const outputs: CborMap = new Map();
  if (knows.has('credBlob') && optionalFlag(extensions, 'credBlob') === true) {
    outputs.set('credBlob', credential.stored?.credBlob ?? Buffer.alloc(0));
  }
  if (knows.has('largeBlobKey') && extensions.has('largeBlobKey') && optionalFlag(extensions, 'largeBlobKey') !== true) {
    throw new StatusError(Status.INVALID_OPTION);
  }
  const hmac = knows.has('hmac-secret') ? optionalMap(extensions, 'hmac-secret') : undefined;
  if (hmac !== undefined) outputs.set('hmac-secret', hmacSecret(body, ceremony, credential, hmac));
  return outputs;
}

/** hmac-secret (CTAP 2.1, 12.5). */
function hmacSecret(body: Body, ceremony: Ceremony, credential: Credential, input: CborMap): Buffer {
  const protocol = body.protocol(optionalCount(input, 4) ?? 1);
  const secret = protocol.decapsulate(required(input.get(1)));
  const saltEnc = required(optionalBytes(input, 2));
  if (!protocol.verify(secret, saltEnc, required(optionalBytes(input, 3)))) throw new StatusError(Status.PIN_AUTH_INVALID);
  const salts = protocol.decrypt(secret, saltEnc);
  if (salts.length !== 32 && salts.length !== 64) throw new StatusError(Status.INVALID_LENGTH);
  const key = credRandom(body, credential.id, ceremony.uv);
  const mac = (salt: Buffer): Buffer => createHmac('sha256', key).update(salt).digest();
  const outputs = salts.length === 32 ? [mac(salts)] : [mac(salts.subarray(0, 32)), mac(salts.subarray(32))];
  return protocol.encrypt(secret, Buffer.concat(outputs));
}
