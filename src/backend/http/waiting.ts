import type { FastifyRequest } from 'fastify';

/** Does `work` with a signal that fires when whoever waits for the answer has gone, or when the server stops. */
export async function whileConnected<T>(
  request: FastifyRequest,
  stopping: AbortSignal,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const gone = new AbortController();
  const leave = (): void => gone.abort();
  request.raw.once('close', leave);
  try {
    return await work(AbortSignal.any([gone.signal, stopping]));
  } finally {
    request.raw.off('close', leave);
  }
}
