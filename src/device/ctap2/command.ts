/** One CTAP2 command over a link (CTAP 2.1 section 8): a command byte and a map out, a status byte and a map back. */
import { DoorstepError } from '../../contract/errors.ts';
import { concat } from '../bytes.ts';
import { type CallOptions, LINK_COMMAND, type Link } from '../link.ts';
import { type CborMap, cborMap, decodeCbor, encodeCbor, isCborMap } from './cbor.ts';
import { STATUS, statusError } from './status.ts';

export const COMMAND = {
  makeCredential: 0x01,
  getAssertion: 0x02,
  getInfo: 0x04,
  clientPin: 0x06,
  reset: 0x07,
  getNextAssertion: 0x08,
  bioEnrollment: 0x09,
  credentialManagement: 0x0a,
  selection: 0x0b,
  largeBlobs: 0x0c,
  authenticatorConfig: 0x0d,
  bioEnrollmentPreview: 0x40,
  credentialManagementPreview: 0x41,
} as const;

/** What a token answered. A status other than 0 is an outcome to look at, not an exception. */
export type Answer<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly status: number };

/** Bytes of a request, for sizing it before it is sent. */
export function encodeCommand(command: number, parameters: CborMap | null): Uint8Array {
  return parameters === null ? Uint8Array.of(command) : concat(Uint8Array.of(command), encodeCbor(parameters));
}

/**
 * Sends one command. An answer without parameters decodes to an empty map.
 * Throws what `Link.call` throws, and `token.misbehaved` for an answer that is no canonical map.
 */
export async function send(link: Link, command: number, parameters: CborMap | null, options: CallOptions = {}): Promise<Answer<CborMap>> {
  const answer = await link.call(LINK_COMMAND.cbor, encodeCommand(command, parameters), options);
  const status = answer[0];
  if (status === undefined) throw new DoorstepError('token.misbehaved', { reason: 'no-status' });
  if (status !== STATUS.success) return { ok: false, status };
  if (answer.length === 1) return { ok: true, value: cborMap([]) };
  const value = decodeCbor(answer.subarray(1));
  if (!isCborMap(value)) throw new DoorstepError('token.misbehaved', { reason: 'no-map' });
  return { ok: true, value };
}

/** Applies `decode` to what a successful answer carries. */
export async function sendAs<T>(
  link: Link,
  command: number,
  parameters: CborMap | null,
  decode: (answer: CborMap) => T,
  options: CallOptions = {},
): Promise<Answer<T>> {
  const answer = await send(link, command, parameters, options);
  return answer.ok ? { ok: true, value: decode(answer.value) } : answer;
}

/** The value of an answer, or the status thrown as the house's error. */
export function unwrap<T>(answer: Answer<T>): T {
  if (!answer.ok) throw statusError(answer.status);
  return answer.value;
}
