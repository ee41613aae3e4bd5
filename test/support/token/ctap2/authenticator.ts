import { type CborMap, decodeCbor, encodeCbor } from '../cbor.ts';
import type { Offer } from '../profile.ts';
import { Status, StatusError } from '../status.ts';
import { authenticatorConfig } from './authenticator-config.ts';
import { bioEnrollment } from './bio-enrollment.ts';
import type { Body } from './body.ts';
import { clientPin } from './client-pin.ts';
import { continuesEnumeration, credentialManagement } from './credential-management.ts';
import { getAssertion, getNextAssertion } from './get-assertion.ts';
import { getInfo } from './get-info.ts';
import { largeBlobs } from './large-blobs.ts';
import { makeCredential } from './make-credential.ts';
import { reset } from './reset.ts';

type Handler = (body: Body, request: CborMap, signal: AbortSignal) => CborMap | null | Promise<CborMap | null>;

interface Rung {
  readonly supported: (body: Body) => boolean;
  readonly handle: Handler;
  /** Whether a sequence of further answers outlives the command. */
  readonly continues?: (request: CborMap) => boolean;
}

const offers = (offer: Offer, form: 'full' | 'preview'): boolean => offer === form || offer === 'both';
const always = (): boolean => true;

const COMMANDS: ReadonlyMap<number, Rung> = new Map<number, Rung>([
  [0x01, { supported: always, handle: makeCredential }],
  [0x02, { supported: always, handle: getAssertion }],
  [0x04, { supported: always, handle: getInfo }],
  [0x06, { supported: ({ profile }) => profile.clientPin || profile.bio !== 'none', handle: clientPin }],
  [0x07, { supported: always, handle: reset }],
  [0x08, { supported: always, handle: getNextAssertion, continues: always }],
  [0x09, { supported: ({ profile }) => offers(profile.bio, 'full'), handle: bioEnrollment }],
  [
    0x0a,
    {
      supported: ({ profile }) => offers(profile.credMgmt, 'full'),
      handle: credentialManagement,
      continues: continuesEnumeration,
    },
  ],
  [0x0b, { supported: ({ profile }) => profile.versions.includes('FIDO_2_1'), handle: selection }],
  [0x0c, { supported: ({ profile }) => profile.largeBlobs, handle: largeBlobs }],
  [0x0d, { supported: ({ profile }) => profile.authnrCfg, handle: authenticatorConfig }],
  [0x40, { supported: ({ profile }) => offers(profile.bio, 'preview'), handle: bioEnrollment }],
  [
    0x41,
    {
      supported: ({ profile }) => offers(profile.credMgmt, 'preview'),
      handle: credentialManagement,
      continues: continuesEnumeration,
    },
  ],
]);

/** authenticatorSelection (CTAP 2.1, 6.9): a touch and nothing else. */
async function selection(body: Body, _request: CborMap, signal: AbortSignal): Promise<null> {
  await body.touch(signal);
  return null;
}

/** Answers one CTAP2 request: a command byte and a map in, a status byte and a map out (CTAP 2.1, section 8). */
export async function runCtap2(body: Body, request: Uint8Array, signal: AbortSignal): Promise<Uint8Array> {
  try {
    if (request.length > body.profile.maxMsgSize) throw new StatusError(Status.REQUEST_TOO_LARGE);
    const rung = COMMANDS.get(request[0] ?? -1);
    if (rung === undefined || !rung.supported(body)) throw new StatusError(Status.INVALID_COMMAND);
    const map = request.length === 1 ? new Map() : decodeCbor(request.subarray(1));
    if (!(map instanceof Map)) throw new StatusError(Status.CBOR_UNEXPECTED_TYPE);
    if (rung.continues?.(map) !== true) body.stateful = null;
    const response = await rung.handle(body, map, signal);
    return response === null ? Uint8Array.of(Status.SUCCESS) : Buffer.concat([Buffer.of(Status.SUCCESS), encodeCbor(response)]);
  } catch (error) {
    return Uint8Array.of(error instanceof StatusError ? error.status : Status.OTHER);
  }
}
