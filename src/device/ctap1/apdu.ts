/** U2F messages over CTAPHID MSG (FIDO U2F Raw Message Formats 1.2, section 3): extended-length APDUs out, a status word back. */
import { DoorstepError } from '../../contract/errors.ts';
import { concat } from '../bytes.ts';
import { type CallOptions, LINK_COMMAND, type Link } from '../link.ts';

export const INSTRUCTION = { register: 0x01, authenticate: 0x02, version: 0x03 } as const;

/** Status words (section 3.3). `touchNeeded` is CONDITIONS_NOT_SATISFIED, `wrongData` a key handle of another token. */
export const STATUS_WORD = {
  ok: 0x9000,
  touchNeeded: 0x6985,
  wrongData: 0x6a80,
  wrongLength: 0x6700,
  instruction: 0x6d00,
  class: 0x6e00,
  notAllowed: 0x6986,
} as const;

export interface ApduAnswer {
  readonly statusWord: number;
  readonly data: Uint8Array;
}

/** CLA 0, P2 0, three bytes of length and the greatest response length, as every U2F token takes it. */
export function encodeApdu(instruction: number, p1: number, data: Uint8Array): Uint8Array {
  const head = Uint8Array.of(0, instruction, p1, 0, 0);
  if (data.length === 0) return concat(head, Uint8Array.of(0, 0));
  return concat(head, Uint8Array.of(data.length >> 8, data.length & 0xff), data, Uint8Array.of(0, 0));
}

/** Sends one APDU. U2F tokens answer at once, so silence is judged soon. Throws `token.misbehaved` for an answer without status. */
export async function sendApdu(
  link: Link,
  instruction: number,
  p1: number,
  data: Uint8Array,
  options: CallOptions = {},
): Promise<ApduAnswer> {
  const answer = await link.call(LINK_COMMAND.msg, encodeApdu(instruction, p1, data), { silenceMs: 10_000, ...options });
  if (answer.length < 2) throw new DoorstepError('token.misbehaved', { reason: 'no-status-word' });
  const end = answer.length - 2;
  return { statusWord: ((answer[end] ?? 0) << 8) | (answer[end + 1] ?? 0), data: answer.slice(0, end) };
}

/** What a status word that is no outcome means. Unknown words are kept in the detail. */
export function statusWordError(statusWord: number): DoorstepError {
  switch (statusWord) {
    case STATUS_WORD.touchNeeded:
      return new DoorstepError('token.not-touched', { statusWord });
    case STATUS_WORD.wrongData:
      return new DoorstepError('token.no-credentials', { statusWord });
    case STATUS_WORD.notAllowed:
      return new DoorstepError('token.not-allowed', { statusWord });
    case STATUS_WORD.instruction:
    case STATUS_WORD.class:
      return new DoorstepError('token.unsupported', { statusWord });
    default:
      return new DoorstepError('token.refused', { statusWord });
  }
}
