/** The demonstration service: "Library" sends people to sign in, "VPN" asks a named person. On its own port, with its own keys. */

import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Challenge } from '../../contract/http/shapes.ts';
import type { ApiClient, ApiOutcome } from './api-client.ts';
import { homePage, problemPage, resultPage, type Waiting, waitingPage } from './pages.ts';

export interface DemoOptions {
  readonly listen: { readonly host: string; readonly port: number };
  /** Address of this service as people see it. */
  readonly origin: string;
  /** Where people are sent to sign in. */
  readonly backendOrigin: string;
  readonly organization: string;
  readonly person: { readonly username: string; readonly displayName: string };
  readonly library: ApiClient;
  readonly vpn: ApiClient;
}

export interface DemoServer {
  readonly port: number;
  stop(): Promise<void>;
}

const COOKIE = 'doorstep-demo';
const CSS = readFileSync(new URL('./demo.css', import.meta.url));
const SCRIPT = readFileSync(new URL('./demo.js', import.meta.url));

interface Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly url: URL;
}

export async function startDemo(options: DemoOptions): Promise<DemoServer> {
  const server = createServer((request, response) => {
    const url = new URL(request.url ?? '/', options.origin);
    secure(response, options.backendOrigin);
    route(options, { request, response, url }).catch(() => {
      if (!response.headersSent) response.statusCode = 502;
      response.end(problemPage(options.organization, { title: 'The sign-in service does not answer.', detail: 'Try again in a moment.' }));
    });
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(options.listen.port, options.listen.host, resolve);
  });
  return {
    port: (server.address() as AddressInfo).port,
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

/** A form of ours is answered with a redirect to the sign-in page: browsers hold that to form-action too. */
function secure(response: ServerResponse, backendOrigin: string): void {
  response.setHeader(
    'content-security-policy',
    `default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; form-action 'self' ${backendOrigin}; base-uri 'none'; frame-ancestors 'none'`,
  );
  response.setHeader('x-content-type-options', 'nosniff');
  response.setHeader('referrer-policy', 'same-origin');
  response.setHeader('cache-control', 'no-store');
}

async function route(options: DemoOptions, exchange: Exchange): Promise<void> {
  const { request, response, url } = exchange;
  const own = request.headers.origin === undefined || request.headers.origin === options.origin;
  const [, first, id, tail] = url.pathname.split('/');
  switch (`${request.method} /${first ?? ''}`) {
    case 'GET /':
      return send(response, homePage(options.organization, options.person));
    case 'GET /demo.css':
      return send(response, CSS, 'text/css; charset=utf-8');
    case 'GET /demo.js':
      return send(response, SCRIPT, 'text/javascript; charset=utf-8');
    case 'POST /sign-in':
      return own ? signIn(options, exchange) : refuse(options, response);
    case 'GET /returned':
      return returned(options, exchange);
    case 'POST /vpn':
      if (!own) return refuse(options, response);
      return tail === 'code' ? takeCode(options, exchange, id ?? '') : connect(options, exchange);
    case 'GET /vpn':
      return tail === 'state' ? state(options, response, id ?? '') : outcome(options, response, id ?? '');
    default:
      response.statusCode = 404;
      return send(
        response,
        problemPage(options.organization, { title: 'There is nothing at this address.', detail: 'Go back to the start.' }),
      );
  }
}

function send(response: ServerResponse, body: string | Buffer, type = 'text/html; charset=utf-8'): void {
  response.setHeader('content-type', type);
  response.end(body);
}

function redirect(response: ServerResponse, address: string): void {
  response.writeHead(303, { location: address }).end();
}

function refuse(options: DemoOptions, response: ServerResponse): void {
  response.statusCode = 403;
  send(response, problemPage(options.organization, { title: 'The request comes from another site.', detail: 'Go back to the start.' }));
}

function failed(options: DemoOptions, response: ServerResponse, { problem }: ApiOutcome & { ok: false }): void {
  response.statusCode = 502;
  send(response, problemPage(options.organization, problem));
}

/** Which request belongs to which browser: a result is shown only where its request began. */
const begun = new Map<string, string>();
const MOST_BEGUN = 1_000;
/** The number of each request of the VPN, as it was told once. */
const numbers = new Map<string, string>();

async function signIn(options: DemoOptions, { response }: Exchange): Promise<void> {
  const asked = await options.library.create({ returnTo: `${options.origin}/returned`, place: 'Library website' });
  if (!asked.ok) return failed(options, response, asked);
  const browser = randomBytes(16).toString('base64url');
  if (begun.size >= MOST_BEGUN) begun.delete(begun.keys().next().value ?? '');
  begun.set(browser, asked.challenge.id);
  response.setHeader('set-cookie', `${COOKIE}=${browser}; HttpOnly; SameSite=Lax; Path=/`);
  redirect(response, asked.challenge.signInUrl);
}

async function returned(options: DemoOptions, { request, response, url }: Exchange): Promise<void> {
  const id = url.searchParams.get('challenge') ?? '';
  const browser = /(?:^|; )doorstep-demo=([A-Za-z0-9_-]{22})(?:;|$)/.exec(request.headers.cookie ?? '')?.[1] ?? '';
  if (begun.get(browser) !== id) return refuse(options, response);
  const read = await options.library.read(id, 0, url.searchParams.get('code') ?? '');
  if (!read.ok) return failed(options, response, read);
  if (read.challenge.state !== 'pending') begun.delete(browser);
  send(response, resultPage(options.organization, 'Library', read.challenge));
}

async function connect(options: DemoOptions, { response }: Exchange): Promise<void> {
  const asked = await options.vpn.create({ username: options.person.username, place: 'Northmoor campus network' });
  if (!asked.ok) return failed(options, response, asked);
  const { id, number } = asked.challenge;
  if (numbers.size >= MOST_BEGUN) numbers.delete(numbers.keys().next().value ?? '');
  if (number !== null) numbers.set(id, number);
  redirect(response, `/vpn/${id}`);
}

/** What a VPN's own form does: the person types a code here, the service hands it on. */
async function takeCode(options: DemoOptions, { request, response }: Exchange, id: string): Promise<void> {
  const typed = new URLSearchParams(await readForm(request)).get('code') ?? '';
  const answered = await options.vpn.answer(id, typed);
  if (answered.ok) return redirect(response, `/vpn/${id}`);
  const read = await options.vpn.read(id, 0);
  if (!read.ok || read.challenge.state !== 'pending') return failed(options, response, answered);
  response.statusCode = answered.problem.status;
  send(response, waitingPage(options.organization, waitingOf(options, read.challenge, answered.problem)));
}

function waitingOf(options: DemoOptions, challenge: Challenge, wrong: Waiting['wrong']): Waiting {
  return { challenge, username: options.person.username, number: numbers.get(challenge.id) ?? null, wrong };
}

const LONGEST_FORM = 4096;

async function readForm(request: IncomingMessage): Promise<string> {
  let text = '';
  for await (const chunk of request) {
    text += String(chunk);
    if (text.length > LONGEST_FORM) return '';
  }
  return text;
}

async function outcome(options: DemoOptions, response: ServerResponse, id: string): Promise<void> {
  const read = await options.vpn.read(id, 0);
  if (!read.ok) return failed(options, response, read);
  const { challenge } = read;
  send(
    response,
    challenge.state === 'pending'
      ? waitingPage(options.organization, waitingOf(options, challenge, null))
      : resultPage(options.organization, 'VPN', challenge),
  );
}

async function state(options: DemoOptions, response: ServerResponse, id: string): Promise<void> {
  const read = await options.vpn.read(id, 25);
  if (!read.ok) return failed(options, response, read);
  send(response, JSON.stringify({ state: read.challenge.state }), 'application/json');
}
