import type { Refusal } from '../domain/webauthn.ts';

export interface ExpectedClientData {
  readonly type: 'webauthn.create' | 'webauthn.get';
  /** base64url */
  readonly question: string;
  readonly origin: string;
}

/**
 * Checks what the client says it did (WebAuthn Level 3, 7.1 steps 5 to 11, 7.2 steps 9 to 14): the type, our question,
 * exactly our origin, and that no other page stood around it. Doorstep's pages are never framed, so `crossOrigin` true
 * and any `topOrigin` are refused. Null: all is well.
 */
export function refusedClientData(clientDataJSON: Uint8Array, expected: ExpectedClientData): Refusal | null {
  const client = parse(clientDataJSON);
  if (client === null) return 'malformed';
  if (client['type'] !== expected.type) return 'type';
  if (client['challenge'] !== expected.question) return 'challenge';
  if (client['origin'] !== expected.origin) return 'origin';
  if (client['crossOrigin'] !== undefined && client['crossOrigin'] !== false) return 'cross-origin';
  if (client['topOrigin'] !== undefined) return 'cross-origin';
  return null;
}

const utf8 = new TextDecoder('utf-8', { fatal: true });

function parse(clientDataJSON: Uint8Array): Record<string, unknown> | null {
  try {
    const value: unknown = JSON.parse(utf8.decode(clientDataJSON));
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : null;
  } catch {
    return null;
  }
}
