/** The HTTP room: schemas, guards, routes, pages. It parses, calls one use case, and answers. */
import cookiePlugin from '@fastify/cookie';
import swagger from '@fastify/swagger';
import Fastify, { type FastifyBaseLogger, type FastifyInstance, LogController } from 'fastify';
import { Health } from '../../contract/http/shapes.ts';
import { withProof } from '../domain/devices/backend-word.ts';
import type { Domain } from '../domain/domain.ts';
import { newId } from '../domain/identifiers.ts';
import { sessionCookie } from './cookies.ts';
import { EventStreams } from './event-streams.ts';
import { createGuards } from './guards.ts';
import { securityHeaders, servePages } from './pages.ts';
import { answerFailure, sendProblem } from './problem.ts';
import { keepRawBodies } from './raw-body.ts';
import { type Serving, serve } from './route.ts';
import { approvalRoutes } from './routes/approval-routes.ts';
import { authenticatorRoutes } from './routes/authenticator-routes.ts';
import { challengeRoutes } from './routes/challenge-routes.ts';
import { codeRoutes } from './routes/code-routes.ts';
import { deviceRoutes } from './routes/device-routes.ts';
import { sessionRoutes } from './routes/session-routes.ts';

export interface ServerOptions {
  readonly domain: Domain;
  readonly version: string;
  readonly logger: FastifyBaseLogger;
  readonly tls: { readonly cert: string; readonly key: string } | null;
  /** Addresses of proxies whose `X-Forwarded-For` is believed; none: nobody's. */
  readonly trustedProxies: readonly string[];
  /** Folder of the built pages. */
  readonly web: string;
}

const BODY_LIMIT = 64 * 1024;
/** Requests that are being served when the server stops have so long. */
const LAST_ANSWERS = 3_000;

export interface Server {
  readonly app: FastifyInstance;
  /** Ends long polls and event streams, then waits for the requests that are being served. */
  stop(): Promise<void>;
}

export async function createServer(options: ServerOptions): Promise<Server> {
  const { domain } = options;
  const app = Fastify({
    loggerInstance: options.logger,
    https: options.tls === null ? null : { ...options.tls, minVersion: 'TLSv1.2' },
    trustProxy: options.trustedProxies.length > 0 ? [...options.trustedProxies] : false,
    bodyLimit: BODY_LIMIT,
    genReqId: () => newId(),
    requestTimeout: 60_000,
    logController: new LogController({ disableRequestLogging: true }),
    forceCloseConnections: 'idle',
    // The schemas are the contract: nothing is converted, dropped or filled in.
    ajv: { customOptions: { coerceTypes: false, removeAdditional: false, useDefaults: false, allErrors: false } },
  }) as unknown as FastifyInstance;
  keepRawBodies(app);
  securityHeaders(app, options.tls !== null);
  app.setErrorHandler(async (error, request, reply) => {
    // What cannot be proved is not said: a desktop would believe nothing else.
    const proven = await withProof(domain, error).catch((failed: unknown) => failed);
    await answerFailure(proven, request, reply);
  });
  app.setNotFoundHandler((request, reply) => sendProblem(request, reply, 'request.not-found'));
  app.addHook('onResponse', (request, reply, done) => {
    request.log.info(
      { method: request.method, route: request.routeOptions.url ?? null, status: reply.statusCode, ms: Math.round(reply.elapsedTime) },
      'request',
    );
    done();
  });
  await app.register(cookiePlugin);
  await app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: { title: 'Doorstep', version: options.version, description: 'Two-step login for people without a phone.' },
      servers: [{ url: domain.organization.origin }],
    },
  });
  const stopping = new AbortController();
  const streams = new EventStreams(domain, (error) => options.logger.warn({ err: error }, 'event streams closed'));
  const cookie = sessionCookie(domain.organization.origin);
  const serving: Serving = { app, domain, guards: createGuards(domain, cookie), cookie };
  serve(serving, 'health', {
    summary: 'Whether the backend and its store answer.',
    answers: { 200: Health },
    async handle() {
      await domain.store.read.facts.get('health');
      return { status: 200, body: { ok: true, version: options.version } };
    },
  });
  sessionRoutes(serving);
  authenticatorRoutes(serving);
  codeRoutes(serving);
  deviceRoutes(serving, streams);
  challengeRoutes(serving, stopping.signal);
  approvalRoutes(serving, stopping.signal);
  app.get('/v1/openapi.json', { schema: { hide: true } }, async () => app.swagger());
  await servePages(app, options.web);
  return {
    app,
    async stop() {
      stopping.abort();
      streams.closeAll();
      // Browsers open connections that they may need: such a one is not idle to Node, and would be waited for.
      const impatient = setTimeout(() => app.server.closeAllConnections(), LAST_ANSWERS);
      await app.close();
      clearTimeout(impatient);
    },
  };
}
