import type { FastifyRequest } from 'fastify';
import { DoorstepError } from '../../contract/errors.ts';

/**
 * Lets a change through only from our own pages: the browser says so in `Origin`, or, where it leaves that out, in
 * `Sec-Fetch-Site`. Neither there: refused, because the cookie may have been sent by another site's form.
 */
export function requireOwnOrigin(request: FastifyRequest, origin: string): void {
  const claimed = request.headers.origin;
  const own = claimed === undefined ? request.headers['sec-fetch-site'] === 'same-origin' : claimed === origin;
  if (!own) throw new DoorstepError('request.wrong-origin');
}
