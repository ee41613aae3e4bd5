/** The demonstration service's side of the API: it knows the backend's address and its own key, and nothing else. */

import type { Static } from 'typebox';
import type { Challenge, CreateChallenge, Problem } from '../../contract/http/shapes.ts';

export type ApiOutcome = { readonly ok: true; readonly challenge: Challenge } | { readonly ok: false; readonly problem: Problem };

export interface ApiClient {
  create(request: Static<typeof CreateChallenge>): Promise<ApiOutcome>;
  /** Waits up to `waitSeconds` (at most 30) for the end. */
  read(id: string, waitSeconds: number, code?: string): Promise<ApiOutcome>;
  /** Answers a request with a code that the person typed here. */
  answer(id: string, code: string): Promise<ApiOutcome>;
}

/** `connect` is where the backend listens; it may differ from the origin that people see. */
export function createApiClient({ base, key }: { base: string; key: string }): ApiClient {
  const call = async (path: string, init: RequestInit): Promise<ApiOutcome> => {
    const response = await fetch(`${base}${path}`, {
      ...init,
      headers: { authorization: `Bearer ${key}`, ...(init.body === undefined ? {} : { 'content-type': 'application/json' }) },
      redirect: 'error',
    });
    const body: unknown = await response.json();
    return response.ok ? { ok: true, challenge: body as Challenge } : { ok: false, problem: body as Problem };
  };
  return {
    create: (request) => call('/v1/challenges', { method: 'POST', body: JSON.stringify(request) }),
    read: (id, waitSeconds, code) =>
      call(`/v1/challenges/${encodeURIComponent(id)}?${new URLSearchParams({ wait: `${waitSeconds}`, ...(code ? { code } : {}) })}`, {
        method: 'GET',
      }),
    answer: (id, code) => call(`/v1/challenges/${encodeURIComponent(id)}/code`, { method: 'POST', body: JSON.stringify({ code }) }),
  };
}
