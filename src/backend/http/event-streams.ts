/** The live events of paired desktops (server-sent events, HTML Living Standard, 9.2). */
import type { FastifyReply, FastifyRequest } from 'fastify';
import { type CurrentDevice, requireDevice } from '../domain/devices/device-request.ts';
import type { Domain } from '../domain/domain.ts';

const HEARTBEAT = 20_000;
const MOST_A_DEVICE = 4;

export class EventStreams {
  readonly #domain: Domain;
  readonly #open = new Map<string, Set<() => void>>();

  constructor(domain: Domain) {
    this.#domain = domain;
  }

  /** Streams until the desktop goes, is removed, or the server stops. A desktop that opens too many loses its oldest. */
  async open({ device, person }: CurrentDevice, request: FastifyRequest, reply: FastifyReply): Promise<void> {
    reply.hijack();
    const response = reply.raw;
    response.writeHead(200, {
      'content-type': 'text/event-stream',
      'cache-control': 'no-store',
      'x-accel-buffering': 'no',
      'x-content-type-options': 'nosniff',
    });
    let last = -1;
    let busy = false;
    let again = false;
    const tell = async (): Promise<void> => {
      again = true;
      if (busy) return;
      busy = true;
      try {
        while (again) {
          again = false;
          // Removed at once: whoever is not a paired desktop any more is told nothing more.
          const current = await requireDevice(this.#domain, device.id);
          if (current.person.version === last) continue;
          last = current.person.version;
          response.write(`data: ${JSON.stringify({ version: last })}\n\n`);
        }
      } catch (error) {
        request.log.info({ err: error, deviceId: device.id }, 'event stream closed');
        end();
      } finally {
        busy = false;
      }
    };
    const unsubscribe = this.#domain.store.subscribe(`person:${person.id}`, () => void tell());
    const heartbeat = setInterval(() => {
      response.write(': \n\n');
      void tell();
    }, HEARTBEAT);
    const streams = this.#open.get(device.id) ?? new Set();
    const end = (): void => {
      unsubscribe();
      clearInterval(heartbeat);
      streams.delete(end);
      if (streams.size === 0) this.#open.delete(device.id);
      response.end();
    };
    response.once('close', end);
    streams.add(end);
    this.#open.set(device.id, streams);
    const [oldest] = streams;
    if (streams.size > MOST_A_DEVICE) oldest?.();
    await tell();
  }

  closeAll(): void {
    for (const streams of [...this.#open.values()]) for (const end of [...streams]) end();
  }
}
