import { afterEach, describe, expect, it, vi } from 'vitest';
import { call } from '../../../../src/renderer/web/api.ts';

const asked: { address: string; init: RequestInit }[] = [];

function answerWith(answer: () => Response | Promise<Response>): void {
  vi.stubGlobal('fetch', async (address: string, init: RequestInit) => {
    asked.push({ address, init });
    return answer();
  });
}

afterEach(() => {
  vi.unstubAllGlobals();
  asked.length = 0;
});

const json = (status: number, body: unknown) => () => new Response(JSON.stringify(body), { status });

describe('a call', () => {
  it('goes to the address of the contract, with its body, to our own origin only', async () => {
    answerWith(json(200, { authenticator: {} }));
    await call('changeAuthenticator', { name: 'Blue key' }, { id: 'a/../b' });
    expect(asked[0]?.address).toBe('/v1/authenticators/a%2F..%2Fb');
    expect(asked[0]?.init).toMatchObject({ method: 'PATCH', credentials: 'same-origin', body: '{"name":"Blue key"}' });
  });

  it('carries a query, and no body where there is none', async () => {
    answerWith(json(200, { state: 'none' }));
    await call('session', undefined, { query: { challenge: 'x y' } });
    expect(asked[0]?.address).toBe('/v1/session?challenge=x+y');
    expect(asked[0]?.init.body).toBeUndefined();
  });

  it('takes an empty answer', async () => {
    answerWith(() => new Response(null, { status: 204 }));
    expect(await call('signOut', undefined)).toEqual({ ok: true, value: null });
  });

  it('reads problem details, and drops what is no plain fact', async () => {
    answerWith(json(429, { code: 'request.rate-limited', facts: { retryAfterSeconds: 30, odd: { a: 1 } } }));
    expect(await call('session', undefined)).toEqual({ ok: false, code: 'request.rate-limited', detail: { retryAfterSeconds: 30 } });
  });

  it.each([
    ['an unknown code', json(418, { code: 'teapot' })],
    ['no problem at all', json(500, null)],
    ['HTML from something in between', () => new Response('<html>', { status: 502 })],
  ])('calls %s internal', async (_name, answer) => {
    answerWith(answer);
    expect(await call('session', undefined)).toMatchObject({ ok: false, code: 'internal' });
  });

  it('says when there was no answer', async () => {
    answerWith(() => Promise.reject(new TypeError('failed')));
    expect(await call('session', undefined)).toEqual({ ok: false, code: 'backend.unreachable', detail: {} });
  });
});
