/** The `app:` scheme: serves the built windows out of one folder, with a strict CSP. No file:, no network. */
import { readFile } from 'node:fs/promises';
import { extname, join } from 'node:path';
import { protocol, type Session } from 'electron';

export const APP_SCHEME = 'app';
export const APP_ORIGIN = 'app://doorstep';
export const APP_START = `${APP_ORIGIN}/index.html`;
export const APPROVAL_START = `${APP_ORIGIN}/approval.html`;

const CSP = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data:",
  "font-src 'self'",
  "connect-src 'none'",
  "form-action 'none'",
  "base-uri 'none'",
  "frame-ancestors 'none'",
].join('; ');

const HEADERS = {
  'content-security-policy': CSP,
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-embedder-policy': 'require-corp',
  'cross-origin-resource-policy': 'same-origin',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
  'cache-control': 'no-store',
} as const;

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.woff2': 'font/woff2',
};

/** Must run before the app is ready. */
export function registerAppScheme(): void {
  protocol.registerSchemesAsPrivileged([{ scheme: APP_SCHEME, privileges: { standard: true, secure: true, supportFetchAPI: true } }]);
}

/**
 * Serves `folder` to the windows of `session`. The older way to do it: `protocol.handle` makes a Request and a Response for
 * each file, and loading those classes alone takes longer than our own part of the way to the first window.
 */
export function serveAppScheme(session: Session, folder: string): void {
  session.protocol.registerBufferProtocol(APP_SCHEME, (request, answer) => {
    const file = fileFor(request.method, request.url);
    const missing = () => answer({ statusCode: 404, headers: HEADERS, data: Buffer.alloc(0) });
    if (file === null) missing();
    else {
      readFile(join(folder, ...file.parts)).then(
        (data) => answer({ statusCode: 200, headers: { ...HEADERS, 'content-type': file.type }, data }),
        missing,
      );
    }
  });
}

/** Which file of the folder an address names, or null. Only plain names: no dots that climb, nothing encoded. */
export function fileFor(method: string, address: string): { readonly parts: readonly string[]; readonly type: string } | null {
  if (method !== 'GET') return null;
  const url = new URL(address);
  if (url.protocol !== `${APP_SCHEME}:` || url.host !== 'doorstep') return null;
  const parts = url.pathname.split('/').slice(1);
  if (parts.length === 0 || !parts.every((part) => /^[A-Za-z0-9_-][A-Za-z0-9_.-]*$/.test(part))) return null;
  const type = TYPES[extname(parts.at(-1) ?? '')];
  return type === undefined ? null : { parts, type };
}
