/** authenticatorSelection (CTAP 2.1 section 6.9): a touch that says "this one". */
import type { CallOptions, Link } from '../link.ts';
import { type Answer, COMMAND, sendAs } from './command.ts';

export function selection(link: Link, options: CallOptions = {}): Promise<Answer<null>> {
  return sendAs(link, COMMAND.selection, null, () => null, options);
}
