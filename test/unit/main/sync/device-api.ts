/** A double of the device API on a real socket: checks each signature with another implementation of JOSE, and does what it is told. */
import { createHash, generateKeyPairSync, randomBytes } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { CompactSign, compactVerify, importJWK, type JWK } from 'jose';
import type { DeviceClaims } from '../../../../src/contract/http/device-signature.ts';
import type { DeviceSnapshot } from '../../../../src/contract/http/shapes.ts';
import {
  type ChangeResult,
  type DeviceChange,
  END_STATEMENT_TYPE,
  isEndCode,
  WELCOME_STATEMENT_TYPE,
} from '../../../../src/contract/http/sync.ts';

export const DEVICE_ID = 'D'.repeat(22);
export const PERSON = { id: 'P'.repeat(22), username: 'amina.yusuf', displayName: 'Amina Yusuf' };

export interface DeviceApi {
  readonly server: string;
  /** Method and path of each request whose signature held. */
  readonly calls: string[];
  /** What was wrong with requests: the tests want none. */
  readonly faults: string[];
  snapshot: DeviceSnapshot;
  /** The next requests fail so; by path, '*' for all. */
  readonly fail: Map<string, { status: number; code: string; facts?: Record<string, string> } | 'hang' | 'cut' | 'redirect' | 'rubbish'>;
  /** Changes that were sent, each as often as it was; and what is answered to them: 'done' where nothing is said. */
  readonly changes: DeviceChange[];
  readonly outcomes: Map<string, Omit<ChangeResult, 'key'>>;
  /** The generation that the key is at, which was shown, and those that were offered since. */
  readonly generations: { current: string | null; offered: string[] };
  /** Statements on requests, as they came. */
  readonly statements: { readonly header: unknown; readonly payload: unknown }[];
  /** How the end of a connection is proved: what is said, and under whose key. Null: it is not. */
  proof: ((said: { sub: string; code: string; wipe: string }) => object) | 'foreign' | null;
  /** What is proved of a greeting's answer; null: nothing. */
  welcome: (said: { sub: string; after: string | null; generation: string }) => object | null;
  /** Whether pairings and greetings tell the backend's key. */
  tellsKey: boolean;
  /** Milliseconds by which the clock of the backend differs. */
  clock: number;
  /** Sends an event to every open stream. */
  change(members: Partial<DeviceSnapshot>): void;
  cutStreams(): void;
  streams(): number;
  stop(): Promise<void>;
}

export async function startDeviceApi(): Promise<DeviceApi> {
  const open = new Set<ServerResponse>();
  const seen = new Set<string>();
  /** A computer that pairs again is known by its old key too, until that is removed. */
  const keys: JWK[] = [];

  const own = generateKeyPairSync('ed25519');
  const foreign = generateKeyPairSync('ed25519');
  const backendKey = () => (api.tellsKey ? { backendKey: own.publicKey.export({ format: 'jwk' }).x } : {});
  const sign = (typ: string, payload: object, by = own) =>
    new CompactSign(new TextEncoder().encode(JSON.stringify(payload))).setProtectedHeader({ alg: 'EdDSA', typ }).sign(by.privateKey);
  const prove = async (code: string, facts: Record<string, string>): Promise<Record<string, string>> => {
    if (!isEndCode(code) || api.proof === null) return facts;
    const said = { sub: DEVICE_ID, code, wipe: facts['wipe'] ?? 'doorstep' };
    const statement = api.proof === 'foreign' ? sign(END_STATEMENT_TYPE, said, foreign) : sign(END_STATEMENT_TYPE, api.proof(said));
    return { ...facts, statement: await statement };
  };
  const problem = async (response: ServerResponse, status: number, code: string, told: Record<string, string> = {}) => {
    const facts = await prove(code, told);
    response.writeHead(status, { 'content-type': 'application/problem+json', date: new Date(Date.now() + api.clock).toUTCString() });
    response.end(JSON.stringify({ type: 'about:blank', title: 't', status, code, detail: 'd', facts, instance: 'i' }));
  };
  const json = (response: ServerResponse, status: number, body: unknown) => {
    response.writeHead(status, { 'content-type': 'application/json', date: new Date(Date.now() + api.clock).toUTCString() });
    response.end(body === undefined ? '' : JSON.stringify(body));
  };

  const check = async (request: IncomingMessage, body: string): Promise<string | null> => {
    const header = request.headers['doorstep-device'];
    if (typeof header !== 'string') return 'signature missing';
    const said = JSON.parse(Buffer.from(header.split('.')[0] ?? '', 'base64url').toString()) as { jwk?: JWK };
    const pairing = request.method === 'POST' && request.url === '/v1/devices';
    if ((said.jwk !== undefined) !== pairing) return 'jwk where it does not belong';
    if (said.jwk !== undefined) keys.push(said.jwk);
    const tries = keys.map(async (key) => ({
      key,
      ...(await compactVerify(header, await importJWK(key, 'ES256'), { algorithms: ['ES256'] })),
    }));
    const { key, payload } = await Promise.any(tries);
    const claims = JSON.parse(new TextDecoder().decode(payload)) as DeviceClaims;
    if (claims.sub !== (pairing ? '' : DEVICE_ID)) return `sub ${claims.sub}`;
    if (claims.htm !== request.method || claims.htu !== `${api.server}${request.url}`) return `bound to ${claims.htm} ${claims.htu}`;
    if (claims.bsh !== createHash('sha256').update(body).digest('base64url')) return 'body hash';
    if (seen.has(claims.jti)) return 'replayed';
    seen.add(claims.jti);
    if (Math.abs(claims.iat - (Date.now() + api.clock) / 1000) > 60) return 'clock';
    // Of a key that another pairing took the place of, no generation is kept here.
    if (key !== keys.at(-1)) return null;
    if (pairing) api.generations.current = null;
    else if (api.generations.offered.includes(claims.gen ?? '')) {
      api.generations.current = claims.gen ?? null;
      api.generations.offered.length = 0;
    } else if ((claims.gen ?? null) !== api.generations.current) return 'generation';
    return null;
  };

  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const body = Buffer.concat(chunks).toString();
    const path = (request.url ?? '').replace(/\?.*$/, '');
    const failure = api.fail.get(path) ?? api.fail.get('*');
    if (failure === 'hang') return;
    if (failure === 'cut') return void request.socket.destroy();
    if (failure === 'redirect') {
      response.writeHead(307, { location: `${api.server}/elsewhere` });
      response.end();
      return;
    }
    if (failure === 'rubbish') return json(response, 200, { members: 'of another kind' });
    const fault = await check(request, body).catch((error: Error) => error.message);
    if (fault === 'clock') return problem(response, 401, 'clock.wrong');
    if (fault === 'generation') return problem(response, 401, 'device.copied');
    if (fault !== null) {
      api.faults.push(`${request.method} ${path}: ${fault}`);
      return problem(response, 401, 'device.signature-wrong');
    }
    api.calls.push(`${request.method} ${path}`);
    if (failure !== undefined) return problem(response, failure.status, failure.code, failure.facts);
    if (path === '/v1/devices') {
      return json(response, 201, { deviceId: DEVICE_ID, person: PERSON, organization: api.snapshot.organization, ...backendKey() });
    }
    const snapshot = () => ({ ...api.snapshot, serverTime: new Date(Date.now() + api.clock).toISOString() });
    if (path === '/v1/device/hello') {
      const generation = randomBytes(16).toString('base64url');
      api.generations.offered.push(generation);
      const said = api.welcome({ sub: DEVICE_ID, after: api.generations.current, generation });
      const statement = said === null ? {} : { statement: await sign(WELCOME_STATEMENT_TYPE, said) };
      return json(response, 200, { generation, snapshot: snapshot(), ...backendKey(), ...statement });
    }
    if (path === '/v1/device/changes') {
      const { changes } = JSON.parse(body) as { changes: DeviceChange[] };
      api.changes.push(...changes);
      const results = changes.map(({ key }) => ({ key, ...(api.outcomes.get(key) ?? { outcome: 'done', code: null }) }));
      return json(response, 200, { results, snapshot: snapshot() });
    }
    if (path.endsWith('/decision')) {
      const [header = '', payload = ''] = (JSON.parse(body) as { statement: string }).statement.split('.');
      const read = (part: string): unknown => JSON.parse(Buffer.from(part, 'base64url').toString());
      api.statements.push({ header: read(header), payload: read(payload) });
      return json(response, 204, undefined);
    }
    if (path === '/v1/device/events') {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      response.write(': open\n\n');
      const since = new URL(request.url ?? '', api.server).searchParams.get('since');
      if (since !== String(api.snapshot.version)) response.write(`data: ${JSON.stringify(snapshot())}\n\n`);
      // Who went while the signature was looked at is not heard going.
      if (response.closed || request.socket.destroyed) return;
      open.add(response);
      response.on('close', () => open.delete(response));
      return;
    }
    if (path === '/v1/device' && request.method === 'GET') {
      return json(response, 200, snapshot());
    }
    json(response, 204, undefined);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;

  const api: DeviceApi = {
    server: origin,
    calls: [],
    faults: [],
    fail: new Map(),
    changes: [],
    outcomes: new Map(),
    generations: { current: null, offered: [] },
    statements: [],
    proof: (said) => said,
    welcome: (said) => said,
    tellsKey: true,
    clock: 0,
    snapshot: {
      version: 1,
      serverTime: '2026-11-24T12:00:00.000Z',
      deviceId: DEVICE_ID,
      person: PERSON,
      organization: { name: 'Northmoor', origin, rpId: '127.0.0.1' },
      authenticators: [],
      challenges: [],
      policy: { approvals: true, approvalsStopped: false, codes: true },
    },
    change(members) {
      api.snapshot = { ...api.snapshot, version: api.snapshot.version + 1, ...members };
      for (const stream of open)
        stream.write(`data: ${JSON.stringify({ ...api.snapshot, serverTime: new Date(Date.now() + api.clock).toISOString() })}\n\n`);
    },
    cutStreams() {
      for (const stream of open) stream.destroy();
    },
    streams: () => open.size,
    async stop() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  return api;
}
