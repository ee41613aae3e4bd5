/** authenticatorReset (CTAP 2.1 section 6.6): within ten seconds of plugging in, with a touch, and everything is gone. */
import type { CallOptions, Link } from '../link.ts';
import { type Answer, COMMAND, sendAs } from './command.ts';

export function reset(link: Link, options: CallOptions = {}): Promise<Answer<null>> {
  return sendAs(link, COMMAND.reset, null, () => null, options);
}
