/** authenticatorGetNextAssertion (CTAP 2.1 section 6.3). */
import type { CallOptions, Link } from '../link.ts';
import { type Answer, COMMAND, sendAs } from './command.ts';
import { type Assertion, decodeAssertion } from './get-assertion.ts';

/** The next credential of the same request. No other command may come in between (section 6.3). */
export function getNextAssertion(link: Link, options: CallOptions = {}): Promise<Answer<Assertion>> {
  return sendAs(link, COMMAND.getNextAssertion, null, decodeAssertion, options);
}
