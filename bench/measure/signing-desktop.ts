/** A paired desktop for benches: signs its requests, keeps one connection, and listens to its stream. */
import { createHash, createPublicKey, generateKeyPairSync, type KeyObject, randomBytes, sign } from 'node:crypto';
import { Agent, type ClientRequest, request } from 'node:http';
import { APPROVAL_STATEMENT_TYPE } from '../../src/contract/http/approvals.ts';
import { DEVICE_SIGNATURE_HEADER, DEVICE_SIGNATURE_TYPE } from '../../src/contract/http/device-signature.ts';
import type { DeviceSnapshot } from '../../src/contract/http/shapes.ts';
import { exchange } from './exchange.ts';

export interface DeviceKey {
  readonly privateKey: KeyObject;
  readonly point: { readonly x: string; readonly y: string };
}

export function newDeviceKey(): DeviceKey {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const { x = '', y = '' } = createPublicKey(privateKey).export({ format: 'jwk' });
  return { privateKey, point: { x, y } };
}

export interface Place {
  readonly host: string;
  readonly port: number;
  readonly origin: string;
}

export class SigningDesktop {
  readonly #place: Place;
  readonly #key: DeviceKey;
  readonly #deviceId: string;
  readonly #personId: string;
  readonly #agent = new Agent({ keepAlive: true, maxSockets: 1 });
  #stream: ClientRequest | null = null;

  constructor(place: Place, key: DeviceKey, { deviceId, personId }: { deviceId: string; personId: string }) {
    this.#place = place;
    this.#key = key;
    this.#deviceId = deviceId;
    this.#personId = personId;
  }

  #jws(type: string, payload: object): string {
    const encode = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');
    const signed = `${encode({ alg: 'ES256', typ: type })}.${encode(payload)}`;
    const signature = sign('sha256', Buffer.from(signed), { key: this.#key.privateKey, dsaEncoding: 'ieee-p1363' });
    return `${signed}.${signature.toString('base64url')}`;
  }

  #signature(method: string, path: string, body: string): Record<string, string> {
    const claims = {
      sub: this.#deviceId,
      htm: method,
      htu: `${this.#place.origin}${path}`,
      iat: Math.floor(Date.now() / 1_000),
      jti: randomBytes(16).toString('base64url'),
      bsh: createHash('sha256').update(body).digest('base64url'),
    };
    return { [DEVICE_SIGNATURE_HEADER]: this.#jws(DEVICE_SIGNATURE_TYPE, claims) };
  }

  /** Answers once the backend has taken the stream; calls `onSnapshot` with each event. */
  listen(onSnapshot: (snapshot: DeviceSnapshot) => void): Promise<void> {
    const path = '/v1/device/events';
    const { host, port } = this.#place;
    return new Promise((resolve, reject) => {
      const stream = request({ host, port, path, agent: false, headers: this.#signature('GET', path, '') }, (response) => {
        if (response.statusCode !== 200) return reject(new Error(`no stream: ${response.statusCode}`));
        let text = '';
        response.setEncoding('utf8').on('data', (chunk: string) => {
          text += chunk;
          for (let end = text.indexOf('\n\n'); end >= 0; end = text.indexOf('\n\n')) {
            const data = /^data: (.*)$/m.exec(text.slice(0, end))?.[1];
            text = text.slice(end + 2);
            if (data !== undefined) onSnapshot(JSON.parse(data) as DeviceSnapshot);
          }
        });
        response.on('error', () => undefined);
        resolve();
      });
      stream.once('error', reject);
      stream.end();
      this.#stream = stream;
    });
  }

  async approve(challenge: { readonly id: string; readonly serviceName: string }, number: string): Promise<void> {
    const statement = this.#jws(APPROVAL_STATEMENT_TYPE, {
      decision: 'approve',
      number,
      challengeId: challenge.id,
      service: challenge.serviceName,
      person: this.#personId,
      device: this.#deviceId,
      iat: Math.floor(Date.now() / 1_000),
    });
    const path = `/v1/device/challenges/${challenge.id}/decision`;
    const body = { statement };
    const headers = this.#signature('POST', path, JSON.stringify(body));
    const { status, text } = await exchange({ ...this.#place, agent: this.#agent, method: 'POST', path, headers, body });
    if (status !== 204) throw new Error(`the desktop could not approve: ${status} ${text}`);
  }

  leave(): void {
    this.#stream?.destroy();
    this.#agent.destroy();
  }
}
