/** The built pages, and the headers that keep them (and everything else) in their place. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import fastifyStatic from '@fastify/static';
import type { FastifyInstance } from 'fastify';

/** No inline script, no inline style, nothing from elsewhere, no frame around it. */
export const PAGE_POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";
const API_POLICY = "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'";

const PAGES: Readonly<Record<string, string>> = {
  '/sign-in': 'sign-in.html',
  '/security': 'security.html',
  '/help': 'help.html',
  '/accessibility': 'accessibility.html',
};

export function securityHeaders(app: FastifyInstance, overTls: boolean): void {
  app.addHook('onSend', (request, reply, _payload, done) => {
    const api = request.url.startsWith('/v1/');
    reply.headers({
      'content-security-policy': api ? API_POLICY : PAGE_POLICY,
      'x-content-type-options': 'nosniff',
      'x-frame-options': 'DENY',
      // 'same-origin', not 'no-referrer': under that one a form of our own pages would be sent with `Origin: null`.
      'referrer-policy': 'same-origin',
      'cross-origin-opener-policy': 'same-origin',
      'cross-origin-resource-policy': 'same-origin',
      'permissions-policy':
        'publickey-credentials-get=(self), publickey-credentials-create=(self), camera=(), microphone=(), geolocation=()',
    });
    if (overTls) reply.header('strict-transport-security', 'max-age=31536000');
    if (api && !reply.hasHeader('cache-control')) reply.header('cache-control', 'no-store');
    done();
  });
}

/** Serves `folder` (built by Vite): each page at its own path, everything it needs under /assets/. */
export async function servePages(app: FastifyInstance, folder: string): Promise<void> {
  await app.register(fastifyStatic, {
    root: join(folder, 'assets'),
    prefix: '/assets/',
    index: false,
    decorateReply: true,
    immutable: true,
    maxAge: '365d',
    dotfiles: 'deny',
  });
  app.get('/', { schema: { hide: true } }, (_request, reply) => reply.redirect('/security'));
  for (const [path, file] of Object.entries(PAGES)) {
    app.get(path, { schema: { hide: true } }, (_request, reply) => {
      if (!existsSync(join(folder, file))) {
        return reply.code(503).type('text/plain; charset=utf-8').send('The pages are not built yet. Run: npm run build\n');
      }
      return reply.header('cache-control', 'no-cache').sendFile(file, folder, { immutable: false, maxAge: 0, cacheControl: false });
    });
  }
}
