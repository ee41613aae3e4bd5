/**
 * A computer forgets its secrets on our word, and shows the generation that we name. Whoever holds our port while we are
 * down could say the same, so both are signed with a key of the installation, whose public half each computer gets when it is
 * connected (`contract/http/sync.ts`). The key is in every backup that knows a computer; an empty or a foreign database has
 * another.
 */
import { createPrivateKey, createPublicKey, type KeyObject, sign } from 'node:crypto';
import { DoorstepError } from '../../../contract/errors.ts';
import {
  END_STATEMENT_TYPE,
  type EndStatement,
  isEndCode,
  WELCOME_STATEMENT_TYPE,
  type WelcomeStatement,
} from '../../../contract/http/sync.ts';
import type { Domain } from '../domain.ts';
import { installationSecret } from '../installation-secret.ts';

/** PKCS #8 of an Ed25519 key (RFC 8410, 7), up to its 32 bytes. */
const ED25519 = Buffer.from('302e020100300506032b657004220420', 'hex');

async function signingKey({ store, seeds }: Domain): Promise<KeyObject> {
  const secret = await installationSecret(store, seeds, 'backend-signing-secret');
  return createPrivateKey({ key: Buffer.concat([ED25519, secret]), format: 'der', type: 'pkcs8' });
}

/** What a computer keeps of us: the public key, base64url. */
export async function backendKey(domain: Domain): Promise<string> {
  const { x } = createPublicKey(await signingKey(domain)).export({ format: 'jwk' });
  if (x === undefined) throw new TypeError('an Ed25519 key has a public half');
  return x;
}

/** An error that ends a connection, with its proof; any other one as it is. */
export async function withProof(domain: Domain, error: unknown): Promise<unknown> {
  if (!(error instanceof DoorstepError) || !isEndCode(error.code)) return error;
  const { device, wipe } = error.detail;
  // Whoever is asked about may be made up: nothing but an id is signed.
  if (typeof device !== 'string' || !/^[A-Za-z0-9_-]{22}$/.test(device)) return error;
  const statement: EndStatement = { sub: device, code: error.code, wipe: wipe === 'everything' ? 'everything' : 'doorstep' };
  const signed = await signJws(domain, END_STATEMENT_TYPE, statement);
  return new DoorstepError(error.code, { ...error.detail, statement: signed }, { cause: error });
}

export function proveWelcome(domain: Domain, statement: WelcomeStatement): Promise<string> {
  return signJws(domain, WELCOME_STATEMENT_TYPE, statement);
}

/** A compact JWS (RFC 7515, 3.1), Ed25519 (RFC 8037, 3.1). */
async function signJws(domain: Domain, typ: string, payload: object): Promise<string> {
  const input = `${encode({ alg: 'EdDSA', typ })}.${encode(payload)}`;
  return `${input}.${sign(null, Buffer.from(input, 'ascii'), await signingKey(domain)).toString('base64url')}`;
}

function encode(value: object): string {
  return Buffer.from(JSON.stringify(value), 'utf8').toString('base64url');
}
