/** One request on a kept connection, with as little around it as the driver can do: both peers are driven by this. */
import { type Agent, request } from 'node:http';

export interface Exchange {
  readonly host: string;
  readonly port: number;
  readonly agent: Agent;
  readonly method: string;
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: unknown;
}

export interface Answer {
  readonly status: number;
  readonly text: string;
  /** The lines of Set-Cookie. */
  readonly cookies: readonly string[];
}

export function exchange({ body, headers, ...options }: Exchange): Promise<Answer> {
  const text = body === undefined ? undefined : JSON.stringify(body);
  const described = text === undefined ? {} : { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) };
  return new Promise((resolve, reject) => {
    const call = request({ ...options, headers: { ...headers, ...described } }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.once('error', reject);
      response.once('end', () =>
        resolve({
          status: response.statusCode ?? 0,
          text: Buffer.concat(chunks).toString(),
          cookies: response.headers['set-cookie'] ?? [],
        }),
      );
    });
    call.once('error', reject);
    call.end(text);
  });
}
