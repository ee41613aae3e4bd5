import type { Cbor, CborMap } from '../cbor.ts';
import { encodeCbor } from '../cbor.ts';
import { publicCoseKey } from '../crypto/keys.ts';
import { type StoredCredential, sha256 } from '../state.ts';
import { Status, StatusError } from '../status.ts';
import type { Body } from './body.ts';
import { largeBlobKey } from './credentials.ts';
import { optionalBytes, optionalCount, optionalMap, optionalText, required } from './parameters.ts';
import { Permission } from './pin-uv-auth.ts';

const GET_METADATA = 0x01;
const RPS_BEGIN = 0x02;
const RPS_NEXT = 0x03;
const CREDENTIALS_BEGIN = 0x04;
const CREDENTIALS_NEXT = 0x05;
const DELETE = 0x06;
const UPDATE_USER = 0x07;

/**
 * authenticatorCredentialManagement (CTAP 2.1, 6.8). Keys that know the prototype alone have no update; keys that
 * offer both answer the prototype's number with all of it.
 */
export function credentialManagement(body: Body, request: CborMap): CborMap | null {
  const subCommand = required(optionalCount(request, 1));
  switch (subCommand) {
    case GET_METADATA:
      authorize(body, request, subCommand, () => null);
      return new Map<number, Cbor>([
        [1, body.state.credentials.length],
        [2, body.profile.maxDiscoverable - body.state.credentials.length],
      ]);
    case RPS_BEGIN:
      authorize(body, request, subCommand, () => null);
      return firstRp(body);
    case RPS_NEXT:
      return rpEntry(body.next('rps') as StoredCredential);
    case CREDENTIALS_BEGIN: {
      const rpIdHash = required(optionalBytes(paramsOf(request), 1));
      authorize(body, request, subCommand, () => rpIdHash);
      return firstCredential(body, rpIdHash);
    }
    case CREDENTIALS_NEXT:
      return credentialEntry(body, body.next('credentials') as StoredCredential);
    case DELETE: {
      const found = named(body, paramsOf(request));
      authorize(body, request, subCommand, () => present(found).rpIdHash);
      body.state.credentials = body.state.credentials.filter((other) => other !== found);
      body.save();
      return null;
    }
    case UPDATE_USER:
      if (body.profile.credMgmt === 'preview') throw new StatusError(Status.INVALID_SUBCOMMAND);
      updateUser(body, request);
      return null;
    default:
      throw new StatusError(Status.INVALID_SUBCOMMAND);
  }
}

/** Whether the subcommand goes on with a sequence. */
export function continuesEnumeration(request: CborMap): boolean {
  return request.get(1) === RPS_NEXT || request.get(1) === CREDENTIALS_NEXT;
}

function paramsOf(request: CborMap): CborMap {
  return required(optionalMap(request, 2));
}

/**
 * Checks the pinUvAuthParam over subCommand || subCommandParams. A token that is bound to a relying party serves
 * for its credentials alone: `about` gives the hash of the party, or null for what concerns all.
 */
function authorize(body: Body, request: CborMap, subCommand: number, about: () => Buffer | null): void {
  const mac = optionalBytes(request, 4);
  if (mac === undefined) throw new StatusError(Status.PUAT_REQUIRED);
  const protocol = body.protocol(required(optionalCount(request, 3)));
  const params = optionalMap(request, 2);
  const message = Buffer.concat([Buffer.of(subCommand), params === undefined ? Buffer.alloc(0) : encodeCbor(params)]);
  body.auth.check(protocol, message, mac, Permission.cm, 'any');
  const bound = body.auth.rpId;
  const rpIdHash = about();
  if (bound !== null && !rpIdHash?.equals(sha256(Buffer.from(bound)))) throw new StatusError(Status.PIN_AUTH_INVALID);
}

function firstRp(body: Body): CborMap {
  const parties = new Map(body.state.credentials.map((credential) => [credential.rpIdHash.toString('hex'), credential]));
  const [first, ...rest] = parties.values();
  if (first === undefined) throw new StatusError(Status.NO_CREDENTIALS);
  body.remember('rps', rest);
  return rpEntry(first).set(5, parties.size);
}

function rpEntry(credential: StoredCredential): CborMap {
  return new Map<number, Cbor>([
    [3, new Map<string, Cbor>([['id', credential.rpId]])],
    [4, credential.rpIdHash],
  ]);
}

function firstCredential(body: Body, rpIdHash: Buffer): CborMap {
  const [first, ...rest] = body.discoverable(rpIdHash);
  if (first === undefined) throw new StatusError(Status.NO_CREDENTIALS);
  body.remember('credentials', rest);
  return credentialEntry(body, first).set(9, rest.length + 1);
}

function credentialEntry(body: Body, credential: StoredCredential): CborMap {
  const { id, name, displayName } = credential.user;
  const user: CborMap = new Map<string, Cbor>([['id', id]]);
  if (name !== undefined) user.set('name', name);
  if (displayName !== undefined) user.set('displayName', displayName);
  const entry: CborMap = new Map<number, Cbor>([
    [6, user],
    [
      7,
      new Map<string, Cbor>([
        ['id', credential.id],
        ['type', 'public-key'],
      ]),
    ],
    [8, publicCoseKey(credential.algorithm, credential.privateKey)],
    [0x0a, credential.credProtect],
  ]);
  if (credential.largeBlobKey) entry.set(0x0b, largeBlobKey(body, credential.id));
  return entry;
}

function named(body: Body, params: CborMap): StoredCredential | null {
  const id = required(optionalBytes(required(optionalMap(params, 2)), 'id'));
  return body.state.credentials.find((credential) => credential.id.equals(id)) ?? null;
}

function present(found: StoredCredential | null): StoredCredential {
  if (found === null) throw new StatusError(Status.NO_CREDENTIALS);
  return found;
}

/** updateUserInformation: the user's id must stay, the names are replaced or removed (6.8.6). */
function updateUser(body: Body, request: CborMap): void {
  const params = paramsOf(request);
  const found = named(body, params);
  const user = required(optionalMap(params, 3));
  authorize(body, request, UPDATE_USER, () => present(found).rpIdHash);
  const credential = present(found);
  if (!required(optionalBytes(user, 'id')).equals(credential.user.id)) throw new StatusError(Status.INVALID_PARAMETER);
  const name = optionalText(user, 'name');
  const displayName = optionalText(user, 'displayName');
  credential.user = {
    id: credential.user.id,
    ...(name === undefined || name === '' ? {} : { name }),
    ...(displayName === undefined || displayName === '' ? {} : { displayName }),
  };
  body.save();
}
