/**
 * The live events of paired desktops (server-sent events, HTML Living Standard, 9.2). Each event is the snapshot as it is
 * now. One reading serves all desktops of a person, one timer all streams: a desktop that waits costs its connection.
 */
import type { ServerResponse } from 'node:http';
import type { FastifyReply } from 'fastify';
import type { CurrentDevice } from '../domain/devices/device-request.ts';
import { type PersonSnapshot, personSnapshot } from '../domain/devices/snapshot.ts';
import type { Domain } from '../domain/domain.ts';

/** Each beat wakes every desktop; who forwards connections gives them up after 50 to 60 s of silence. */
const HEARTBEAT = 30_000;
const BEAT = ': \n\n';
const MOST_A_DEVICE = 4;
/** A desktop that does not read is let go before it fills the memory. */
const MOST_UNREAD = 256 * 1024;

/** One connection. `last`: the version that it has been told. */
interface Stream {
  readonly deviceId: string;
  readonly response: ServerResponse;
  last: number;
}

interface Feed {
  readonly personId: string;
  /** Oldest first. */
  readonly streams: Set<Stream>;
  readonly unsubscribe: () => void;
  busy: boolean;
  again: boolean;
}

/** A broken connection closes too, and that is what is waited for. */
const ignore = (): void => undefined;

export class EventStreams {
  readonly #domain: Domain;
  readonly #onProblem: (error: unknown) => void;
  readonly #feeds = new Map<string, Feed>();
  #heart: NodeJS.Timeout | null = null;

  constructor(domain: Domain, onProblem: (error: unknown) => void) {
    this.#domain = domain;
    this.#onProblem = onProblem;
  }

  /**
   * Streams until the desktop goes, is removed or stopped, or the server stops. `since`: the version that the desktop has;
   * the first event is left out where that is the one. A desktop that opens too many streams loses its oldest.
   */
  async open({ device, person }: CurrentDevice, since: number | null, reply: FastifyReply): Promise<void> {
    reply.hijack();
    const response = reply.raw;
    // Who went while the signature was looked at would never be heard going.
    if (response.closed) return;
    // Fastify's, which log the end, hold the request and all that was looked up for it, for as long as the desktop stays.
    for (const listener of response.listeners('error') as (() => void)[]) response.off('error', listener).off('finish', listener);
    response.on('error', ignore);
    // The signature that let it in is the largest part of what Node keeps of a request.
    reply.request.raw.headers = {};
    reply.request.raw.rawHeaders = [];
    response.writeHead(200, {
      'content-type': 'text/event-stream',
      'cache-control': 'no-store',
      'x-accel-buffering': 'no',
      'x-content-type-options': 'nosniff',
    });
    // Now, so that the desktop knows that it is connected, also where the first event is left out.
    response.write(BEAT);
    const feed = this.#feedOf(person.id);
    const stream: Stream = { deviceId: device.id, response, last: since ?? -1 };
    feed.streams.add(stream);
    response.once('close', () => this.#leave(feed, stream));
    this.#makeRoom(feed, device.id);
    await this.#tell(feed);
  }

  closeAll(): void {
    for (const feed of [...this.#feeds.values()]) for (const stream of [...feed.streams]) this.#end(feed, stream);
  }

  #feedOf(personId: string): Feed {
    const known = this.#feeds.get(personId);
    if (known !== undefined) return known;
    const unsubscribe = this.#domain.store.subscribe(`person:${personId}`, () => void this.#tell(feed));
    const feed: Feed = { personId, streams: new Set(), unsubscribe, busy: false, again: false };
    this.#feeds.set(personId, feed);
    this.#heart ??= setInterval(() => this.#beat(), HEARTBEAT);
    return feed;
  }

  #makeRoom(feed: Feed, deviceId: string): void {
    const own = [...feed.streams].filter((stream) => stream.deviceId === deviceId);
    for (const stream of own.slice(0, Math.max(own.length - MOST_A_DEVICE, 0))) this.#end(feed, stream);
  }

  #leave(feed: Feed, stream: Stream): void {
    feed.streams.delete(stream);
    if (feed.streams.size > 0 || this.#feeds.get(feed.personId) !== feed) return;
    feed.unsubscribe();
    this.#feeds.delete(feed.personId);
    if (this.#feeds.size > 0 || this.#heart === null) return;
    clearInterval(this.#heart);
    this.#heart = null;
  }

  #end(feed: Feed, stream: Stream): void {
    this.#leave(feed, stream);
    stream.response.end();
  }

  #beat(): void {
    for (const feed of [...this.#feeds.values()]) for (const stream of [...feed.streams]) this.#write(feed, stream, BEAT);
  }

  #write(feed: Feed, stream: Stream, text: string): void {
    if (stream.response.writableLength <= MOST_UNREAD) stream.response.write(text);
    else {
      this.#leave(feed, stream);
      stream.response.destroy();
    }
  }

  /** One reading at a time; what changes meanwhile is read again. */
  async #tell(feed: Feed): Promise<void> {
    feed.again = true;
    if (feed.busy) return;
    feed.busy = true;
    try {
      // Whoever made the change, or waits for it on a page, is answered first: to read all that a desktop shows takes longer.
      await new Promise((resolve) => setImmediate(resolve));
      while (feed.again && feed.streams.size > 0) {
        feed.again = false;
        this.#send(feed, await personSnapshot(this.#domain, feed.personId));
      }
    } catch (error) {
      // They come again, and then hear what is wrong.
      this.#onProblem(error);
      for (const stream of [...feed.streams]) this.#end(feed, stream);
    } finally {
      feed.busy = false;
    }
  }

  #send(feed: Feed, snapshot: PersonSnapshot | null): void {
    let shown: string | null = null;
    for (const stream of [...feed.streams]) {
      // Removed at once: whoever is not a paired desktop any more is told nothing more.
      if (snapshot === null || !snapshot.desktops.has(stream.deviceId)) {
        this.#end(feed, stream);
        continue;
      }
      if (snapshot.shown.version === stream.last) continue;
      stream.last = snapshot.shown.version;
      shown ??= JSON.stringify(snapshot.shown).slice(1);
      this.#write(feed, stream, `data: {"deviceId":"${stream.deviceId}",${shown}\n\n`);
    }
  }
}
