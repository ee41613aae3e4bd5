import { rmSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import { REPORT_SIZE } from './ctaphid/wire.ts';
import type { VirtualToken } from './token.ts';

/** A report from the host: the report number 0, then 64 bytes. */
const OUTPUT_SIZE = 1 + REPORT_SIZE;

export interface TokenServer {
  readonly socketPath: string;
  /** Ends every connection and removes the socket. */
  close(): Promise<void>;
}

/**
 * Serves a plugged-in token on a unix stream socket: 65-byte frames in (report number and report), 64-byte frames
 * out. Every client gets every input report, as every opener of a hidraw node does. Resolves once it listens; ends
 * by itself when the token is pulled out.
 */
export async function serveToken(token: VirtualToken, socketPath: string): Promise<TokenServer> {
  const clients = new Set<Socket>();
  const server: Server = createServer((socket) => {
    clients.add(socket);
    let rest = Buffer.alloc(0);
    socket.on('data', (chunk: Buffer) => {
      rest = Buffer.concat([rest, chunk]);
      while (rest.length >= OUTPUT_SIZE) {
        const report = rest.subarray(1, OUTPUT_SIZE);
        rest = rest.subarray(OUTPUT_SIZE);
        token.receive(report);
      }
    });
    socket.on('error', () => socket.destroy());
    socket.on('close', () => clients.delete(socket));
  });
  const stopReports = token.subscribe((report) => {
    for (const socket of clients) socket.write(report);
  });

  let closing: Promise<void> | null = null;
  const close = (): Promise<void> => {
    closing ??= new Promise((resolve) => {
      stopReports();
      stopPlug();
      for (const socket of clients) socket.destroy();
      server.close(() => resolve());
      rmSync(socketPath, { force: true });
    });
    return closing;
  };
  const stopPlug = token.onPlug((pluggedIn) => {
    if (!pluggedIn) void close();
  });

  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(socketPath, () => resolve());
  });
  return { socketPath, close };
}
