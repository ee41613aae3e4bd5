/** The HTTP room itself: forms, limits, headers, pages, TLS. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import type { IncomingHttpHeaders } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ROUTES, type RouteName } from '../../../src/contract/http/routes.ts';
import type { Problem } from '../../../src/contract/http/shapes.ts';
import { Browser, problemOf, type Service } from '../../support/backend.ts';
import { type BackendHere, startBackendHere } from '../../support/backend-here.ts';
import { newAuthority, signingKey } from '../../support/webauthn/attestation-makers.ts';
import { encodeCbor } from '../../support/webauthn/cbor.ts';
import { SoftwareKey } from '../../support/webauthn/software-key.ts';

const folder = mkdtempSync(join(tmpdir(), 'doorstep-http-'));
const web = join(folder, 'web');
mkdirSync(join(web, 'assets'), { recursive: true });
writeFileSync(join(web, 'sign-in.html'), '<!doctype html><title>Sign in</title><script type="module" src="/assets/app.js"></script>');
writeFileSync(join(web, 'assets', 'app.js'), 'export {};');
writeFileSync(join(web, 'assets', '.hidden'), 'no');
writeFileSync(join(folder, 'outside.txt'), 'outside');
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('requests', () => {
  let backend: BackendHere;
  let service: Service;
  let browser: Browser;
  const key = new SoftwareKey();

  beforeAll(async () => {
    backend = await startBackendHere({ environment: { DOORSTEP_WEB: web } });
    await backend.addPerson('amina', 'secret');
    service = await backend.addService('VPN');
    browser = new Browser(backend);
    await browser.password('amina', 'secret');
    await browser.enroll(key);
  });
  afterAll(() => backend.stop());

  const send = async (path: string, init: RequestInit = {}): Promise<{ response: Response; problem: Problem }> => {
    const response = await fetch(`${backend.base}${path}`, { redirect: 'manual', ...init });
    return { response, problem: (await response.json()) as Problem };
  };
  const post = (body: string, headers: Record<string, string> = {}) =>
    send('/v1/session/password', {
      method: 'POST',
      body,
      headers: { 'content-type': 'application/json', origin: backend.origin, ...headers },
    });

  it.each<[string, string, string]>([
    ['no JSON', '{', 'request.malformed'],
    ['nothing', '', 'request.malformed'],
    ['an array', '[]', 'request.malformed'],
    ['a member too few', '{"username":"a"}', 'request.malformed'],
    ['a member too many', '{"username":"a","password":"b","admin":true}', 'request.malformed'],
    ['a member twice over', '{"username":"a","password":"b","__proto__":{"x":1}}', 'request.malformed'],
    ['a number for text', '{"username":1,"password":"b"}', 'request.malformed'],
    ['an endless name', JSON.stringify({ username: 'a'.repeat(257), password: 'b' }), 'request.malformed'],
    ['more than 64 KiB', JSON.stringify({ username: 'a', password: 'b'.repeat(70_000) }), 'request.too-large'],
  ])('with %s are told what is wrong', async (_name, body, code) => {
    const { response, problem } = await post(body);
    expect(problem.code).toBe(code);
    expect(problem.status).toBe(response.status);
    expect(response.headers.get('content-type')).toContain('application/problem+json');
    expect(problem.type).toBe(`urn:doorstep:problem:${code}`);
    expect(problem.instance).toMatch(/^urn:doorstep:request:[A-Za-z0-9_-]{22}$/);
  });

  it('of another content type are refused', async () => {
    for (const type of ['text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data; boundary=x']) {
      expect((await post('username=a&password=b', { 'content-type': type })).problem.code).toBe('request.malformed');
    }
  });

  it('to nowhere end in a problem too', async () => {
    for (const path of ['/v1/nothing', '/v1/session/', '/V1/session', '/v1//session', '/v1/authenticators/x/y', '/%00', '/v1/%2fsession']) {
      const { response, problem } = await send(path);
      expect([404, 400], path).toContain(response.status);
      expect(problem.code).toMatch(/^request\./);
    }
  });

  it('never end in a fault of ours, whatever they carry', async () => {
    const names = (Object.keys(ROUTES) as RouteName[]).filter(
      (name) => !['deviceEvents', 'signOut'].includes(name) && ROUTES[name].method !== 'GET',
    );
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...names), fc.json({ maxDepth: 3 }), fc.string({ maxLength: 30 }), async (name, body, id) => {
        const params = { id: encodeURIComponent(id) || 'x' };
        const headers = { origin: backend.origin };
        const caller = ROUTES[name].guard === 'service' ? service : browser;
        const answer = await caller.call(name, { params, body, headers });
        expect(answer.status, `${name} ${body}`).toBeLessThan(500);
      }),
      { numRuns: 250 },
    );
  }, 60_000);

  it('with a spoilt attestation object are refused by name', async () => {
    const good = new SoftwareKey();
    const spoil: ((object: Buffer) => Buffer)[] = [
      // The first key once more, with the count raised.
      (object) => Buffer.concat([Buffer.from([0xa4]), object.subarray(1), encodeCbor('fmt'), encodeCbor('none')]),
      (object) => Buffer.concat([Buffer.from([0xbf]), object.subarray(1), Buffer.from([0xff])]),
      (object) => Buffer.concat([object, Buffer.from([0])]),
      (object) => object.subarray(0, -1),
      () => Buffer.alloc(0),
      () => Buffer.from('a0', 'hex'),
      () => Buffer.from(`${'81'.repeat(3_000)}00`, 'hex'),
    ];
    for (const change of spoil) {
      const asked = (await browser.call<{ ceremonyId: string; options: never }>('registrationOptions')).body;
      const credential = good.register(asked.options, backend.origin);
      const attestationObject = change(Buffer.from(credential.response.attestationObject, 'base64url')).toString('base64url');
      const body = {
        ceremonyId: asked.ceremonyId,
        name: 'x',
        credential: { ...credential, response: { ...credential.response, attestationObject } },
      };
      expect(problemOf(await browser.call('registration', { body })).code).toBe('webauthn.failed');
    }
  });

  it('get headers that keep answers in their place', async () => {
    const api = (await send('/v1/session')).response.headers;
    expect(api.get('cache-control')).toBe('no-store');
    expect(api.get('content-security-policy')).toBe("default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'");
    const page = await fetch(`${backend.base}/sign-in`);
    expect(page.headers.get('content-security-policy')).toBe(
      "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    );
    for (const headers of [api, page.headers]) {
      expect(headers.get('x-content-type-options')).toBe('nosniff');
      expect(headers.get('x-frame-options')).toBe('DENY');
      expect(headers.get('referrer-policy')).toBe('same-origin');
      expect(headers.get('cross-origin-opener-policy')).toBe('same-origin');
      expect(headers.get('access-control-allow-origin')).toBeNull();
      expect(headers.get('strict-transport-security')).toBeNull();
      expect(headers.get('server')).toBeNull();
    }
  });

  it('for pages get those, and nothing beside their folder', async () => {
    const page = await fetch(`${backend.base}/sign-in?challenge=AAAAAAAAAAAAAAAAAAAAAA`);
    expect([page.status, page.headers.get('content-type'), page.headers.get('cache-control')]).toEqual([
      200,
      'text/html; charset=utf-8',
      'no-cache',
    ]);
    const asset = await fetch(`${backend.base}/assets/app.js`);
    expect([asset.status, asset.headers.get('cache-control')]).toEqual([200, 'public, max-age=31536000, immutable']);
    expect((await fetch(`${backend.base}/`, { redirect: 'manual' })).headers.get('location')).toBe('/security');
    expect((await fetch(`${backend.base}/security`)).status).toBe(503);
    for (const path of [
      '/assets/.hidden',
      '/assets/../../outside.txt',
      '/assets/..%2f..%2foutside.txt',
      '/assets/%2e%2e/sign-in.html',
      '/assets/',
      '/outside.txt',
    ]) {
      const response = await fetch(`${backend.base}${path}`, { redirect: 'manual' });
      expect(await response.text(), path).not.toMatch(/^(no|outside)$/);
      expect(response.status, path).toBeGreaterThanOrEqual(400);
    }
  });

  it('are described at /v1/openapi.json, every one with its failures apart', async () => {
    const document = (await (await fetch(`${backend.base}/v1/openapi.json`)).json()) as {
      openapi: string;
      paths: Record<
        string,
        Record<string, { operationId: RouteName; tags: string[]; requestBody?: unknown; responses: Record<string, unknown> }>
      >;
    };
    expect(document.openapi).toBe('3.1.0');
    for (const [path, methods] of Object.entries(document.paths)) {
      for (const [method, { operationId, tags, responses }] of Object.entries(methods)) {
        expect(`${method.toUpperCase()} ${path}`).toBe(
          `${ROUTES[operationId].method} ${ROUTES[operationId].path.replace(/:(\w+)/g, '{$1}')}`,
        );
        expect(tags).toEqual([ROUTES[operationId].guard]);
        expect(Object.keys(responses).some((status) => status.startsWith('2'))).toBe(true);
        expect(Object.keys(responses)).toContain('4XX');
      }
    }
  });
});

describe('over TLS', () => {
  let backend: BackendHere;
  const authority = newAuthority('localhost');
  const certFile = join(folder, 'cert.pem');
  const keyFile = join(folder, 'key.pem');

  beforeAll(async () => {
    const pem = `-----BEGIN CERTIFICATE-----\n${authority.certificate.toString('base64')}\n-----END CERTIFICATE-----\n`;
    writeFileSync(certFile, pem);
    writeFileSync(keyFile, signingKey(authority.secret).export({ type: 'pkcs8', format: 'pem' }));
    backend = await startBackendHere({ environment: { DOORSTEP_TLS_CERT: certFile, DOORSTEP_TLS_KEY: keyFile } });
    await backend.addPerson('amina', 'secret');
  });
  afterAll(() => backend.stop());

  it('the cookie is bound to the host, and browsers are told to stay with TLS', async () => {
    const { port } = new URL(backend.base);
    expect(backend.origin).toBe(`https://localhost:${port}`);
    const body = JSON.stringify({ username: 'amina', password: 'secret' });
    const headers = await new Promise<IncomingHttpHeaders>((resolve, reject) => {
      const call = httpsRequest(
        {
          host: '127.0.0.1',
          port,
          path: '/v1/session/password',
          method: 'POST',
          // The test's certificate names nobody; that it is the one that was given is checked instead.
          rejectUnauthorized: false,
          headers: { 'content-type': 'application/json', origin: backend.origin },
        },
        (response) => {
          response.resume();
          resolve(response.headers);
        },
      );
      call.once('error', reject);
      call.end(body);
    });
    expect(headers['set-cookie']?.[0]).toMatch(/^__Host-doorstep=[a-z0-9]{9}\.[A-Za-z0-9_-]{43}; Path=\/; HttpOnly; Secure; SameSite=Lax$/);
    expect(headers['strict-transport-security']).toBe('max-age=31536000');
  });
});
