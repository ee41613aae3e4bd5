/**
 * Whether the backend really said it: on anybody else's word nothing is forgotten, and no generation taken
 * (`contract/http/sync.ts`).
 */
import { createPublicKey, verify } from 'node:crypto';
import { DoorstepError, type ErrorCode } from '../../contract/errors.ts';
import { END_STATEMENT_TYPE, EndStatement, isEndCode, WELCOME_STATEMENT_TYPE, WelcomeStatement } from '../../contract/http/sync.ts';
import { type Parsed, parseTolerant, type Schema } from '../../contract/parse.ts';
import type { Removal } from './last-known.ts';

/** Whom this computer was connected with. A pairing from before there was such a key has none. */
interface KnownBackend {
  readonly deviceId: string;
  readonly backendKey?: string;
}

const BECAUSE = { 'device.removed': 'removed', 'device.copied': 'copied', 'device.unknown': 'unknown' } as const;

/** Why this computer is not one of the person's any more, and how much it is to forget; null where that is not proven. */
export function provenRemoval(error: unknown, { deviceId, backendKey }: KnownBackend): Removal | null {
  if (!(error instanceof DoorstepError) || backendKey === undefined) return null;
  const said = readStatement(error.detail['statement'], { typ: END_STATEMENT_TYPE, shape: EndStatement, backendKey });
  if (said === null || said.sub !== deviceId || said.code !== error.code) return null;
  return { because: BECAUSE[said.code], wiped: said.wipe };
}

/** Whether a failure says that this computer is not connected any more, proven or not. */
export function saysEnd(code: ErrorCode): boolean {
  return isEndCode(code);
}

/** This computer may do nothing, and may again: the help desk knows. Nothing is forgotten for it. */
const HELD: readonly ErrorCode[] = ['authenticator.suspended', 'person.disabled', 'backend.not-proven'];

export function saysHeld(code: ErrorCode): boolean {
  return HELD.includes(code);
}

/** Throws backend.not-proven where the generation was not named by the backend, or not to a computer that shows `after`. */
export function requireProven(
  { deviceId, backendKey }: KnownBackend,
  { statement, generation, after }: { statement: string | undefined; generation: string; after: string | null },
): void {
  if (backendKey === undefined) return;
  const said = readStatement(statement, { typ: WELCOME_STATEMENT_TYPE, shape: WelcomeStatement, backendKey });
  if (said?.sub !== deviceId || said.generation !== generation || said.after !== after) throw new DoorstepError('backend.not-proven');
}

interface Expected<T extends Schema> {
  readonly typ: string;
  readonly shape: T;
  readonly backendKey: string;
}

/** A compact JWS (RFC 7515, 3.1), Ed25519 (RFC 8037, 3.1); null where its signature does not hold, or it is nothing of the kind. */
function readStatement<T extends Schema>(token: unknown, { typ, shape, backendKey }: Expected<T>): Parsed<T> | null {
  if (typeof token !== 'string') return null;
  try {
    const [header = '', payload = '', signature = '', ...rest] = token.split('.');
    const key = createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x: backendKey }, format: 'jwk' });
    const holds = verify(null, Buffer.from(`${header}.${payload}`, 'ascii'), key, Buffer.from(signature, 'base64url'));
    const said = JSON.parse(Buffer.from(header, 'base64url').toString()) as { alg?: unknown; typ?: unknown };
    if (!holds || rest.length > 0 || said.alg !== 'EdDSA' || said.typ !== typ) return null;
    return parseTolerant(shape, JSON.parse(Buffer.from(payload, 'base64url').toString()));
  } catch {
    return null;
  }
}
