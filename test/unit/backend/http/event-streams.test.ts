import { createServer, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { FastifyReply } from 'fastify';
import { expect, test, vi } from 'vitest';
import type { CurrentDevice } from '../../../../src/backend/domain/devices/device-request.ts';
import type { Domain } from '../../../../src/backend/domain/domain.ts';
import { EventStreams } from '../../../../src/backend/http/event-streams.ts';

test('a desktop that went while it was looked at is not kept for ever', async () => {
  const subscribe = vi.fn();
  const streams = new EventStreams({ store: { subscribe } } as unknown as Domain, (error) => {
    throw error;
  });
  const device = { device: { id: 'D' }, person: { id: 'P' } } as CurrentDevice;
  await new Promise<void>((resolve, reject) => {
    const server = createServer((raw, response) => {
      response.once('close', () => {
        const reply = { hijack: () => undefined, raw: response, request: { raw } } as unknown as FastifyReply;
        streams.open(device, null, reply).then(resolve, reject);
        server.close();
      });
      // The desktop goes.
      raw.socket.destroy();
    });
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as AddressInfo;
      request({ port, host: '127.0.0.1' })
        .on('error', () => undefined)
        .end();
    });
  });
  expect(subscribe).not.toHaveBeenCalled();
});
