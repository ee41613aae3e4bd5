/** Serves the built windows of the app as main does, and the built web pages without a backend: under the same content security policy. */
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import path from 'node:path';

const BUILT = path.resolve(import.meta.dirname, '../../../dist');
const POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";
const TYPES: Readonly<Record<string, string>> = { '.html': 'text/html; charset=utf-8', '.js': 'text/javascript', '.css': 'text/css' };

export interface AppServer {
  readonly address: string;
  /** Method and path of what was asked of it and is no file, such as "DELETE /v1/session". */
  readonly missed: readonly string[];
  stop(): Promise<void>;
}

/** @throws where the windows are not built yet */
export function serveApp(): Promise<AppServer> {
  return serve(path.join(BUILT, 'app'), (name) => (name === '/' ? 'index.html' : name));
}

/** The pages alone: whatever they ask of a backend, a test answers. @throws where they are not built yet */
export function serveWeb(): Promise<AppServer> {
  return serve(path.join(BUILT, 'web'), (name) => (path.extname(name) === '' ? `${name}.html` : name));
}

async function serve(folder: string, fileOf: (name: string) => string): Promise<AppServer> {
  if (!existsSync(folder)) throw new Error(`${folder} is missing: run \`npm run build\` first`);
  const missed: string[] = [];
  const server = createServer((request, response) => {
    const name = new URL(request.url ?? '/', 'http://localhost').pathname;
    const file = path.join(folder, path.normalize(fileOf(name)));
    readFile(file).then(
      (bytes) => {
        response.writeHead(200, {
          'content-type': TYPES[path.extname(file)] ?? 'application/octet-stream',
          'content-security-policy': POLICY,
        });
        response.end(bytes);
      },
      () => {
        missed.push(`${request.method} ${name}`);
        response.writeHead(404);
        response.end();
      },
    );
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { address: `http://127.0.0.1:${portOf(server)}/`, missed, stop: () => stop(server) };
}

function portOf(server: Server): number {
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the server has no port');
  return address.port;
}

function stop(server: Server): Promise<void> {
  return new Promise((resolve, reject) => {
    server.close((error) => (error ? reject(error) : resolve()));
    server.closeAllConnections();
  });
}
