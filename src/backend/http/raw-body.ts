import type { FastifyInstance, FastifyRequest } from 'fastify';

const bodies = new WeakMap<FastifyRequest, Buffer>();

/** The bytes of the body as they came, for the signature over them; null where there was none. */
export function rawBody(request: FastifyRequest): Buffer | null {
  return bodies.get(request) ?? null;
}

/** Reads JSON bodies, keeps their bytes, and refuses members that would change an object's prototype. */
export function keepRawBodies(app: FastifyInstance): void {
  const parse = app.getDefaultJsonParser('error', 'error');
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('application/json', { parseAs: 'buffer' }, (request, body: Buffer, done) => {
    bodies.set(request, body);
    if (body.length === 0) done(null, undefined);
    else parse(request, body.toString('utf8'), done);
  });
}
