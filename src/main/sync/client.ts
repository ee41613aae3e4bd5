/** Calls of the device API: signed, bounded, parsed. Every failure is a DoorstepError with a code. */
import { DoorstepError, type ErrorDetail, isErrorCode } from '../../contract/errors.ts';
import { DEVICE_SIGNATURE_HEADER } from '../../contract/http/device-signature.ts';
import { ROUTES } from '../../contract/http/routes.ts';
import { Problem } from '../../contract/http/shapes.ts';
import { type Parsed, parseTolerant, type Schema } from '../../contract/parse.ts';
import type { ServerClock } from './clock.ts';
import type { DeviceKey } from './device-key.ts';
import { createEventParser } from './event-stream.ts';
import { signRequest } from './signature.ts';

/** The part of fetch that is used: Node's, or Electron's with the system's proxy and certificates. */
export type Fetch = (url: string, init: RequestInit) => Promise<Response>;

/** Who signs. `deviceId` is empty only for the request that pairs. */
export interface Signer {
  readonly key: DeviceKey;
  readonly deviceId: string;
  /** Of the key, as the backend gave it last; null before the first. */
  readonly generation: () => string | null;
}

type DeviceRoute = {
  [R in keyof typeof ROUTES]: R extends `device${string}` | 'pairDevice' | 'unpairDevice' ? R : never;
}[keyof typeof ROUTES];

export interface Call<T extends Schema> {
  readonly route: DeviceRoute;
  /** Fills `:id` in the route's path. */
  readonly id?: string;
  readonly body?: unknown;
  /** Shape of the answer; null for an answer without a body. */
  readonly answer: T | null;
  readonly signal?: AbortSignal | undefined;
}

export interface BackendClient {
  /** Origin of the backend. */
  readonly server: string;
  /** @throws DoorstepError: the problem's code, or backend.unreachable. */
  call<T extends Schema>(signer: Signer, call: Call<T>): Promise<Parsed<T>>;
  /** Reads the stream of live events until it ends; `onEvent` hears each event's data, and may throw. */
  events(signer: Signer, stream: StreamOptions, onEvent: (data: string) => void): Promise<void>;
}

export interface StreamOptions {
  readonly signal: AbortSignal;
  /** The version that is known already. */
  readonly since: string | undefined;
  /** It stands. */
  readonly onOpen: () => void;
}

export interface ClientOptions {
  readonly server: string;
  readonly fetch: Fetch;
  readonly clock: ServerClock;
  readonly now?: () => number;
  /** Milliseconds for a whole exchange. */
  readonly deadline?: number;
  /** Milliseconds without a byte after which an event stream is taken for dead. */
  readonly silence?: number;
}

/** One request, before it is signed. */
interface Exchange {
  readonly signer: Signer;
  readonly route: DeviceRoute;
  readonly id?: string | undefined;
  /** With its question mark. */
  readonly query?: string;
  readonly body: string;
  readonly accept: string;
  readonly signal: AbortSignal;
}

const DEADLINE = 15_000;
/** The backend says something every 30 s. */
const SILENCE = 50_000;
const LARGEST_ANSWER = 4 * 1024 * 1024;

export function createBackendClient(options: ClientOptions): BackendClient {
  const { server, fetch, clock, now = Date.now, deadline = DEADLINE, silence = SILENCE } = options;

  const send = async ({ signer, route, id, query = '', body, accept, signal }: Exchange) => {
    const { method, path } = ROUTES[route];
    const url = `${server}${path.replace(':id', encodeURIComponent(id ?? ''))}${query}`;
    const sent = now();
    const init: RequestInit = {
      method,
      headers: {
        accept,
        [DEVICE_SIGNATURE_HEADER]: signRequest({ ...signer, generation: signer.generation(), method, url, body, seconds: clock.seconds() }),
        ...(body === '' ? {} : { 'content-type': 'application/json' }),
      },
      // A redirect could carry the signature to another host: an answer from elsewhere is no answer.
      redirect: 'error',
      credentials: 'omit',
      cache: 'no-store',
      signal,
      ...(body === '' ? {} : { body }),
    };
    let response: Response;
    try {
      response = await fetch(url, init);
    } catch (cause) {
      throw new DoorstepError('backend.unreachable', {}, { cause });
    }
    const date = Date.parse(response.headers.get('date') ?? '');
    // A Date header is cut to whole seconds; its middle is half a second later.
    if (!Number.isNaN(date)) clock.measure(date + 500, sent, now());
    return response;
  };

  /**
   * Sends; once more where nothing was done and another signature may pass: the clock was to blame and is known better
   * now, or the generation of the key changed while the request was on its way.
   */
  const sendTimed = async (exchange: Exchange) => {
    const before = clock.skew() ?? 0;
    const response = await send(exchange);
    if (response.status !== 401) return response;
    const problem = await readProblem(response);
    const blamesClock = problem.code === 'clock.wrong' || problem.code === 'device.signature-wrong';
    const mended = blamesClock ? Math.abs((clock.skew() ?? 0) - before) >= 2 : problem.code === 'device.request-replayed';
    if (!mended) throw problem;
    return await send(exchange);
  };

  return {
    server,
    async call(signer, { route, id, body, answer, signal }) {
      const limit = AbortSignal.timeout(deadline);
      const either = signal === undefined ? limit : AbortSignal.any([signal, limit]);
      const text = body === undefined ? '' : JSON.stringify(body);
      const response = await sendTimed({ signer, route, id, body: text, accept: 'application/json', signal: either });
      if (!response.ok) throw await readProblem(response);
      if (answer === null) {
        await response.body?.cancel();
        return null as never;
      }
      const parsed = parseTolerant(answer, await readJson(response));
      if (parsed === null) throw new DoorstepError('backend.unreachable', { reason: 'answer' });
      return parsed;
    },
    async events(signer, { signal, since, onOpen }, onEvent) {
      const silent = new AbortController();
      const watch = watchSilence(silence, () => silent.abort());
      try {
        const response = await sendTimed({
          signer,
          route: 'deviceEvents',
          query: since === undefined ? '' : `?since=${since}`,
          body: '',
          accept: 'text/event-stream',
          signal: AbortSignal.any([signal, silent.signal]),
        });
        if (!response.ok) throw await readProblem(response);
        if (response.body === null) throw new DoorstepError('backend.unreachable', { reason: 'answer' });
        onOpen();
        const feed = createEventParser(onEvent);
        const text = new TextDecoder();
        for await (const chunk of response.body) {
          watch.heard();
          feed(text.decode(chunk, { stream: true }));
        }
      } catch (error) {
        if (error instanceof DoorstepError) throw error;
        throw new DoorstepError('backend.unreachable', {}, { cause: error });
      } finally {
        watch.stop();
      }
    },
  };
}

function watchSilence(milliseconds: number, onSilence: () => void) {
  let timer = setTimeout(onSilence, milliseconds);
  return {
    heard() {
      clearTimeout(timer);
      timer = setTimeout(onSilence, milliseconds);
    },
    stop: () => clearTimeout(timer),
  };
}

async function readJson(response: Response): Promise<unknown> {
  try {
    const chunks: Uint8Array[] = [];
    let size = 0;
    if (response.body !== null) {
      for await (const chunk of response.body) {
        size += chunk.byteLength;
        if (size > LARGEST_ANSWER) throw new RangeError('answer too large');
        chunks.push(chunk);
      }
    }
    return JSON.parse(Buffer.concat(chunks).toString('utf8'));
  } catch (cause) {
    throw new DoorstepError('backend.unreachable', { reason: 'answer' }, { cause });
  }
}

/** A failed answer as our error. Anything that is not problem details with a code we know is a backend that is not ours. */
async function readProblem(response: Response): Promise<DoorstepError> {
  let problem: Parsed<typeof Problem> | null = null;
  try {
    problem = parseTolerant(Problem, await readJson(response));
  } catch {
    problem = null;
  }
  if (problem === null || !isErrorCode(problem.code)) return new DoorstepError('backend.unreachable', { status: response.status });
  const detail: ErrorDetail = problem.facts;
  return new DoorstepError(problem.code, detail);
}
