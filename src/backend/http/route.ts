/** One way to declare a route: its name in the contract's table, its schemas, and the use case it calls. */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Static, TSchema } from 'typebox';
import { ROUTES, type RouteName } from '../../contract/http/routes.ts';
import { Problem } from '../../contract/http/shapes.ts';
import type { Caller, Domain } from '../domain/domain.ts';
import type { SessionCookie } from './cookies.ts';
import type { Guarded, Guards } from './guards.ts';
import { requireOwnOrigin } from './own-origin.ts';

export interface Call<N extends RouteName, Body extends TSchema, Query extends TSchema, Params extends TSchema> {
  readonly caller: Caller;
  readonly who: Guarded[(typeof ROUTES)[N]['guard']];
  readonly body: Static<Body>;
  readonly query: Static<Query>;
  readonly params: Static<Params>;
  readonly request: FastifyRequest;
  readonly reply: FastifyReply;
  /** The bearer token of the browser's session, if it brought one. */
  readonly sessionToken: string | null;
}

export interface Answer {
  readonly status: number;
  readonly body?: unknown;
  /** A new bearer token for the browser; null ends the old one. */
  readonly sessionToken?: string | null;
}

export interface RouteSpec<N extends RouteName, Body extends TSchema, Query extends TSchema, Params extends TSchema> {
  readonly summary: string;
  readonly body?: Body;
  /** The body may be left out; then it counts as `{}`. */
  readonly bodyOptional?: true;
  readonly query?: Query;
  readonly params?: Params;
  /** A signed request of a desktop is admitted by the use case, in the transaction of its work: one write instead of two. */
  readonly admitsLater?: true;
  /** What comes back, by status. */
  readonly answers: Readonly<Record<number, TSchema | null>>;
  /** Null: the route has answered by itself, and goes on doing so. */
  readonly handle: (call: Call<N, Body, Query, Params>) => Promise<Answer | null>;
}

/** What routes are made with. */
export interface Serving {
  readonly app: FastifyInstance;
  readonly domain: Domain;
  readonly guards: Guards;
  readonly cookie: SessionCookie;
}

/** Failures have the same form everywhere; the code says which. */
const PROBLEM = { description: 'What went wrong.', content: { 'application/problem+json': { schema: Problem } } };

/** Routes without a session guard that change a session all the same. */
const BROWSER_ROUTES: ReadonlySet<string> = new Set<RouteName>(['passwordStep', 'signOut']);
const BROWSER_GUARDS: ReadonlySet<string> = new Set(['password', 'enrolling', 'full', 'fresh']);

export function serve<
  N extends RouteName,
  Body extends TSchema = TSchema,
  Query extends TSchema = TSchema,
  Params extends TSchema = TSchema,
>({ app, domain, guards, cookie }: Serving, name: N, spec: RouteSpec<N, Body, Query, Params>): void {
  const { method, path, guard } = ROUTES[name];
  const guarded = new WeakMap<FastifyRequest, Guarded[typeof guard]>();
  const fromBrowser = BROWSER_GUARDS.has(guard) || BROWSER_ROUTES.has(name);
  app.route({
    method,
    url: path,
    schema: {
      operationId: name,
      summary: spec.summary,
      tags: [guard],
      ...(spec.body === undefined ? {} : { body: spec.body }),
      ...(spec.query === undefined ? {} : { querystring: spec.query }),
      ...(spec.params === undefined ? {} : { params: spec.params }),
      response: {
        ...Object.fromEntries(
          Object.entries(spec.answers).map(([status, schema]) => [status, schema ?? { type: 'null', description: 'Nothing.' }]),
        ),
        '4xx': PROBLEM,
        '5xx': PROBLEM,
      },
    },
    async preValidation(request) {
      if (fromBrowser && method !== 'GET') requireOwnOrigin(request, domain.organization.origin);
      guarded.set(request, await guards[guard](request, spec.admitsLater === true));
      if (spec.bodyOptional && (request.body === undefined || request.body === null)) request.body = {};
    },
    async handler(request, reply) {
      const answer = await spec.handle({
        caller: { source: request.ip },
        who: guarded.get(request) as Guarded[(typeof ROUTES)[N]['guard']],
        body: request.body as Static<Body>,
        query: request.query as Static<Query>,
        params: request.params as Static<Params>,
        request,
        reply,
        sessionToken: cookie.read(request),
      });
      if (answer === null) return reply;
      if (answer.sessionToken === null) cookie.clear(reply);
      else if (answer.sessionToken !== undefined) cookie.set(reply, answer.sessionToken);
      return reply.code(answer.status).send(answer.body);
    },
  });
}
