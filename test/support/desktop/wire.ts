/** What goes over the wire between the app and its backend: a door before the backend that counts and lets everything through. */
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

export interface Wire {
  readonly port: number;
  /** Begins to let through, to this port of this computer. */
  to(port: number): void;
  /** Connections, and bytes that the app has sent and got, since the last `reset`. */
  readonly seen: { connections: number; sent: number; got: number };
  reset(): void;
  stop(): Promise<void>;
}

export async function startWire(): Promise<Wire> {
  const open = new Set<Socket>();
  const seen = { connections: 0, sent: 0, got: 0 };
  let target = 0;
  const server = createServer((near) => {
    const far = connect(target, '127.0.0.1');
    seen.connections += 1;
    near.on('data', (bytes) => {
      seen.sent += bytes.length;
    });
    far.on('data', (bytes) => {
      seen.got += bytes.length;
    });
    for (const [from, into] of [
      [near, far],
      [far, near],
    ] as const) {
      open.add(from);
      from.pipe(into);
      from.on('error', () => into.destroy());
      from.on('close', () => {
        open.delete(from);
        into.destroy();
      });
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    port: (server.address() as AddressInfo).port,
    to(port) {
      target = port;
    },
    seen,
    reset: () => void Object.assign(seen, { connections: 0, sent: 0, got: 0 }),
    async stop() {
      for (const socket of open) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
