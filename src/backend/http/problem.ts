import type { FastifyReply, FastifyRequest } from 'fastify';
import { DoorstepError, ERRORS, type ErrorCode, type ErrorDetail } from '../../contract/errors.ts';
import type { Problem } from '../../contract/http/shapes.ts';

/** Problem details (RFC 9457). `instance` is the number of this answer: the same as in the log. */
export function problemOf(code: ErrorCode, detail: ErrorDetail, requestId: string): Problem {
  const { status, title, remedy } = ERRORS[code];
  return {
    type: `urn:doorstep:problem:${code}`,
    title,
    status: status === 0 ? 500 : status,
    code,
    detail: remedy,
    facts: { ...detail },
    instance: `urn:doorstep:request:${requestId}`,
  };
}

export async function sendProblem(request: FastifyRequest, reply: FastifyReply, code: ErrorCode, detail: ErrorDetail = {}): Promise<void> {
  const problem = problemOf(code, detail, request.id);
  if (typeof detail['retryAfterSeconds'] === 'number') reply.header('retry-after', String(detail['retryAfterSeconds']));
  if (problem.status === 401) reply.header('www-authenticate', 'Doorstep');
  await reply.code(problem.status).type('application/problem+json').header('cache-control', 'no-store').send(JSON.stringify(problem));
}

/** What went wrong, from anything that was thrown while a request was served. An unknown failure is logged and becomes `internal`. */
export async function answerFailure(error: unknown, request: FastifyRequest, reply: FastifyReply): Promise<void> {
  if (error instanceof DoorstepError) {
    if (ERRORS[error.code].status >= 500) request.log.error({ err: error, cause: error.cause }, 'request failed');
    return sendProblem(request, reply, error.code, error.detail);
  }
  const failed = error as { statusCode?: unknown; validation?: { instancePath?: unknown }[]; validationContext?: unknown };
  if (failed.validation !== undefined) {
    const where = `${String(failed.validationContext ?? '')}${String(failed.validation[0]?.instancePath ?? '')}`;
    return sendProblem(request, reply, 'request.malformed', { where });
  }
  if (failed.statusCode === 413) return sendProblem(request, reply, 'request.too-large');
  if (typeof failed.statusCode === 'number' && failed.statusCode >= 400 && failed.statusCode < 500) {
    return sendProblem(request, reply, 'request.malformed');
  }
  request.log.error({ err: error }, 'request failed');
  return sendProblem(request, reply, 'internal');
}
