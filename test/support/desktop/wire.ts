/** What goes over the wire between the app and its backend: a door before the backend that counts and lets everything through. */
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

export interface Wire {
  readonly port: number;
  /** Begins to let through, to this port of this computer. */
  to(port: number): void;
  /** Connections, and bytes that the app has sent and got, since the last `reset`. */
  readonly seen: { connections: number; sent: number; got: number };
  reset(): void;
  /** What a computer finds that has slept: its connections seem to stand, and carry nothing any more. New ones are let through. */
  freeze(): void;
  /** How many of the frozen ones the app has not given up. */
  frozen(): number;
  stop(): Promise<void>;
}

export async function startWire(): Promise<Wire> {
  const open = new Set<Socket>();
  /** From the app to what it is let through to. */
  const pairs = new Map<Socket, Socket>();
  const frozen = new Set<Socket>();
  const seen = { connections: 0, sent: 0, got: 0 };
  let target = 0;
  const server = createServer((near) => {
    const far = connect(target, '127.0.0.1');
    seen.connections += 1;
    pairs.set(near, far);
    near.on('close', () => {
      pairs.delete(near);
      frozen.delete(near);
    });
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
    freeze() {
      for (const [near, far] of pairs) {
        near.unpipe(far);
        far.unpipe(near);
        // Else it is not heard closing.
        near.resume();
        frozen.add(near);
      }
    },
    frozen: () => frozen.size,
    reset: () => void Object.assign(seen, { connections: 0, sent: 0, got: 0 }),
    async stop() {
      for (const socket of open) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
