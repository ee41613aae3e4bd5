/** U2F GetVersion (FIDO U2F Raw Message Formats 1.2, section 6). */
import type { CallOptions, Link } from '../link.ts';
import { INSTRUCTION, STATUS_WORD, sendApdu, statusWordError } from './apdu.ts';

export const U2F_VERSION = 'U2F_V2';

/** The version text, such as "U2F_V2". */
export async function getVersion(link: Link, options: CallOptions = {}): Promise<string> {
  const { statusWord, data } = await sendApdu(link, INSTRUCTION.version, 0, new Uint8Array(0), options);
  if (statusWord !== STATUS_WORD.ok) throw statusWordError(statusWord);
  return new TextDecoder('latin1').decode(data);
}
